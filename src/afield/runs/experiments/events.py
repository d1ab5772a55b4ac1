"""The facts about experiments that are written to the journal, and how an experiment gets its id.

`about` is the experiment's id. Runs are not touched here: who renames an experiment moves them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from afield.journal import Draft
from afield.kernel.digest import digest

MADE = "experiment.made"
RENAMED = "experiment.renamed"
TAGGED = "experiment.tagged"
DELETED = "experiment.deleted"

EVENTS = (MADE, RENAMED, TAGGED, DELETED)

DEFAULT_ID = "0"
"""The id of experiment `default` of project `default`, which every workspace has."""

ID_DIGITS = 18
_DEFAULT = ("default", "default")


def id_of(project: str, name: str, turn: int = 0) -> str:
    """Return the decimal id of an experiment, the same for two people who make it apart.

    Args:
        project: its project.
        name: the name under which it is made.
        turn: one more for each id of that name that another experiment has already.
    """
    if (project, name) == _DEFAULT and turn == 0:
        return DEFAULT_ID
    words = f"{project}\n{name}\n{turn}" if turn else f"{project}\n{name}"
    low = 10 ** (ID_DIGITS - 1)
    return str(low + int(digest(words.encode())[:30], 16) % (9 * low))


def made(
    experiment: str, *, project: str, name: str, made_ms: int, location: str | None = None
) -> Draft:
    """Say that there is an experiment; `location` is where its files are, if it was chosen."""
    body: dict[str, Any] = {"project": project, "name": name, "made_ms": made_ms}
    if location is not None:
        body["location"] = location
    return Draft(MADE, experiment, body)


def renamed(experiment: str, *, project: str, name: str) -> Draft:
    """Give an experiment another name, or another project."""
    return Draft(RENAMED, experiment, {"project": project, "name": name})


def tagged(experiment: str, values: Mapping[str, str], unset: Sequence[str] = ()) -> Draft:
    """Set and unset tags."""
    return Draft(TAGGED, experiment, {"set": dict(values), "unset": list(unset)})


def deleted(experiment: str, *, gone: bool) -> Draft:
    """Hide an experiment from lists, or bring it back."""
    return Draft(DELETED, experiment, {"deleted": gone})
