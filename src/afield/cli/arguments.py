"""The types of words that commands take: a run, `key=value`, a tolerance.

Completion asks the workspace for run ids; everything else here is pure.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

import click

from afield.cli import words
from afield.cli.session import session_of
from afield.kernel.errors import Usage

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

RUNS_COMPLETED = 30
short = words.short


class RunName(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """A run by its id, any unique prefix of it, or its name; resolved by the workspace."""

    name = "run"

    def shell_complete(
        self,
        ctx: click.Context,
        param: click.Parameter,  # noqa: ARG002 - click's signature
        incomplete: str,
    ) -> list[CompletionItem]:
        """Return the newest runs whose id or name begins with what is typed."""
        from click.shell_completion import CompletionItem

        try:
            runs = session_of(ctx).workspace().runs(limit=RUNS_COMPLETED * 10)
        except Exception:  # noqa: BLE001 - a shell that completes must never see a fault
            return []
        found = []
        for run in runs:
            about = f"{run.name} ({run.status})"
            if run.id.startswith(incomplete):
                found.append(CompletionItem(short(run.id), help=about))
            elif run.name.startswith(incomplete):
                found.append(CompletionItem(run.name, help=run.id))
        return found[:RUNS_COMPLETED]


class KeyValue(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """One `key=value`; the value may be empty and may hold more `=`."""

    name = "k=v"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """Split at the first `=`."""
        key, sign, text = str(value).partition("=")
        if not sign or not key.strip():
            self.fail(f"`{value}` is not of the form key=value", param, ctx)
        return key.strip(), text


class Tolerances(NamedTuple):
    """How far numbers may differ: `all` of them, and the metrics of their own by name."""

    all: float
    metrics: Mapping[str, float]


class ToleranceWord(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """`X` for all numbers or `METRIC=X` for one metric; finite and not negative."""

    name = "tolerance"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str | None, float]:
        """Return the metric, or None for all numbers, and the largest relative difference."""
        metric, sign, text = str(value).rpartition("=")
        try:
            number = float(text)
        except ValueError:
            self.fail(f"`{text}` is not a number", param, ctx)
        if not 0 <= number < math.inf:
            self.fail(f"`{text}` is not a finite number of at least 0", param, ctx)
        if sign and not metric:
            self.fail(f"`{value}` names no metric", param, ctx)
        return metric or None, number


def tolerances(
    words: Iterable[tuple[str | None, float]], default: float, known: Collection[str]
) -> Tolerances:
    """Join the words of one command; the last one about a thing holds.

    Raises:
        Usage: a word names a metric that is not among the `known` ones.
    """
    given = dict(words)
    everything = given.pop(None, default)
    metrics = {name: x for name, x in given.items() if name is not None}
    for name, number in metrics.items():
        if name not in known:
            from difflib import get_close_matches  # seldom, and not light

            near = get_close_matches(name, known, 1)
            hint = f"--tolerance {near[0]}={number:g}" if near else "afield show RUN"
            raise Usage("cannot set a tolerance", name, "the run has no such metric", hint=hint)
    return Tolerances(everything, metrics)


RUN = RunName()
KEY_VALUE = KeyValue()
TOLERANCE = click.option(
    "--tolerance",
    "tolerance_words",
    multiple=True,
    type=ToleranceWord(),
    metavar="[METRIC=]X",
    help="Largest relative difference of numbers (1e-6 unless configured), or of one metric.",
)
