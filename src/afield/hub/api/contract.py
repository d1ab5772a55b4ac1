"""Writes the OpenAPI document down: `python -m afield.hub.api.contract FILE`."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from afield.hub.api.app import openapi
from afield.workspace.hosted import Hosted
from afield.workspace.workspace import Workspace


def write_contract(path: Path) -> None:
    """Write the OpenAPI document of the API to a file."""
    with tempfile.TemporaryDirectory() as folder:
        Workspace.init(folder).close()
        with Hosted(folder) as hosted:
            document = openapi(hosted)
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_contract(Path(sys.argv[1]))
