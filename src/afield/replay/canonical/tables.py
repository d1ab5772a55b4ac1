"""Parquet and Arrow IPC (Feather): schema and columns, by `tables_apart` in its own process.

A library in C++ reads these files, so it is given a process with bounds on memory and time: a
hostile file ends that process and no other. Here only the outermost form is looked at.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from afield.replay.canonical.look import Canonicaliser, Look
from afield.replay.limits import INSIDE_TIMEOUT_S
from afield.replay.text import clip
from afield.replay.verdict import Grade, Judged

MODULE = "afield.replay.canonical.tables_apart"
PARQUET_MAGIC = b"PAR1"
ARROW_MAGIC = b"ARROW1"
STREAM_MAGIC = b"\xff\xff\xff\xff"
_FOOTER_BYTES = 8
_KEPT = ("SYSTEMROOT", "PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


def compare_parquet(old: bytes, new: bytes, look: Look) -> Judged | None:
    """Compare two Parquet files by content."""
    if not (_is_parquet(old) and _is_parquet(new)):
        return None
    return _apart("parquet", old, new, look)


def compare_arrow(old: bytes, new: bytes, look: Look) -> Judged | None:
    """Compare two files or streams of Arrow IPC by content."""
    if not (_is_arrow(old) and _is_arrow(new)):
        return None
    return _apart("arrow", old, new, look)


def _is_parquet(data: bytes) -> bool:
    length = int.from_bytes(data[-_FOOTER_BYTES:-4], "little")
    whole = data.startswith(PARQUET_MAGIC) and data.endswith(PARQUET_MAGIC)
    return whole and 0 < length <= len(data) - _FOOTER_BYTES - len(PARQUET_MAGIC)


def _is_arrow(data: bytes) -> bool:
    file = data.startswith(ARROW_MAGIC) and data.endswith(ARROW_MAGIC)
    return file or data.startswith(STREAM_MAGIC)


def _apart(name: str, old: bytes, new: bytes, look: Look) -> Judged | None:
    environ = {key: value for key in _KEPT if (value := os.environ.get(key)) is not None}
    environ |= {
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "PYTHONDONTWRITEBYTECODE": "1",
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    with tempfile.TemporaryDirectory(prefix="afield-tables-") as folder:
        left, right = Path(folder, "recorded"), Path(folder, "reproduced")
        left.write_bytes(old)
        right.write_bytes(new)
        argv = [sys.executable, "-m", MODULE, name, str(left), str(right), repr(look.tolerance)]
        try:
            done = subprocess.run(
                argv,
                cwd=folder,
                env=environ,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=INSIDE_TIMEOUT_S,
                check=False,
            )
            answer = json.loads(done.stdout.decode("utf-8", "replace").splitlines()[-1])
            return Judged(
                Grade(answer["grade"]),
                name,
                answer["detail"],
                tuple(answer["unjudged"]),
                answer["hollow"],
            )
        except subprocess.TimeoutExpired:
            why = f"not read within {INSIDE_TIMEOUT_S:g} s"
        except (OSError, ValueError, IndexError, KeyError, TypeError):
            why = "the file brought its reader down"
    return Judged(Grade.DIVERGED, name, clip(f"bytes differ; not looked into: {why}"))


PARQUET = Canonicaliser("parquet", compare_parquet, magic=(PARQUET_MAGIC,))
ARROW = Canonicaliser(
    "arrow", compare_arrow, suffixes=(".arrow", ".arrows", ".feather"), magic=(ARROW_MAGIC,)
)
