"""`Run`: what a training script holds. Logging is one packed record in mapped memory.

Nothing here may raise into the training, wait for a network, start a thread of its own, or
draw from the script's random numbers. Where runs come from (environment variables, the
workspace, the current run) is the business of `afield.workspace.session`.
"""

from __future__ import annotations

import math
import os
import threading
import weakref
from collections.abc import Callable, Iterable, Mapping
from time import time_ns
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from afield.journal import Draft
from afield.kernel.errors import Refused
from afield.kernel.ids import RunId
from afield.runs import events
from afield.runs.config import Settings
from afield.runs.endings import RunEnd, end_for
from afield.runs.limits import NESTING_MAX
from afield.runs.live_owner import born
from afield.runs.record import Record, end_run, leave_run
from afield.runs.saving import files_under, folder_of_nobody, own_folder
from afield.runs.series.live import RECORD, RECORD_BYTES, LiveSeries, clip_name
from afield.runs.values import Keeper

if TYPE_CHECKING:
    from afield.runs.failure import Kept
    from afield.runs.taken import Taken

_pack_into = RECORD.pack_into
_STEP_MIN, _STEP_MAX = -(1 << 63), (1 << 63) - 1


class Run:
    """A run that is being recorded by this process.

    Usable as a context manager: leaving it ends the run, as `failed` when an exception passes.
    All methods may be called from any thread, and none of them raises because recording went
    wrong: such faults are counted in `faults`, and the first is told through `logging`.

    Attributes:
        id: the run's id.
        name: its name; may be set.
        project: its project.
        experiment: its experiment.
        config: its params; set items or attributes, or `update()`.
        summary: values about the whole run that are not a metric.
        faults: how many calls could not be recorded.
        disabled: whether nothing at all is kept of it.
        describe: asked, when it ends here, for the entry that says what it was made of.
    """

    disabled = False

    def __init__(
        self,
        record: Record | None,
        run: RunId,
        *,
        name: str,
        project: str,
        experiment: str,
        owns: bool = True,
        named: bool = False,
        config: Mapping[str, object] | None = None,
        when_finished: Callable[[Run], None] | None = None,
    ) -> None:
        self.id = run
        self._name = name
        self._named = named  # by `afield run --name`, which counts more than the script
        self.project = project
        self.experiment = experiment
        self.faults = 0
        self.config = Settings(self._write_params, self._fault)
        self.config.prefill(config or {})
        self.summary = Settings(self._write_summary, self._fault)
        if record is not None:  # a `SilentRun` has none
            self._record = record
        self._owns = owns
        self._pid = os.getpid()
        self._when_finished = when_finished
        self._finished = False
        self._lock = threading.RLock()
        self._live: LiveSeries | None = None
        self._step = 0
        self._inside = False
        self._late: list[tuple[Mapping[str, Any], int | None, bool | None]] = []
        self._told: set[str] = set()
        self._folder: str | None = None
        self.describe: Callable[[], Draft | None] | None = None
        self.taken: dict[Taken, None] = {}  # of versions of data, when its end is told here
        _running.add(self)

    def log(
        self,
        values: Mapping[str, Any],
        step: int | None = None,
        commit: bool | None = None,  # noqa: FBT001 - W&B's signature
    ) -> None:
        """Log metrics at a step; they are kept whatever happens to the process afterwards.

        Args:
            values: numbers by metric name (also of numpy, torch ...); NaN and infinities are
                kept, what is too large for a float as infinity. A nested mapping logs
                `outer/inner`; what is no number goes to `summary`.
            step: an integer, that may repeat or go back; without it, one more than at the last
                call. Of another number the whole part counts.
            commit: False keeps the next call without a step at this one's step.
        """
        try:
            with self._lock:
                if self._inside:  # from a signal handler or a finaliser, in the midst of a call
                    self._late.append((values, step, commit))
                    return
                self._inside = True
                try:  # at once: a Ctrl-C in between would leave `_inside` set for good
                    now = time_ns()
                    if step is None:
                        step = self._step
                    elif type(step) is not int or not _STEP_MIN <= step < _STEP_MAX:
                        step = self._whole(step)
                    live: Any = self._live
                    self._step = step if commit is False else step + 1
                    for name, value in values.items():
                        try:
                            _pack_into(live.window, live.position, step, now, value, live.ids[name])
                            live.position += RECORD_BYTES
                        except Exception:  # noqa: BLE001 - whatever is odd takes the long way
                            self._log_oddly(clip_name(name), value, step, now, 0)
                            live = self._live
                finally:
                    self._inside = False
                if self._late:
                    self._log_late()
        except Exception as error:  # noqa: BLE001 - nothing may reach the training
            self._fault(error)

    def save(
        self,
        path: str | os.PathLike[str] | None = None,
        base_path: str | os.PathLike[str] | None = None,
        policy: str | None = None,
    ) -> None:
        """Keep files with the run, as they are now.

        Args:
            path: a file, a folder (all files in it), or a pattern such as `*.pt`. None keeps
                nothing.
            base_path: names are relative to it; without it, to the working folder. Files that
                lie elsewhere are named by the last part of `path`.
            policy: taken for scripts of W&B, and not looked at.
        """
        if path is None or self._is_over("save"):
            return
        if policy not in (None, "now"):
            self._say("policy", f"`save` keeps files as they are now; policy={policy!r} is ignored")
        try:
            from afield.runs.secrets import HOLDS_SECRETS, may_keep  # costs start-up time

            vault, drafts = self._record.vault, []
            for name, full in files_under(os.fspath(path), os.fspath(base_path or "")):
                if may_keep(full):
                    drafts.append(events.saved(self.id, name, *vault.put_file(full)))
                else:
                    self._fault(Refused("not kept", name, HOLDS_SECRETS))
            vault.flush()
            self._append(drafts)
        except Exception as error:  # noqa: BLE001 - nothing may reach the training
            self._fault(error)

    def note(self, text: str) -> None:
        """Add a note, in prose, to the run."""
        if not self._is_over("note"):
            self._keep(lambda keeper: [keeper.note(self.id, text)])

    def tag(self, **tags: object) -> None:
        """Set tags; None takes one away."""
        if not self._is_over("tag"):
            self._keep(lambda keeper: keeper.tags(self.id, tags))

    def define_metric(self, name: str, *args: object, **kwargs: object) -> None:
        """Do nothing but say so, once: every metric has its own steps, and all its summaries."""
        del name, args, kwargs
        self._say("define", "`define_metric` does nothing: last, min, max, mean are always kept")

    def watch(self, *args: object, **kwargs: object) -> None:
        """Do nothing but say so, once: gradients are kept when the script logs them."""
        del args, kwargs
        self._say("watch", "`watch` does nothing: no gradients or weights are logged by it")

    def finish(self, exit_code: int | None = 0, *, quiet: bool | None = None) -> None:
        """End the run: `finished` for exit code 0 or None, else `failed`; once.

        `quiet` is taken for scripts of W&B; nothing is printed in any case.

        Inside `afield run`, and in a forked child, only this process's part ends: the run
        belongs to another process.
        """
        del quiet
        self.finish_as(RunEnd("failed" if exit_code else "finished", exit_code or 0))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.finish_as(end_for(error))

    def __repr__(self) -> str:
        return f"<afield.Run {self.id} {self.name!r}>"

    @property
    def name(self) -> str:
        """What people call the run."""
        return self._name

    @name.setter
    def name(self, name: str) -> None:
        if self._is_over("name") or self._named or not str(name or "").strip():
            return
        self._name = str(name)
        self._keep(lambda keeper: [keeper.name(self.id, self._name)])

    @property
    def dir(self) -> str:
        """A folder of the run's own: what lies in it when the run ends is kept with it.

        It is there until then, and goes with the end; `save` keeps files elsewhere, at once.
        """
        folder = self._folder
        if folder is None:
            folder = self._folder = self._make_folder()
        return folder

    @property
    def url(self) -> None:
        """None, as of W&B's offline runs: no page shows a run that lies on this machine."""

    @property
    def finished(self) -> bool:
        """Whether this process is done with the run."""
        return self._finished

    @property
    def forked(self) -> bool:
        """Whether this is a forked child's copy of its parent's run."""
        return self._pid != os.getpid()

    def finish_as(self, end: RunEnd) -> None:
        """End the run as somebody saw its script end."""
        try:
            with self._lock:
                if self._finished:
                    return
                self._finished = True
                self._folder = None  # what lies in it is kept, and goes
                if self._live is not None:
                    self._live.close()
                    self._live = None
                if self._owns and self.taken:
                    self._tell_taken()
                if self._owns and not (end.by_status and leave_run(self._record, self.id)):
                    end_run(
                        self._record,
                        self.id,
                        status=end.status,
                        exit_code=end.exit_code,
                        signal=end.signal,
                        before=self._described(),
                        failure=self._why(end),
                    )
        except Exception as error:  # noqa: BLE001 - nothing may reach the training
            self._fault(error)
        finally:
            _running.discard(self)
            if self._when_finished is not None:
                self._when_finished(self)

    @property
    def record(self) -> Record | None:
        """Where it is recorded, when its end is this process's business."""
        return self._record if self._owns and not self.disabled else None

    def _described(self) -> tuple[Draft, ...]:
        try:
            found = self.describe() if self.describe is not None else None
        except Exception as error:  # noqa: BLE001 - that it ended is worth more than its code
            self._fault(error)
            found = None
        return () if found is None else (found,)

    def _tell_taken(self) -> None:
        """Write which versions of data were taken: at once, for somebody else may tell the end."""
        try:
            from afield.runs.taken import drafts  # seldom, and not light

            found = drafts(self._record.vault, self.id, self.taken, self._record.workspace)
            self._record.vault.flush()
            self._record.journal.append_many(found)
        except Exception as error:  # noqa: BLE001 - that it ended is worth more
            self._fault(error)

    def _why(self, end: RunEnd) -> Kept | None:
        """Keep why the script failed, when an exception tells."""
        if not end.printed:
            return None
        try:
            from afield.runs.failure import keep, read_failure, roots_here  # when all is over

            found = read_failure(
                [end.printed],
                roots=roots_here(),
                exit_code=end.exit_code,
                signal=end.signal,
                known=self._record.secrets(),
            )
            return None if found is None else keep(self._record.vault, found)
        except Exception as error:  # noqa: BLE001 - that it failed is worth more than why
            self._fault(error)
            return None

    def _log_oddly(self, name: str, value: Any, step: int, now: int, depth: int) -> None:
        """Log what the short way could not: the first of its name, the end of a window ..."""
        try:
            if isinstance(value, Mapping) and depth < NESTING_MAX:
                for inner, found in value.items():
                    self._log_oddly(clip_name(f"{name}/{inner}"), found, step, now, depth + 1)
                return
            try:
                number = _as_number(value)
            except OverflowError:
                number = math.inf if value > 0 else -math.inf
                self._say("overflow", f"`{name}` is too large for a float; logged as {number}")
            if number is None:
                self.summary.update({name: value})
                return
            live = self._live_series()
            metric = live.ids.get(name) or live.introduce(name)
            window = live.window
            if window is None or live.position == live.end:
                window = live.grow()
            _pack_into(window, live.position, int(step), now, number, metric)
            live.position += RECORD_BYTES
        except Exception as error:  # noqa: BLE001 - the other values of the call are still logged
            self._fault(error)

    def _whole(self, step: Any) -> int:
        whole = int(step)
        if whole != step:
            self._say("step", f"step={step} is no integer; logged at {whole}")
        if not _STEP_MIN <= whole < _STEP_MAX:
            raise ValueError(f"step={step} does not fit 64 bits")
        return whole

    def _log_late(self) -> None:
        late, self._late = self._late, []
        for values, step, commit in late:
            self.log(values, step, commit=commit)

    def _make_folder(self) -> str:
        if not self._is_over("dir"):
            try:
                return own_folder(self._record.live_folder(self.id))
            except Exception as error:  # noqa: BLE001 - nothing may reach the training
                self._fault(error)
        return folder_of_nobody()

    def _live_series(self) -> LiveSeries:
        if self._live is None:
            if self._finished:
                raise RuntimeError("the run has ended")
            pid = os.getpid()
            self._live = LiveSeries(self._record.live_folder(self.id), pid, born(pid) or "")
        return self._live

    def _write_params(self, values: Mapping[str, object]) -> bool:
        if self._is_over("config"):
            return False
        self._keep(lambda keeper: keeper.params(self.id, values))
        return True

    def _write_summary(self, values: Mapping[str, object]) -> bool:
        if self._is_over("summary"):
            return False
        self._keep(lambda keeper: keeper.summary(self.id, values))
        return True

    def _keep(self, drafts: Callable[[Keeper], Iterable[Draft]]) -> None:
        """Write down what a person said, at once."""
        try:
            keeper = Keeper(self._record.vault, secrets=self._record.secrets)
            found = list(drafts(keeper))
            keeper.flush()
            self._append(found)
        except Exception as error:  # noqa: BLE001 - nothing may reach the training
            self._fault(error)

    def _is_over(self, what: str) -> bool:
        """Tell whether the run has ended; then it takes nothing more, and says so once."""
        if self._finished:
            self.faults += 1
            self._say("over", f"it has ended; `{what}` does nothing any more")
        return self._finished

    def _append(self, drafts: list[Draft]) -> None:
        if drafts:
            self._record.journal.append_many(drafts)

    def _fault(self, error: BaseException) -> None:
        self.faults += 1
        kind = type(error).__name__
        refused = error if isinstance(error, OSError) else error.__cause__
        if self.faults == 1 and self._record is not None and isinstance(refused, OSError):
            from afield.runs.live_warnings import add_warnings

            why = refused.strerror or type(refused).__name__
            told = f"not everything that the run logged could be recorded: {why}"
            add_warnings(self._record.live_folder(self.id), told)
        self._say("fault", f"not everything could be recorded: {kind}: {error}")

    def _say(self, about: str, what: str) -> None:
        """Warn, once about each matter."""
        if about not in self._told:
            self._told.add(about)
            import logging  # rarely needed, and not light

            logging.getLogger("afield").warning("run %s: %s", self.id, what)

    def _after_fork(self) -> None:
        """In a forked child: log to a file of its own, and leave the run's end to the parent."""
        self._lock = threading.RLock()
        self._inside = False
        self._late = []
        self._owns = False
        live, self._live = self._live, None
        if live is not None:
            live.close()


def _as_number(value: Any) -> float | None:
    dimensions: Any = getattr(value, "ndim", None)
    if isinstance(value, str | bytes | bytearray) or dimensions:
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


_running: weakref.WeakSet[Run] = weakref.WeakSet()


def _children_log_apart() -> None:
    for run in list(_running):
        run._after_fork()  # noqa: SLF001 - the same class's business


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_children_log_apart)
