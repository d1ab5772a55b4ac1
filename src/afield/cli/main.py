"""The door of the command line: find the command, call it, turn what comes into an exit code.

Nothing heavy is imported here, not even what reads options: a command that is recorded waits
for all of it. Exit codes are documented in docs/cli.md.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from afield.cli.faults import report, warn
from afield.cli.session import Session
from afield.cli.straight import asked
from afield.cli.streams import fill_closed

if TYPE_CHECKING:
    from afield.kernel.clock import Clock


def main(arguments: Sequence[str] | None = None, clock: Clock | None = None) -> int:
    """Run one call of the command line; return its exit code.

    Args:
        arguments: the words after `afield`; those of the process when None.
        clock: the time; this machine's when None.
    """
    gc.set_threshold(50_000)  # a command's memory is mostly kept to its end: little to find
    closed = fill_closed()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a recorded path may hold bytes that are no UTF-8
            stream.reconfigure(errors="replace")
    session = Session(os.environ, clock)
    session.closed = closed
    words = list(sys.argv[1:] if arguments is None else arguments)
    if "--json" in words[: _first_word(words)]:
        session.json = True  # so that even a usage error is answered in JSON
    try:
        with session.cleanup:
            code = _call(words, session)
            sys.stdout.flush()
    except BaseException as error:  # noqa: BLE001 - the last handler: whatever it is becomes an exit code
        return _after(error, session)
    if arguments is None and (session.command_code is not None or _is_alone()):
        _leave(code)
    return code


def _call(words: list[str], session: Session) -> int:
    """Call the command that the words name; return its exit code."""
    plain = asked(words, session)
    if plain is not None:
        from afield.cli.recording import record

        return record(session, plain)
    from afield.cli.group import cli

    code = cli.main(
        words,
        prog_name="afield",
        standalone_mode=False,
        obj=session,
        color=session.color,
    )
    return code if isinstance(code, int) else 0


def _is_alone() -> bool:
    """Do what was left for the end; tell whether nothing else runs in this process."""
    if threading.active_count() > 1:
        return False
    atexit._run_exitfuncs()  # noqa: SLF001 - what Python itself does next
    return True


def _leave(code: int) -> None:
    """End this process without taking it to pieces, which would cost a third of a small command.

    All is closed and on disk. Returns when a stream cannot be flushed, which Python then tells.
    """
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        return
    os._exit(code)


def _after(error: BaseException, session: Session) -> int:
    """Return the exit code of a call that raised; a recorded command's own goes before ours."""
    if isinstance(error, BrokenPipeError):  # `afield runs | head`: the reader has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return session.command_code or 0
    if session.command_code is not None:
        warn(error, session)
        return session.command_code
    return report(error, session)


def _first_word(words: list[str]) -> int:
    """Return how many words may be Afield's own: for `run`, those before the command."""
    if "run" not in words:
        return len(words)
    start = words.index("run") + 1
    for index in range(start, len(words)):
        if not words[index].startswith("-"):
            return index
    return len(words)
