"""Secrets are found here and replaced by `redacted:<rule>` before anything is written.

About twenty-five rules for what tells itself (`ghp_`, `AKIA` ...), names of variables and
flags, assignments in shell strings, files that are kept for nothing but secrets. What is
stored keeps the name of a secret and loses its value. See `docs/capture.md`.
"""

from afield.runs.secrets.arguments import (
    known_arguments,
    redact_argv,
    redact_mapping,
    unique,
)
from afield.runs.secrets.files import WHY as HOLDS_SECRETS
from afield.runs.secrets.files import holds_secrets, is_secret_file, may_keep
from afield.runs.secrets.names import as_known, counts, is_secret_name, known_values
from afield.runs.secrets.rules import RULES
from afield.runs.secrets.scan import find as places
from afield.runs.secrets.scan import redact, scan

__all__ = [
    "HOLDS_SECRETS",
    "RULES",
    "as_known",
    "counts",
    "holds_secrets",
    "is_secret_file",
    "is_secret_name",
    "known_arguments",
    "known_values",
    "may_keep",
    "places",
    "redact",
    "redact_argv",
    "redact_mapping",
    "scan",
    "unique",
]
