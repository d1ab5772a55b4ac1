"""The last look for secrets before a captured run is written down.

What a person says of a run (name, tags, params ...) is cleaned before it begins; every text of
its manifest when it ends. Outputs are kept as they are, but those that hold secrets are named.
"""

from __future__ import annotations

import contextlib
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from afield.journal.keys import FILE as KEY_FILE
from afield.kernel.errors import AfieldError
from afield.kernel.ids import ObjectId
from afield.runs.capture.limits import SECRET_SCAN_BYTES_MAX
from afield.runs.capture.request import Request
from afield.runs.manifest import Manifest, Redaction
from afield.runs.secrets import (
    as_known,
    known_arguments,
    known_values,
    places,
    redact,
    redact_mapping,
    scan,
    unique,
)
from afield.vault import Vault

OUTPUTS_SCANNED_BYTES_MAX = 64 << 20
"""Bytes of outputs that are searched for secrets."""

OUTPUTS_NAMED_MAX = 20
"""Outputs with secrets that a record names."""

REDACTED = "redacted:"
"""A param that is handed on from an earlier record may have lost its value there."""

_TEXT_PROBE_BYTES = 8000
_NO_TEXTS = frozenset(
    {
        *("root", "tree", "digest", "identity", "wheel", "console", "commit", "rule"),
        *("executable", "prefix", "base_prefix", "run_seed", "hash_seed"),
    }
)
"""Fields that hold digests, or places without which nothing can be reproduced."""


def secrets_of(request: Request, workspace: str) -> dict[str, bytes]:
    """Return the values that must stand nowhere in the record, this device's key among them.

    Args:
        request: what is about to be run.
        workspace: the `.afield` folder.
    """
    params = {name: text for name, text in request.params.items() if REDACTED not in text}
    handed = known_arguments(request.argv, params, folder=request.folder)
    found = known_values(request.environ, folder=request.folder)
    values = set(found.values())
    handed |= as_known(request.secrets.items(), folder=request.folder)
    for name, value in handed.items():
        if value not in values:
            found[name if name not in found else f"{name}+"] = value
    with contextlib.suppress(OSError), open(f"{workspace}/keys/{KEY_FILE}", "rb") as stream:
        found[KEY_FILE] = stream.read().strip()  # a project may have a link to it
    return dict(sorted(found.items(), key=lambda pair: -len(pair[1])))


def clean_words(
    request: Request, known: Mapping[str, bytes]
) -> tuple[Request, tuple[Redaction, ...]]:
    """Return the request as it may be told to the journal, and what was replaced in it."""
    tags, found = redact_mapping(request.tags, "tags", known=known)
    params, _ = redact_mapping(request.params, "params", known=known)  # told by the manifest
    labels: dict[str, Any] = {}
    redactions = list(found)
    for label in ("name", "project", "experiment", "project_default"):
        text = getattr(request, label)
        if text:
            labels[label], rules = redact(text, known=known)
            redactions += [Redaction(where="name", rule=rule, name=label) for rule in rules]
    return msgspec.structs.replace(request, tags=tags, params=params, **labels), unique(redactions)


def clean_manifest(
    manifest: Manifest, vault: Vault, *, known: Mapping[str, bytes], told: tuple[Redaction, ...]
) -> Manifest:
    """Return the manifest without secrets, and with warnings of outputs that hold some."""
    warnings = tuple(_warnings(manifest, vault, known))
    capture = msgspec.structs.replace(
        manifest.capture, warnings=(*manifest.capture.warnings, *warnings)
    )
    redactions = unique((*manifest.redactions, *told))
    manifest = msgspec.structs.replace(manifest, capture=capture, redactions=redactions)
    plain = msgspec.to_builtins(manifest)
    texts = [text.encode("utf-8", "replace") for text in _texts(plain)]
    begins: list[int] = []
    at = 0
    for text in texts:
        begins.append(at)
        at += len(text) + 1
    hit = {bisect_right(begins, span.begin) - 1 for span in places(b"\n".join(texts), known=known)}
    if not hit:
        return manifest
    clean = [
        redact(text, known=known)[0].decode() if number in hit else text.decode()
        for number, text in enumerate(texts)
    ]
    return msgspec.convert(_put_back(plain, iter(clean)), Manifest)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name not in _NO_TEXTS:
                yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)


def _put_back(value: Any, texts: Iterator[str]) -> Any:
    if isinstance(value, str):
        return next(texts)
    if isinstance(value, dict):
        return {
            name: inner if name in _NO_TEXTS else _put_back(inner, texts)
            for name, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [_put_back(inner, texts) for inner in value]
    return value


def _warnings(manifest: Manifest, vault: Vault, known: Mapping[str, bytes]) -> Iterator[str]:
    """Say which outputs hold secrets; they are kept, for they are what the run is about."""
    left_bytes = OUTPUTS_SCANNED_BYTES_MAX
    named = 0
    for one in manifest.outputs:
        if not one.kept or one.digest is None or one.size_bytes > SECRET_SCAN_BYTES_MAX:
            continue
        left_bytes -= one.size_bytes
        if left_bytes < 0:
            return
        try:
            data = vault.get(ObjectId(one.digest))
        except AfieldError:
            continue  # whoever verifies the vault says so
        rules = () if b"\0" in data[:_TEXT_PROBE_BYTES] else scan(data, known=known).rules
        if rules:
            yield f"output {one.path} holds a secret and was kept with it ({', '.join(rules)})"
            named += 1
            if named >= OUTPUTS_NAMED_MAX:
                return
