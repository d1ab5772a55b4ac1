"""`--bisect`: run once more with the recorded kernels and threads, and say what that explains.

When only the machine differs, the first cause is a guess until it is tried: this is the
trial. The first verdict stands; the trial only adds whether the machine accounts for it.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec

from afield.kernel.ids import RunId
from afield.replay.pins import pins_for
from afield.replay.reader import RunReader
from afield.replay.report import Bisection, Report, store_report
from afield.replay.reproduction import repeat
from afield.replay.wish import Wish
from afield.runs.record import Record

MACHINE = "machine"
_RANK = {"identical": 0, "equivalent": 1, "incomplete": 2, "diverged": 3}


def bisect(record: Record, runs: RunReader, report: Report, wish: Wish) -> Report:
    """Return the report with its bisection, and keep it with the original run.

    Raises:
        AfieldError: the trial cannot be recorded.
    """
    found = _bisection(record, runs, report, wish)
    report = msgspec.structs.replace(report, bisection=found)
    if report.new_run is not None:
        store_report(record, RunId(report.run), report)
    return report


def _bisection(record: Record, runs: RunReader, report: Report, wish: Wish) -> Bisection:
    if report.verdict == "identical":
        return Bisection(detail="not needed: the run came out identical")
    if report.new_run is None:
        return Bisection(detail="not possible: the run could not be repeated")
    if report.cause is None or report.cause.kind != MACHINE:
        first = report.cause.kind if report.cause else "nothing that is known"
        return Bisection(detail=f"not tried: the first cause is not the machine but {first}")
    recorded, repeated = runs.manifest(RunId(report.run)), runs.manifest(RunId(report.new_run))
    assert recorded is not None
    assert repeated is not None
    pins = pins_for(recorded, repeated)
    cannot = ("; cannot be pinned: " + "; ".join(pins.cannot)) if pins.cannot else ""
    if not pins.told:
        return Bisection(detail=f"nothing to pin: kernels and threads are as recorded{cannot}")
    wish.tools.progress("again, pinned to the recorded kernels: " + "; ".join(pins.told))
    trial = repeat(record, runs, RunId(report.run), replace(wish, pins=pins.variables, keep=None))
    explains = None
    if trial.new_run is None:
        told = "the trial could not be run"
    elif trial.exit is not None and trial.exit.recorded != trial.exit.reproduced:
        told = f"the trial ended with {trial.exit.reproduced}: this CPU may lack those kernels"
    else:
        explains = _RANK[trial.verdict] < min(_RANK[report.verdict], _RANK["incomplete"])
        told = f"pinned to them, the run came out {trial.verdict}: "
        told += "the machine explains the difference" if explains else "they do not explain it"
    return Bisection(
        run=trial.new_run,
        verdict=trial.verdict,
        explains=explains,
        pinned=pins.told,
        detail=f"{told}{cannot}",
    )
