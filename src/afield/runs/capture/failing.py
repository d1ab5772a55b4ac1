"""Why a captured run failed, read from the end of its console as it was kept.

What a failure is, and how it is told from others, is the business of `runs.failure`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from afield.runs.capture.before import CONSOLE
from afield.runs.capture.console import HEADER, STDERR, STDOUT
from afield.runs.capture.outcome import script_of
from afield.runs.capture.trace import Uncaught
from afield.runs.failure import TAIL_BYTES_MAX, Failure, Kept, keep, read_failure
from afield.runs.failure_parts import Raised, Roots, place
from afield.runs.failure_python import MESSENGERS
from afield.runs.manifest import Manifest
from afield.vault import Vault

_FILE_BYTES_MAX = 8 * TAIL_BYTES_MAX
UNCAUGHT_EXIT = 1
"""What Python exits with when nobody caught an exception."""

_ORDER = (STDERR, STDOUT)


def keep_failure(
    vault: Vault,
    live: str,
    manifest: Manifest,
    known: Mapping[str, bytes],
    uncaught: Sequence[Uncaught] = (),
) -> Kept | None:
    """Put why the run in the folder `live` failed into the vault; None when nothing tells.

    Raises:
        OSError: the console cannot be read, or the vault not be written.
    """
    found = failure_of_console(
        os.path.join(live, CONSOLE), manifest=manifest, known=known, uncaught=uncaught
    )
    return None if found is None else keep(vault, found)


def failure_of_console(
    path: str,
    *,
    manifest: Manifest,
    known: Mapping[str, bytes],
    uncaught: Sequence[Uncaught] = (),
) -> Failure | None:
    """Return why the run whose framed console is at `path` failed; None when nothing tells.

    Args:
        path: the console; a run without one may still have died of a signal.
        manifest: of the run.
        known: values to be replaced wherever they stand.
        uncaught: the exceptions that the hook saw nobody catch, in order.

    Raises:
        OSError: the console cannot be read.
    """
    root = manifest.root
    roots = Roots(project=root, folder=os.path.normpath(os.path.join(root, manifest.cwd)))
    return read_failure(
        console_tails(path) if os.path.exists(path) else [],
        roots=roots,
        exit_code=manifest.exit_code,
        signal=manifest.signal,
        known=known,
        subject=script_of(manifest),
        uncaught=_last(uncaught, roots) if manifest.exit_code == UNCAUGHT_EXIT else None,
    )


def _last(uncaught: Sequence[Uncaught], roots: Roots) -> Raised | None:
    """Return the last exception that does not only tell of another process's."""
    if not uncaught:
        return None
    own = [one for one in uncaught if not one.exception.endswith(MESSENGERS)]
    last = (own or uncaught)[-1]
    frames = (place(file, line, function, roots) for file, line, function in last.places)
    return Raised(
        exception=last.exception, frames=tuple(frame for frame in frames if frame is not None)
    )


def console_tails(path: str) -> list[str]:
    """Return the ends of stderr and stdout of a framed console file.

    Raises:
        OSError: it cannot be read.
    """
    tails = {stream: bytearray() for stream in _ORDER}
    with open(path, "rb") as found:
        skipped = max(0, os.fstat(found.fileno()).st_size - _FILE_BYTES_MAX)
        while len(header := found.read(HEADER.size)) == HEADER.size:
            stream, _, size_bytes = HEADER.unpack(header)
            if stream not in tails or found.tell() + size_bytes <= skipped:
                found.seek(size_bytes, os.SEEK_CUR)
                continue
            tail = tails[stream]
            tail += found.read(size_bytes)
            if len(tail) > 2 * TAIL_BYTES_MAX:
                del tail[:-TAIL_BYTES_MAX]
    return [bytes(tails[one][-TAIL_BYTES_MAX:]).decode("utf-8", "replace") for one in _ORDER]
