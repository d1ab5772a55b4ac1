"""The options by which a decision is filled in, and what they mean to the record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from afield.workspace.workspace import Workspace

F = TypeVar("F", bound=Callable[..., Any])
_PROSE = {
    "context": "What the question is, and why now.",
    "drivers": "What matters for the choice.",
    "options": "What was considered, with what speaks for each.",
    "outcome": "What was chosen, and why.",
    "consequences": "What becomes easier and harder by it.",
    "confirmation": "How one will see that it was right.",
}
_MANY = {
    "deciders": ("--decider", "WHO", "Who decides; again."),
    "consulted": ("--consult", "WHO", "Who is asked for comments; again."),
    "informed": ("--inform", "WHO", "Who is told; again."),
    "evidence": ("--evidence", "WHAT", "run:NAME, data:NAME@3, …; again."),
    "supersedes": ("--supersedes", "DECISION", "The decision that it stands for; again."),
}
_PEOPLE = ("deciders", "consulted", "informed")
_LINKS = ("evidence", "supersedes")


def FIELDS(command: F) -> F:  # noqa: N802 - a decorator like click's own
    """Add the options of a decision's fields to a command."""
    told: Callable[[F], F] = click.option(
        "--review", metavar="DAY", help="When to look at it again: 2027-03-01."
    )
    command = told(command)
    for name, (option, metavar, text) in reversed(_MANY.items()):
        many: Callable[[F], F] = click.option(
            option, name, multiple=True, metavar=metavar, help=text
        )
        command = many(command)
    way: Callable[[F], F] = click.option(
        "--way", type=click.Choice(["two-way", "one-way"]), help="Whether there is a way back."
    )
    command = way(command)
    for name, text in reversed(_PROSE.items()):
        prose: Callable[[F], F] = click.option(f"--{name}", f"said_{name}", default="", help=text)
        command = prose(command)
    return command


def values_of(workspace: Workspace, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that a person filled in, members and links by what they are called."""
    from afield.workspace.team.links import link_to
    from afield.workspace.team.people import find_member

    values: dict[str, Any] = {name: given[f"said_{name}"] for name in _PROSE}
    values |= {name: given[name] for name in ("way", "review")}
    for name in _PEOPLE:
        values[name] = [find_member(workspace, one) for one in given[name]]
    for name in _LINKS:
        values[name] = [link_to(workspace, one) for one in given[name]]
    return {name: value for name, value in values.items() if value}
