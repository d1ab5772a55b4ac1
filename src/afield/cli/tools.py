"""The programs of others that commands call: where uv is."""

from __future__ import annotations

import shutil
from collections.abc import Mapping


def uv_path(environ: Mapping[str, str]) -> str | None:
    """Return the uv that came with Afield, else the one on PATH, else None."""
    try:
        from uv import find_uv_bin

        return str(find_uv_bin())
    except (ImportError, FileNotFoundError):
        return shutil.which("uv", path=environ.get("PATH"))
