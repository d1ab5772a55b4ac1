"""What MLflow's server passes of MLflow's own tests, what ours does, and why the rest does not.

`reasons.toml` gives a reason for each test that MLflow's server passes and ours fails. A test is of
tracking and the registry, of traces, or of what is not part of either (see `PARTS`).
`python compare.py STOCK.xml AFIELD.xml` compares two reports of pytest.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree as ET

_ELSEWHERE = (
    *("scorer", "secret", "evaluation", "endpoint", "graphql", "promptlab", "gateway"),
    *("model_definition", "online", "issue(?!_warning)", "upsert_dataset", "fallback", "budget"),
    *("::test_dataset_", "_dataset_(to|from)_experiments", "dataset_experiment", "job"),
    *("(add|remove)_(multiple_)?experiments", "guardrail", "::test_list_providers"),
    "::test_get_provider_config",
    "_datasets?_(api|client)",
)
_TRACES = (
    "tracing/",
    "tracing[.]",
    "trace",
    "span",
    "assessment",
    "session",
    "correlation",
    "otel",
)
PARTS = (
    ("not there", "|".join(_ELSEWHERE)),
    ("traces", "|".join(_TRACES)),
    ("tracking and registry", ""),
)
"""The first part whose words are in a test's name is its part."""
PASSED = "passed"


def outcomes(report: Path) -> dict[str, str]:
    """Return the outcome of each test of a report of pytest's, and the first line of why."""
    found = {}
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - pytest wrote it
        name = f"{case.get('classname')}::{case.get('name')}".replace("tests.", "", 1)
        told = [part for part in case if part.tag in {"failure", "error", "skipped"}]
        if not told:
            found[name] = PASSED
        elif told[0].tag == "skipped":
            found[name] = "skipped"
        else:
            found[name] = (told[0].get("message") or "failed").splitlines()[0]
    return found


def part(name: str) -> str:
    """Return the part that a test belongs to."""
    return next(part for part, words in PARTS if re.search(words, name))


def reasons() -> list[tuple[str, str]]:
    """Return the reasons of the file beside this one: a pattern of names, and the words."""
    with Path(__file__).with_name("reasons.toml").open("rb") as file:
        listed = tomllib.load(file)["reason"]
    return [(pattern, entry["why"]) for entry in listed for pattern in entry["tests"]]


def reason(name: str, known: Iterable[tuple[str, str]]) -> str | None:
    """Return why a test fails."""
    return next((why for pattern, why in known if re.search(pattern, name)), None)


def _table(stock: dict[str, str], ours: dict[str, str], missed: dict[str, str | None]) -> None:
    print(f"\n{'part':24}{'file':52}{'MLflow':>8}{'both':>6}{'reason':>8}{'open':>6}")
    groups: dict[tuple[str, str], list[str]] = {}
    for name, outcome in stock.items():
        if outcome == PASSED:
            file = name.partition("::")[0].partition(".Test")[0]
            groups.setdefault((part(name), file), []).append(name)
            groups.setdefault((part(name), "all"), []).append(name)
    for (of, file), names in sorted(groups.items(), key=lambda each: each[0]):
        both = sum(ours.get(name) == PASSED for name in names)
        explained = sum(bool(missed.get(name)) for name in names)
        short = len(names) - both - explained
        print(f"{of:24}{file:52}{len(names):8}{both:6}{explained:8}{short:6}")


def show(stock: dict[str, str], ours: dict[str, str]) -> int:
    """Print the table and every difference; return 1 when one has no reason."""
    known = reasons()
    missed = {
        name: reason(name, known)
        for name, outcome in stock.items()
        if outcome == PASSED and ours.get(name) != PASSED and part(name) != "not there"
    }
    _table(stock, ours, missed)
    for why in sorted({why for why in missed.values() if why}):
        print(f"\n{why}:")
        for name in sorted(name for name, told in missed.items() if told == why):
            print(f"  {name}")
    left = sorted(name for name, why in missed.items() if not why)
    for name in left:
        print(f"\nno reason: {name}\n  {ours.get(name, 'not run')}")
    for pattern, why in known:
        if not any(re.search(pattern, name) for name in missed):
            print(f"\nreason that fits nothing: {pattern}: {why}")
    return bool(left)


if __name__ == "__main__":
    sys.exit(show(outcomes(Path(sys.argv[1])), outcomes(Path(sys.argv[2]))))
