"""Packs an installed distribution into a wheel again, for those that no index has.

The bytes depend on the installed files alone, so that the same installation gives the same
object. Files outside the packages (scripts) are made anew by whoever installs the wheel.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import os
import zipfile
from collections.abc import Collection

from afield.runs.capture.distributions import stable_rows
from afield.runs.capture.limits import WHEEL_BYTES_MAX

_EPOCH = (1980, 1, 1, 0, 0, 0)


def repack(
    folder: str, *, bytes_max: int = WHEEL_BYTES_MAX, patched: Collection[str] = ()
) -> bytes | None:
    """Return the wheel of the distribution that a `*.dist-info` folder describes.

    None when it has no list of files, is too large, or a file is missing or was changed. Files of
    `patched` may be: they are packed as they are, with the hash that was recorded of them, so that
    the distribution keeps its identity.
    """
    rows = stable_rows(folder)
    if rows is None:
        return None
    base = os.path.dirname(folder)
    own = os.path.basename(folder)
    packed = io.BytesIO()
    kept = []
    size_bytes = 0
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as wheel:
        for row in rows:
            path, wanted, size = row.rsplit(",", 2)
            try:
                with open(f"{base}/{path}", "rb") as stream:
                    data = stream.read()
            except OSError:
                if path not in patched:
                    return None
                data = b""
            size_bytes += len(data)
            changed = wanted and wanted != _hash(data)
            if size_bytes > bytes_max or (changed and path not in patched):
                return None
            wheel.writestr(_entry(path), data)
            kept.append((path, *((wanted, size) if changed else (_hash(data), str(len(data))))))
        wheel.writestr(_entry(f"{own}/RECORD"), _record(kept, f"{own}/RECORD"))
    return packed.getvalue()


def _entry(path: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(path, _EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    return info


def _hash(data: bytes) -> str:
    raw = hashlib.sha256(data).digest()
    return "sha256=" + base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _record(kept: list[tuple[str, str, str]], own: str) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([*kept, (own, "", "")])
    return text.getvalue()
