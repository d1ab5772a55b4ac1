"""How the script of this process ends, known when its exit handlers run.

By then the interpreter has let go of the exception, so it must be seen before: as it leaves
the outermost frame of the main thread. Everything that is caught further in, and everything in
other threads, ends no script. Nothing here changes what the script sees.
"""

from __future__ import annotations

import builtins
import sys
import threading
from types import CodeType, FrameType
from typing import Any

from afield.runs.endings import RunEnd, end_for, end_for_exit

_TOOLS = (4, 3)  # the two ids of `sys.monitoring` that are nobody's by convention
_RETURNS = ("RETURN_VALUE", "RETURN_CONST", "INSTRUMENTED_RETURN_VALUE")
_UNKNOWN = RunEnd("finished", None)
_BY_STATUS = RunEnd("finished", None, by_status=True)


class ScriptEnd:
    """Watches the script from now on; `seen` tells how it has ended.

    Python 3.12 and later report each frame that an exception leaves (at the cost of some 0.1
    microseconds for each, nothing otherwise). Before, the outermost frame shows where it
    stopped, and `sys.exit`, `exit` and `quit` say their code there; of a `raise
    SystemExit` only the exit status of the process tells.
    """

    def __init__(self) -> None:
        self._frame = _outermost()
        self._end: RunEnd | None = None
        self._asked: tuple[int, object] | None = None
        self._exact = _report_unwinding(self._unwound)
        if not self._exact:
            self._listen()

    def seen(self) -> RunEnd:
        """Return how the script has ended; for use in an exit handler."""
        if self._end is not None:
            return self._end
        if hasattr(sys, "ps1") or sys.flags.interactive:
            return _UNKNOWN  # each line typed is a script of its own
        if self._exact or not _was_left_by_exception(self._frame):
            return RunEnd("finished", 0)
        error = getattr(sys, "last_value", None)  # not set for SystemExit
        trace = getattr(error, "__traceback__", None)
        if error is not None and trace is not None and trace.tb_frame is self._frame:
            return end_for(error)
        if self._asked is not None and self._asked[0] == self._frame.f_lasti:
            return end_for_exit(self._asked[1])
        return _BY_STATUS

    def _unwound(self, code: CodeType, _offset: int, error: BaseException) -> None:
        if code is self._frame.f_code and sys._getframe(1) is self._frame:  # noqa: SLF001 - CPython's own way
            self._end = end_for(error)

    def _listen(self) -> None:
        """Take down where in the outermost frame the script last asked to exit, with which code."""
        before_exit = sys.exit

        def exit_(status: Any = None, /) -> None:
            self._ask(status)
            before_exit(status)

        sys.exit = exit_  # type: ignore[assignment]
        quitter: Any = type(getattr(builtins, "exit", None))
        if quitter.__name__ != "Quitter":  # a Python without `site`, or somebody's own
            return
        before_call = quitter.__call__

        def call(self_: Any, code: Any = None) -> None:
            self._ask(code)
            before_call(self_, code)

        quitter.__call__ = call

    def _ask(self, code: object) -> None:
        if threading.current_thread() is threading.main_thread():
            self._asked = (self._frame.f_lasti, code)


def _outermost() -> FrameType:
    main = threading.main_thread().ident
    frame = sys._current_frames().get(main or 0, sys._getframe())  # noqa: SLF001 - CPython's own way
    while frame.f_back is not None:
        frame = frame.f_back
    return frame


def _report_unwinding(call: Any) -> bool:
    """Have `call` told of each frame that an exception leaves; False when that cannot be had."""
    monitoring: Any = getattr(sys, "monitoring", None)
    if monitoring is None:
        return False
    for tool in _TOOLS:
        try:
            monitoring.use_tool_id(tool, "afield")
        except ValueError:
            continue
        monitoring.register_callback(tool, monitoring.events.PY_UNWIND, call)
        monitoring.set_events(tool, monitoring.events.PY_UNWIND)
        return True
    return False


def _was_left_by_exception(frame: FrameType) -> bool:
    import opcode  # when the script is over

    last = frame.f_code.co_code[frame.f_lasti]
    return opcode.opname[last] not in _RETURNS
