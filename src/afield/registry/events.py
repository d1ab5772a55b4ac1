"""The facts about registered models, and how a model gets its id.

`about` is the model's id. A version is named by the entry that registered it, (device, seq): its
number is its place among the versions of its model, and stands in no entry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from afield.journal import Draft
from afield.kernel.digest import digest
from afield.kernel.ids import ObjectId
from afield.registry.limits import ID_CHARS

MADE = "registry.made"
RENAMED = "registry.renamed"
VERSIONED = "registry.versioned"
DESCRIBED = "registry.described"
TAGGED = "registry.tagged"
STAGED = "registry.staged"
ALIASED = "registry.aliased"
DELETED = "registry.deleted"

EVENTS = (MADE, RENAMED, VERSIONED, DESCRIBED, TAGGED, STAGED, ALIASED, DELETED)

Place = tuple[str, int]
"""The device and number of the entry that registered a version."""


def id_of(name: str, turn: int = 0) -> str:
    """Return the id of a model, the same for two people who make it apart.

    Args:
        name: the name under which it is made.
        turn: one more for each model of that name that was made before, and renamed or deleted.
    """
    words = f"{name}\n{turn}" if turn else name
    return f"rm-{digest(words.encode())[:ID_CHARS]}"


def made(model: str, *, name: str, project: str) -> Draft:
    """Say that there is a model; one that was deleted is there again."""
    return Draft(MADE, model, {"name": name, "project": project})


def renamed(model: str, name: str) -> Draft:
    """Give a model another name; its versions stay its own."""
    return Draft(RENAMED, model, {"name": name})


def versioned(
    model: str,
    *,
    source: str,
    location: str | None = None,
    run: str | None = None,
    run_link: str | None = None,
    logged_model: str | None = None,
    described: ObjectId | None = None,
    tags: Mapping[str, str] | None = None,
    refs: Sequence[ObjectId] = (),
) -> Draft:
    """Register a version.

    Args:
        model: the model that it is one of.
        source: where its files are, in the words of whoever registers it.
        location: where they are in the end, when `source` names another model.
        run: the run that made it.
        run_link: a page about that run elsewhere.
        logged_model: the logged model that it is.
        described: a text about it.
        tags: its first tags; long values are `object:<id>`.
        refs: the objects that `tags` name.
    """
    optional = {
        "location": location,
        "run": run,
        "run_link": run_link,
        "logged_model": logged_model,
        "described": described,
        "tags": dict(tags or {}) or None,
    }
    body: dict[str, Any] = {"source": source}
    body.update({name: value for name, value in optional.items() if value is not None})
    return Draft(VERSIONED, model, body, (*refs, *(() if described is None else (described,))))


def described(model: str, text: ObjectId | None, version: Place | None = None) -> Draft:
    """Describe a model, or a version of it; None takes the description away."""
    return Draft(DESCRIBED, model, {"text": text, **_at(version)}, () if text is None else (text,))


def tagged(
    model: str,
    values: Mapping[str, str],
    unset: Sequence[str] = (),
    *,
    version: Place | None = None,
    refs: Sequence[ObjectId] = (),
) -> Draft:
    """Set and unset tags of a model, or of a version; `refs` are the objects of long values."""
    body = {"set": dict(values), "unset": list(unset), **_at(version)}
    return Draft(TAGGED, model, body, tuple(refs))


def staged(model: str, version: Place, stage: str) -> Draft:
    """Say what a version is for, one of `stages.STAGES`."""
    return Draft(STAGED, model, {"stage": stage, **_at(version)})


def aliased(model: str, alias: str, version: Place | None) -> Draft:
    """Point an alias at a version; None takes the alias away."""
    return Draft(ALIASED, model, {"alias": alias, **_at(version)})


def deleted(model: str, *, gone: bool, version: Place | None = None) -> Draft:
    """Put a model, or a version of it, out of sight, or bring it back; numbers stay."""
    return Draft(DELETED, model, {"deleted": gone, **_at(version)})


def _at(version: Place | None) -> dict[str, Any]:
    return {} if version is None else {"version": list(version)}
