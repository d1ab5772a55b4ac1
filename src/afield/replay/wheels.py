"""Wheels out of the record: written under the name that their own metadata gives them."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from afield.runs.manifest import Distribution

ANY = "py3-none-any"


def write_wheel(data: bytes, folder: Path, distribution: Distribution) -> Path:
    """Write a wheel into `folder` as `name-version-tag.whl` and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / wheel_name(data, distribution)
    path.write_bytes(data)
    return path


def wheel_name(data: bytes, distribution: Distribution) -> str:
    """Return `name-version-tag.whl` for the bytes of a wheel."""
    name = distribution.name.replace("-", "_")
    return f"{name}-{distribution.version}-{_tag(data)}.whl"


def _tag(data: bytes) -> str:
    """Return the first tag of the `WHEEL` file, which names the platform it was built for."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            wheel = next(name for name in archive.namelist() if name.endswith(".dist-info/WHEEL"))
            lines = archive.read(wheel).decode("utf-8", "replace").splitlines()
    except (zipfile.BadZipFile, StopIteration, OSError):
        return ANY
    tags = [line.partition(":")[2].strip() for line in lines if line.startswith("Tag:")]
    return tags[0] if tags else ANY
