"""`%load_ext afield`: what a person executes in Jupyter or IPython becomes the code of a run.

Here is what listens to IPython: cells as they are executed, and the magic `%afield`. What is
kept of them is `runs.capture.by_hand`. Nothing here may raise into a cell.
"""

from __future__ import annotations

import atexit
import os
import platform
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from afield.runs.capture.by_hand import CellSession
from afield.runs.capture.environment import Python
from afield.runs.cells import Executed
from afield.runs.taken import joined
from afield.runs.tracker import Run
from afield.workspace import session

_MAGIC = "afield"
_BEGINS_ONE_ITSELF = re.compile(r"^\s*%afield\b|\binit\s*\(", re.MULTILINE)
_USAGE = "%afield start [NAME] | stop | status"


class Listener:
    """What one IPython shell executes, and the run that it belongs to."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._run: Run | None = None
        self._cells: CellSession | None = None
        self._said = False
        self._stopped = False
        self._count = 0
        self._written_to: CellSession | None = None
        shell.events.register("pre_run_cell", self.before)
        shell.events.register("post_run_cell", self.after)
        shell.register_magic_function(self.magic, "line", _MAGIC)

    def leave(self) -> None:
        """Listen no more; a run that goes on ends."""
        self.close()
        self._shell.events.unregister("pre_run_cell", self.before)
        self._shell.events.unregister("post_run_cell", self.after)
        self._shell.magics_manager.magics["line"].pop(_MAGIC, None)

    def before(self, info: Any) -> None:
        """Begin a run with the first cell, unless that cell does so itself."""
        self._safely(lambda: self._before(info))

    def after(self, result: Any) -> None:
        """Write down a cell that has been executed."""
        self._safely(lambda: self._after(result))

    def magic(self, line: str) -> None:
        """Begin or end a run by hand: `%afield start [NAME]`, `%afield stop`, `%afield status`."""
        word, _, rest = line.strip().partition(" ")
        if word == "start":
            self.close()
            self._stopped = False
            self._safely(lambda: self._begin(rest.strip() or None))
            self._tell()
        elif word == "stop":
            self._tell("ended")
            self.close()
            self._stopped = True
        elif word in {"", "status"}:
            self._tell()
        else:
            sys.stdout.write(f"afield: {word}: not understood: {_USAGE}\n")

    def close(self) -> None:
        """End the run as finished."""
        atexit.unregister(self.close)
        run, self._run = self._run, None
        if run is not None and not run.forked:
            run.finish()
        self._cells = None

    def _before(self, info: Any) -> None:
        self._count = len(self._typed)  # it is not among them yet
        if not info.store_history:
            return
        begins = self._stopped or _BEGINS_ONE_ITSELF.search(info.raw_cell)
        if not self._over() and not begins:
            self._begin(None)
        self._write(info.raw_cell)

    def _after(self, result: Any) -> None:
        info = result.info
        if info is None or not info.store_history:
            return
        if self._over():
            self._stopped = False
        if self._cells is not self._written_to:  # a run that this cell has begun
            self._write(info.raw_cell)
        error = result.error_before_exec or result.error_in_exec
        if error is not None and self._cells is not None:
            self._cells.fail(type(error).__name__)
        self._count, self._written_to = 0, None

    def _write(self, source: str) -> None:
        """Write a cell down before it is executed: it may be the one that ends the process."""
        self._written_to = self._cells
        if self._cells is not None:
            self._cells.add(Executed(self._number, source))

    def _over(self) -> bool:
        """Follow what a cell has begun or ended by itself; tell whether there is a run now."""
        current = session.current_run()
        if current is self._run:
            return current is not None
        if self._run is not None and current is None:
            self._stopped = True  # a person has ended it: the next one is begun by hand
        self._run = self._cells = None
        if current is not None:
            self._join(current)
        return current is not None

    def _begin(self, name: str | None) -> None:
        self._join(session.current_run() or session.init(name=name))

    def _join(self, run: Run) -> None:
        """Keep the cells of a run, unless it is another's, which keeps its code itself."""
        self._run = run
        record = run.record
        if record is not None:
            cells = CellSession(
                record,
                run.id,
                folder=os.fspath(Path.cwd()),
                environ=dict(os.environ),
                python=_python,
            )
            cells.begin(self._earlier())
            self._cells = cells
            run.describe = lambda: cells.describe(joined(run.taken, record.workspace))
        atexit.unregister(self.close)
        atexit.register(self.close)  # again: before what the session does at the end

    def _earlier(self) -> list[Executed]:
        """Return what was executed before: the run's cells see what that left behind."""
        return [
            Executed(number, text, before=True)
            for number, text in enumerate(self._typed[: self._number])
            if number and text.strip()
        ]

    @property
    def _typed(self) -> list[str]:
        """What was typed, by the number of the cell."""
        found: list[str] = self._shell.history_manager.input_hist_raw
        return found

    @property
    def _number(self) -> int:
        """The cell's number; the one that loads this had begun before we listened."""
        return self._count or len(self._typed) - 1

    def _tell(self, what: str = "run") -> None:
        """Answer where a cell's output goes."""
        run = self._run
        told = f"{what} {run.name} ({run.id})" if run is not None else f"no run: {_USAGE}"
        sys.stdout.write(f"afield: {told}\n")

    def _safely(self, action: Callable[[], None]) -> None:
        try:
            action()
        except Exception as error:  # noqa: BLE001 - nothing may reach the person's cell
            if not self._said:
                self._said = True
                session.warn("cells are not recorded: %s: %s", type(error).__name__, error)


_listeners: dict[int, Listener] = {}


def load_ipython_extension(shell: Any) -> None:
    """Listen to an IPython shell; called by `%load_ext afield`."""
    if id(shell) not in _listeners:
        _listeners[id(shell)] = Listener(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Listen no more, and end the run that goes on; called by `%unload_ext afield`."""
    found = _listeners.pop(id(shell), None)
    if found is not None:
        found.leave()


def _python() -> Python:
    return Python(
        sys.executable,
        platform.python_version(),
        sys.implementation.name,
        sys.prefix,
        sys.base_prefix,
        tuple(path for path in sys.path if path),
    )
