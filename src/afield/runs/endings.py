"""What the end of a script says about its run: the exception that ended it, or none.

`ScriptEnd` (in `afield.workspace.script_end`) finds out which exception that was.
"""

from __future__ import annotations

import os
import signal

import msgspec

PRINTED_CHARS_MAX = 512 << 10
"""What is looked at of a traceback, from its end."""


class RunEnd(msgspec.Struct, frozen=True):
    """How a run ended; `exit_code` is None when nobody can tell.

    With `by_status` an exception ended it that cannot be known from within: the exit status of
    the process will tell, and the rest counts where that is not to be had. `printed` is the
    traceback of the exception that ended it.
    """

    status: str
    exit_code: int | None
    signal: str | None = None
    by_status: bool = False
    printed: str = ""


def end_for(error: BaseException | None) -> RunEnd:
    """Return how a script ended that this exception (or none) has left for good."""
    if error is None:
        return RunEnd("finished", 0)
    if isinstance(error, SystemExit):
        return end_for_exit(error.code)
    if isinstance(error, KeyboardInterrupt):
        return RunEnd("killed", 128 + signal.SIGINT, "SIGINT")
    return RunEnd("failed", 1, printed=_printed(error))


def end_for_exit(code: object) -> RunEnd:
    """Return how a process ended by `sys.exit(code)`."""
    seen = code if isinstance(code, int) else int(code is not None)
    if os.name == "posix":
        seen &= 0xFF  # all that anybody else sees of it: -1 is 255
    return RunEnd("failed" if seen else "finished", int(seen))


def _printed(error: BaseException) -> str:
    """Return the traceback as Python prints it; nothing of the exception itself is held on to."""
    import traceback  # when the script is over

    try:
        return "".join(traceback.format_exception(error))[-PRINTED_CHARS_MAX:]
    except Exception:  # noqa: BLE001 - foreign code; its type will do
        return f"Traceback (most recent call last):\n{type(error).__qualname__}\n"
