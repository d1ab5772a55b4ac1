"""What the end of a script says about its run: the exception that ended it, or none.

`ScriptEnd` (in `afield.workspace.script_end`) finds out which exception that was.
"""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RunEnd:
    """How a run ended; `exit_code` is None when nobody can tell.

    With `by_status` an exception ended it that cannot be known from within: the exit status of
    the process will tell, and the rest counts where that is not to be had.
    """

    status: str
    exit_code: int | None
    signal: str | None = None
    by_status: bool = False


def end_for(error: BaseException | None) -> RunEnd:
    """Return how a script ended that this exception (or none) has left for good."""
    if error is None:
        return RunEnd("finished", 0)
    if isinstance(error, SystemExit):
        return end_for_exit(error.code)
    if isinstance(error, KeyboardInterrupt):
        return RunEnd("killed", 128 + signal.SIGINT, "SIGINT")
    return RunEnd("failed", 1)


def end_for_exit(code: object) -> RunEnd:
    """Return how a process ended by `sys.exit(code)`."""
    seen = code if isinstance(code, int) else int(code is not None)
    if os.name == "posix":
        seen &= 0xFF  # all that anybody else sees of it: -1 is 255
    return RunEnd("failed" if seen else "finished", int(seen))
