"""The OpenAPI document of accounts and members: `python -m afield.hub.contract FILE`.

Their routes exist on a hub alone and are no part of the API's own document, whose writer is
`api.contract`. What they answer with is described by docs/access.md, not here.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from afield.hub.accounts.endpoint import Endpoint
from afield.hub.accounts.routes import endpoints
from afield.hub.api.app import PREFIX
from afield.hub.asgi import PROBLEM, Problem
from afield.hub.config import HubConfig, Oidc
from afield.hub.team import door_to
from afield.workspace.hosted import Hosted
from afield.workspace.workspace import Workspace

_PATH_PARTS = re.compile(r"\{(\w+)\}")
_REF = "#/components/schemas/{name}"


def accounts_openapi() -> dict[str, Any]:
    """Return the document, with every route that a hub may have."""
    with tempfile.TemporaryDirectory() as folder:
        Workspace.init(folder).close()
        secret = Path(folder, "secret")
        secret.write_text("none", encoding="utf-8")
        oidc = Oidc("https://login.example.org", "afield", str(secret))
        config = HubConfig("http://localhost", folder, f"{folder}/accounts.sqlite", oidc=oidc)
        with Hosted(folder) as hosted, door_to(hosted, config) as door:
            return document(endpoints(door))


def document(found: Sequence[Endpoint]) -> dict[str, Any]:
    """Return the document of those of these routes that are a part of the API."""
    routes = [each for each in found if each.path.startswith(PREFIX)]
    taken = [each.takes for each in routes if each.takes is not None]
    _, schemas = msgspec.json.schema_components([*taken, Problem], ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for each in routes:
        operations = paths.setdefault(each.path.removeprefix(PREFIX), {})
        operations[each.method.lower()] = _operation(each)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Afield: accounts and members",
            "version": "1",
            "description": "What a hub has beside the API of openapi.json. A session's requests"
            " that write need the header `X-Afield-Csrf` and an `Origin` of the hub.",
        },
        "servers": [{"url": PREFIX}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": "__Host-afield"},
                "token": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _operation(each: Endpoint) -> dict[str, Any]:
    """Return one operation; the action that it needs stands in `x-afield-action`."""
    doc = (each.handler.__doc__ or "").strip().partition("\n")[0]
    refused = {PROBLEM: {"schema": {"$ref": _REF.format(name="Problem")}}}
    found: dict[str, Any] = {
        "summary": doc,
        "responses": {
            "2XX": {"description": "Done"},
            "4XX": {"description": "Refused", "content": refused},
        },
        "security": [] if each.action is None else [{"session": []}, {"token": []}],
    }
    if each.action is not None:
        found["x-afield-action"] = str(each.action)
    parts = _PATH_PARTS.findall(each.path)
    if parts:
        text = {"type": "string"}
        found["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": text} for name in parts
        ]
    if each.takes is not None:
        schema = {"$ref": _REF.format(name=each.takes.__name__)}
        content = {"application/json": {"schema": schema}}
        found["requestBody"] = {"required": True, "content": content}
    return found


def write_contract(path: Path) -> None:
    """Write the document to a file."""
    text = json.dumps(accounts_openapi(), indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_contract(Path(sys.argv[1]))
