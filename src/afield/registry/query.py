"""Questions about registered models, answered from the projection.

A version's number is its place among all versions of its model, deleted ones counted, in the
order of (`at`, `device`, `seq`): the same for everybody who has the same entries. Somebody who
registered offline may see a number change once the others' versions arrive.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from afield.kernel.clock import stamp_to_ms
from afield.projection.owners import Ask
from afield.registry.events import Place, id_of
from afield.registry.limits import NEAR_CHARS
from afield.registry.stages import NONE

_AT_ONCE = 500
_NAME = "COALESCE(m.name, m.first_name)"
_OLDER = "ORDER BY m.made, m.id"
MODELS = (
    "(SELECT m.id AS id, CASE WHEN ROW_NUMBER() OVER"  # noqa: S608 - literals
    f" (PARTITION BY {_NAME} {_OLDER}) = 1 THEN {_NAME}"
    f" ELSE {_NAME} || '~' || substr(m.id, 4, {NEAR_CHARS}) END AS name, m.project AS project,"
    " m.made AS made, m.touched_ms AS touched_ms, m.renamed_ms AS renamed_ms,"
    " m.description AS description FROM registered_models m"
    " WHERE m.made IS NOT NULL AND m.deleted IS NOT TRUE)"
)
"""The models that were not deleted, each under a name of its own.

Of two models that took one name apart, the later one shows a part of its id behind it.
"""

NUMBERED = (
    "(SELECT v.*, ROW_NUMBER() OVER (PARTITION BY v.model ORDER BY v.at, v.device, v.seq)"
    " AS number FROM model_versions v WHERE v.at IS NOT NULL)"
)
"""All versions with their numbers, deleted ones too."""

MODEL_COLUMNS = "r.id, r.name, r.project, r.made, r.touched_ms, r.description"
VERSION_COLUMNS = (
    "r.id, r.name, r.project, v.number, v.device, v.seq, v.at, v.source, v.location, v.run,"
    " v.run_link, v.logged_model, v.member, v.stage, v.description, v.touched_ms, r.renamed_ms"
)
VERSIONS = f"{NUMBERED} v JOIN {MODELS} r ON r.id = v.model"
"""What `VERSION_COLUMNS` are taken from; `LIVE` leaves the deleted ones out."""

LIVE = "v.deleted IS NOT TRUE"


@dataclass(frozen=True, slots=True)
class Registered:
    """One registered model.

    Attributes:
        name: what it is called; no other model here is.
        made: the stamp of the entry that made it.
        description: a text, or None.
    """

    id: str
    name: str
    project: str
    made: int
    touched_ms: int
    description: str | None

    @property
    def made_ms(self) -> int:
        """When it was made, in Unix milliseconds."""
        return stamp_to_ms(self.made)


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """One version of a registered model.

    Attributes:
        model: the id of its model.
        name: of its model.
        number: from 1, in the order in which versions were registered.
        place: the entry that registered it.
        source: where its files are, in the words of who registered it.
        location: where they are in the end, when `source` names another model.
        description: a text, or None.
    """

    model: str
    name: str
    project: str
    number: int
    place: Place
    at: int
    source: str
    location: str | None
    run: str | None
    run_link: str | None
    logged_model: str | None
    member: str
    stage: str
    description: str | None
    touched_ms: int

    @property
    def made_ms(self) -> int:
        """When it was registered, in Unix milliseconds."""
        return stamp_to_ms(self.at)


def free_id(ask: Ask, name: str) -> str:
    """Return the id that a model of this name gets when it is made: that of no other."""
    turn = 0
    sql = "SELECT 1 FROM registered_models WHERE id = ? AND made IS NOT NULL"
    while ask(sql, (id_of(name, turn),)):
        turn += 1
    return id_of(name, turn)


def model_named(ask: Ask, name: str) -> Registered | None:
    """Return the model of a name, or None."""
    sql = f"SELECT {MODEL_COLUMNS} FROM {MODELS} r WHERE r.name = ?"  # noqa: S608 - literals
    rows = ask(sql, (name,))
    return model_of_row(rows[0]) if rows else None


def model_with(ask: Ask, id_: str) -> Registered | None:
    """Return the model of an id, or None."""
    sql = f"SELECT {MODEL_COLUMNS} FROM {MODELS} r WHERE r.id = ?"  # noqa: S608 - literals
    rows = ask(sql, (id_,))
    return model_of_row(rows[0]) if rows else None


def version_of(ask: Ask, model: str, number: int) -> ModelVersion | None:
    """Return a version that was not deleted, or None."""
    found = versions_where(ask, "v.model = ? AND v.number = ?", (model, number))
    return found[0] if found else None


def version_at(ask: Ask, model: str, place: Place) -> ModelVersion | None:
    """Return the version that an entry registered, unless it was deleted."""
    where = "v.model = ? AND v.device = ? AND v.seq = ?"
    found = versions_where(ask, where, (model, *place))
    return found[0] if found else None


def versions_where(ask: Ask, where: str, args: Sequence[Any]) -> list[ModelVersion]:
    """Return the versions that fit and were not deleted, newest first."""
    sql = (
        f"SELECT {VERSION_COLUMNS} FROM {VERSIONS} WHERE {LIVE} AND {where}"  # noqa: S608 - literals
        " ORDER BY r.name, v.number DESC"
    )
    return [version_of_row(row) for row in ask(sql, args)]


def of_logged(ask: Ask, logged: Sequence[str]) -> list[ModelVersion]:
    """Return the versions that are one of these logged models."""
    marks = ", ".join("?" * len(logged))
    sql = f"SELECT DISTINCT model FROM model_versions WHERE logged_model IN ({marks})"  # noqa: S608 - marks
    models = [model for (model,) in ask(sql, logged)]
    if not models:
        return []
    where = f"v.model IN ({', '.join('?' * len(models))}) AND v.logged_model IN ({marks})"
    return versions_where(ask, where, (*models, *logged))


def newest_by_stage(ask: Ask, models: Sequence[str]) -> dict[str, list[ModelVersion]]:
    """Return the newest version in each stage, by model, the newest first."""
    if not models:
        return {}
    found: dict[str, dict[str, ModelVersion]] = {}
    marks = ", ".join("?" * len(models))
    for one in versions_where(ask, f"v.model IN ({marks})", models):
        found.setdefault(one.model, {}).setdefault(one.stage, one)
    return {model: list(by_stage.values()) for model, by_stage in found.items()}


def aliases(ask: Ask, models: Sequence[str]) -> dict[str, dict[str, int]]:
    """Return the number of the version that each alias points at, by model."""
    if not models:
        return {}
    marks = ", ".join("?" * len(models))
    sql = (
        "SELECT a.model, a.alias, v.number FROM registered_model_aliases a"  # noqa: S608 - literals
        f" JOIN {NUMBERED} v ON v.model = a.model AND v.device = a.device AND v.seq = a.seq"
        f" WHERE a.model IN ({marks}) AND v.model IN ({marks}) AND {LIVE} ORDER BY 1, 2"
    )
    found: dict[str, dict[str, int]] = {}
    for model, alias, number in ask(sql, (*models, *models)):
        found.setdefault(model, {})[alias] = number
    return found


def model_tags(ask: Ask, models: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return tags, by model and name."""
    if not models:
        return {}
    sql = (
        "SELECT model, name, value FROM registered_model_tags WHERE value IS NOT NULL"  # noqa: S608 - marks
        f" AND model IN ({', '.join('?' * len(models))}) ORDER BY model, name"
    )
    found: dict[str, dict[str, str]] = {}
    for model, name, value in ask(sql, models):
        found.setdefault(model, {})[name] = value
    return found


