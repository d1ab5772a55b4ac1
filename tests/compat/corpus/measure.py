"""`make corpus`: every script plain twice, recorded, reproduced here and as on another CPU.

Prints a table and a summary, and ends with 1 when a bound is missed: 95 % identical, every other
verdict with a cause, nothing changed by capture; on another CPU 90 % identical or equivalent,
every other with the CPU as its cause. Not a test: it takes half an hour and asserts nothing
about one script that `scripts.txt` does not say.

    python tests/compat/corpus/measure.py [--jobs N] [--json FILE] [WORD ...]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

from corpus_scripts import (
    GOOD,
    Script,
    afield,
    differing,
    environment,
    plain,
    read_scripts,
    recorded,
    reproduced,
)

IDENTICAL_SHARE_MIN = 0.95
OTHER_CPU_SHARE_MIN = 0.9
MORE_PLAIN_RUNS = 4
OTHER_CPU = {
    "OPENBLAS_CORETYPE": "Sandybridge" if "OPENBLAS_CORETYPE" in os.environ else "Haswell",
    "NPY_DISABLE_CPU_FEATURES": (
        "AVX2 FMA3 AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL"
    ),
}
"""What stands in for another CPU: other kernels of OpenBLAS, an old vector unit for numpy."""


@dataclass(frozen=True)
class Row:
    """What became of one script.

    Args:
        path: the script.
        kind: as `scripts.txt` says.
        expected: the verdicts that it says.
        plain_differs: streams and files in which two plain runs differ.
        changed: those in which they agree and the recorded run differs.
        verdict, cause: of the reproduction in the rebuilt environment.
        other_verdict, other_cause: of that on the other CPU.
        explained: a trial with the recorded kernels on the other CPU came out as recorded.
        seconds: of the plain, the recorded and the reproduced run.
        fault: why there is no verdict.
    """

    path: str
    kind: str
    expected: tuple[str, ...]
    plain_differs: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    verdict: str = ""
    cause: str = ""
    other_verdict: str = ""
    other_cause: str = ""
    explained: bool | None = None
    seconds: tuple[float, ...] = ()
    fault: str = ""


def measure(script: Script, folder: Path, workspace: Path) -> Row:
    """Run one script in every way."""
    env = environment(workspace)
    known = {"path": script.path, "kind": script.kind, "expected": tuple(sorted(script.verdicts))}
    try:
        times = [time.monotonic()]
        first = plain(script, folder / "1" / "project", env)
        times.append(time.monotonic())
        second = plain(script, folder / "2" / "project", env)
        times.append(time.monotonic())
        left, run_id = recorded(script, folder / "3" / "project", env)
        times.append(time.monotonic())
        report = reproduced(run_id, folder, env)
        times.append(time.monotonic())
        other = reproduced(run_id, folder, env | OTHER_CPU, "--bisect")
        unsteady = differing(first, second)
        for turn in range(MORE_PLAIN_RUNS if script.kind != "steady" else 0):
            if not differing(first, left) - unsteady:
                break  # two plain runs may agree by chance, where the order of a set decides
            again = plain(script, folder / f"more-{turn}" / "project", env)
            unsteady |= differing(first, again)
    except Exception as fault:  # noqa: BLE001 - whatever went wrong is a row of the table
        return Row(**known, fault=f"{type(fault).__name__}: {str(fault)[:300]}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    changed = differing(first, left) - unsteady
    if left.code != first.code:
        changed.add(f"exit {first.code} vs {left.code}")
    took = [later - sooner for sooner, later in pairwise(times)]
    return Row(
        **known,
        plain_differs=tuple(sorted(unsteady)),
        changed=tuple(sorted(changed)),
        verdict=report["verdict"],
        cause=_cause(report),
        other_verdict=other["verdict"],
        other_cause=_cause(other),
        explained=bisection["explains"] if (bisection := other.get("bisection")) else None,
        seconds=tuple(round(took[at], 1) for at in (0, 2, 3)),
        fault="" if first.code == 0 else f"exit {first.code}: {first.parts['<stderr>'][-200:]!r}",
    )


def _cause(report: dict) -> str:
    cause = report["cause"]
    return f"{cause['kind']}: {cause['detail']}" if cause else ""


def missed(rows: list[Row]) -> list[str]:
    """Return in words each bound that is not held."""
    found = [f"{row.path}: {row.fault}" for row in rows if row.fault]
    rows = [row for row in rows if not row.fault]
    found += [
        f"{row.path}: capture changed {', '.join(row.changed)}" for row in rows if row.changed
    ]
    found += [f"{row.path}: {row.verdict}, not as expected" for row in rows if _surprises(row)]
    identical = share(row.verdict == "identical" for row in rows)
    if identical < IDENTICAL_SHARE_MIN:
        found.append(f"{identical:.1%} identical, fewer than {IDENTICAL_SHARE_MIN:.0%}")
    nameless = [row.path for row in rows if row.verdict != "identical" and not row.cause]
    found += [f"{path}: no cause named" for path in nameless]
    elsewhere = share(row.other_verdict in GOOD for row in rows)
    if elsewhere < OTHER_CPU_SHARE_MIN:
        found.append(f"other CPU: {elsewhere:.1%} good, fewer than {OTHER_CPU_SHARE_MIN:.0%}")
    found += [
        f"{row.path}: other CPU: {row.other_cause or 'no cause named'}"
        for row in rows
        if row.other_verdict != "identical" and not row.other_cause.startswith("machine:")
    ]
    unlike = [row for row in rows if row.other_verdict not in GOOD and row.verdict in GOOD]
    found += [f"{row.path}: not explained by --bisect" for row in unlike if not row.explained]
    return found


def _surprises(row: Row) -> bool:
    return row.verdict not in row.expected


def share(values: Iterable[bool]) -> float:
    found = list(values)
    return sum(found) / max(len(found), 1)


def show(rows: list[Row]) -> None:
    """Print the table and what it comes to."""
    width = max(len(row.path) for row in rows)
    print(f"{'script':{width}} {'kind':8} {'plain, recorded, again s':24} verdict / other CPU")
    for row in rows:
        took = " ".join(f"{one:7.1f}" for one in row.seconds)
        print(f"{row.path:{width}} {row.kind:8} {took:24} {row.verdict} / {row.other_verdict}")
        for word, text in (("cause", row.cause), ("other CPU", row.other_cause)):
            if text:
                print(f"    {word}: {text}")
    print()
    steady = sum(not row.plain_differs for row in rows)
    print(f"plain runs:      {steady} of {len(rows)} alike")
    print("verdicts:       ", dict(Counter(row.verdict for row in rows)))
    print("on another CPU: ", dict(Counter(row.other_verdict for row in rows)))
    print("packages:       ", dict(Counter(row.path.partition("/")[0] for row in rows)))
    print(f"identical:       {share(row.verdict == 'identical' for row in rows):.1%}")
    print(f"changed:         {sum(bool(row.changed) for row in rows)} of {len(rows)} by capture")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("words", nargs="*", help="only scripts whose path holds one of these")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--json", type=Path, help="write the rows here, too")
    asked = parser.parse_args()
    scripts = read_scripts()
    if asked.words:
        scripts = [one for one in scripts if any(word in one.path for word in asked.words)]
    with tempfile.TemporaryDirectory(prefix="afield-corpus-") as scratch:
        root = Path(scratch).resolve()
        workspace = root / "workspace"
        workspace.mkdir()
        made = afield("init", str(workspace), folder=workspace, env=environment(workspace))
        assert made.returncode == 0, made.stderr

        def one(pair: tuple[int, Script]) -> Row:
            row = measure(pair[1], root / f"script-{pair[0]}", workspace)
            print(f"{row.path}: {row.fault or row.verdict}", file=sys.stderr, flush=True)
            return row

        with ThreadPoolExecutor(asked.jobs) as pool:
            rows = list(pool.map(one, enumerate(scripts)))
    if asked.json:
        asked.json.write_text(json.dumps([asdict(row) for row in rows], indent=1))
    show(rows)
    faults = missed(rows)
    print(*(f"missed: {fault}" for fault in faults), sep="\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
