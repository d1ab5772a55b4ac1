"""The options by which a line of a handover is filled in, and what they mean to the record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from afield.workspace.workspace import Workspace

F = TypeVar("F", bound=Callable[..., Any])
_LINE: tuple[tuple[str, str, str, str], ...] = (
    ("--severity", "severity", "WORD", "stable, watch or unstable."),
    ("--about", "about", "WHAT", "What it is about: run:NAME, data:NAME@3, …"),
    ("--assessment", "assessment", "TEXT", "How it is, as you see it."),
    ("--if", "condition", "TEXT", "What may happen, in your words."),
    ("--when", "when", "QUERY", "The same for the machine: 'metrics.loss > 2'; looked after."),
    ("--then", "then", "TEXT", "What to do then."),
    ("--call", "call", "WHO", "Whom to call when that does not help."),
)


def LINE(command: F) -> F:  # noqa: N802 - a decorator like click's own
    """Add the options of a line to a command."""
    for option, name, metavar, text in reversed(_LINE):
        told: Callable[[F], F] = click.option(option, name, metavar=metavar, help=text)
        command = told(command)
    return command


def line_values(workspace: Workspace, given: Mapping[str, str | None]) -> dict[str, Any]:
    """Return by field what the options say."""
    from afield.workspace.team.links import link_to
    from afield.workspace.team.people import find_member

    found: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if "about" in found:
        found["about"] = link_to(workspace, found["about"])
    if "call" in found:
        found["call"] = find_member(workspace, found["call"])
    return found