def version_tags(ask: Ask, versions: Sequence[ModelVersion]) -> dict[Place, dict[str, str]]:
    """Return the tags of versions, by their place and name."""
    found: dict[Place, dict[str, str]] = {one.place: {} for one in versions}
    for start in range(0, len(versions), _AT_ONCE):
        some = versions[start : start + _AT_ONCE]
        models = sorted({one.model for one in some})
        sql = (
            "SELECT device, seq, name, value FROM model_version_tags WHERE value IS NOT NULL"  # noqa: S608 - marks
            f" AND model IN ({', '.join('?' * len(models))})"
            f" AND seq IN ({', '.join('?' * len(some))}) ORDER BY device, seq, name"
        )
        for device, seq, name, value in ask(sql, (*models, *(one.place[1] for one in some))):
            if (device, seq) in found:
                found[device, seq][name] = value
    return found


def model_of_row(row: tuple[Any, ...]) -> Registered:
    """Return the model of a row of `MODEL_COLUMNS`."""
    model, name, project, made, touched_ms, description = row
    return Registered(
        model, name, project, made, max(touched_ms or 0, stamp_to_ms(made)), description
    )


def version_of_row(row: tuple[Any, ...]) -> ModelVersion:
    """Return the version of a row of `VERSION_COLUMNS`."""
    model, name, project, number, device, seq, at, *told, touched_ms, renamed_ms = row
    source, location, run, run_link, logged_model, member, stage, description = told
    return ModelVersion(
        model=model,
        name=name,
        project=project,
        number=number,
        place=(device, seq),
        at=at,
        source=source,
        location=location,
        run=run,
        run_link=run_link,
        logged_model=logged_model,
        member=member,
        stage=stage or NONE,
        description=description,
        touched_ms=max(touched_ms or 0, renamed_ms or 0, stamp_to_ms(at)),
    )
