"""Files of a version of a registered model, where its source leads to files that are kept here."""

from __future__ import annotations

import re

from afield.members.actions import Action
from afield.mlflow_rest.errors import invalid
from afield.mlflow_rest.paths import Owned, of_path, of_run, safe_path
from afield.mlflow_rest.registered import version_named
from afield.mlflow_rest.route import Call

_PROXIED = re.compile(r"mlflow-artifacts:/*(?P<path>.*)", re.DOTALL)
_RUN = re.compile(r"runs:/+(?P<run>[^/]+)/(?P<path>.*)", re.DOTALL)


def of_version(call: Call, name: str, version: str, path: str) -> Owned:
    """Return whose a file of a version is; nothing that lies elsewhere is fetched.

    Raises:
        Rest: there is no such version, the path is not safe, or its files lie elsewhere.
        ActionNotAllowed: the caller may not see the version.
    """
    asked = safe_path(path)
    found = version_named(call, name, version, Action.MODEL_READ)
    source = found.location or found.source
    proxied, of_a_run = _PROXIED.fullmatch(source), _RUN.fullmatch(source)
    if proxied is not None:
        return of_path(call, f"{proxied['path'].strip('/')}/{asked}".lstrip("/"))
    if of_a_run is not None:
        return of_run(call, of_a_run["run"], f"{of_a_run['path'].strip('/')}/{asked}".lstrip("/"))
    raise invalid(
        f"the files of version {found.number} of {found.name} lie elsewhere, at its source"
    )
