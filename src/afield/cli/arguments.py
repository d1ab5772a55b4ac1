"""The types of words that commands take: a run, `key=value`, a tolerance.

Completion asks the workspace for run ids; everything else here is pure.
"""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from afield.cli.session import session_of

RUNS_COMPLETED = 30
SHORT_ID = 8


def short(run: str) -> str:
    """Return an id as people see and type it: its first eight characters."""
    return run[:SHORT_ID]


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


RUN = RunName()
KEY_VALUE = KeyValue()
