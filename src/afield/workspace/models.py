"""Registered models of a workspace: register, find, point aliases, set stages.

What the command line does; MLflow's protocol writes the same entries in its own words.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from afield.journal import Draft
from afield.kernel.ids import ObjectId, RunId
from afield.registry import events, query
from afield.registry.errors import (
    ModelNameBad,
    ModelNotFound,
    ModelVersionNotFound,
    StageBad,
)
from afield.registry.limits import ALIAS_CHARS_MAX, NAME_CHARS_MAX
from afield.registry.query import ModelVersion, Registered
from afield.registry.stages import ARCHIVED, IN_USE, STAGES, stage_of
from afield.runs.events import saved
from afield.runs.values import hide_secrets
from afield.workspace.views import RunView
from afield.workspace.workspace import Workspace

_NAME = re.compile(r"[^/:@\x00-\x1f\x7f]+")
_ALIAS = re.compile(r"[\w\-]+")
_RESERVED = re.compile(r"latest|[vV]?\d+", re.IGNORECASE)
_PLACE = re.compile(r"(\w+)-(\d{1,17})")
"""How a link names a version: the entry that registered it."""

_LATEST = "latest"


def register(
    workspace: Workspace, name: str, run: str, path: str = "", *, note: str | None = None
) -> ModelVersion:
    """Register what a run made as the next version of a model, which is made when it is missing.

    Args:
        workspace: where both are.
        name: of the model.
        run: the run, as people name it.
        path: of the file or folder among what it saved or wrote; empty for all that it saved.
        note: what there is to say of the version.

    Raises:
        ModelNameBad: no model can be called so.
        RunNotFound: there is no such run.
        ModelVersionNotFound: the run keeps nothing at this path.
    """
    if not _NAME.fullmatch(name) or len(name) > NAME_CHARS_MAX or name.strip(". ") == "":
        why = f"up to {NAME_CHARS_MAX} signs, none of them `/`, `:` or `@`"
        raise ModelNameBad("not a name for a model", name, why)
    found = workspace.run(run)
    inner = path.strip("/")
    drafts = _brought_along(workspace, found, inner) if inner else []
    model = query.model_named(workspace.query, name)
    if model is None:
        model_id = query.free_id(workspace.query, name)
        drafts.append(events.made(model_id, name=name, project=found.project))
    else:
        model_id = model.id
    source = f"runs:/{found.id}/{inner}"
    told = None if not note else _kept_text(workspace, note)
    drafts.append(events.versioned(model_id, source=source, run=found.id, described=told))
    entry = workspace.record.journal.append_many(drafts, durable=True)[-1]
    workspace.refresh()
    version = query.version_at(workspace.query, model_id, (entry.device, entry.seq))
    if version is None:
        raise ModelVersionNotFound("the version does not count", name, "it was refused")
    return version


def models(workspace: Workspace) -> list[Registered]:
    """Return all registered models, by name."""
    sql = f"SELECT {query.MODEL_COLUMNS} FROM {query.MODELS} r ORDER BY r.name"  # noqa: S608 - literals
    return [query.model_of_row(row) for row in workspace.query(sql)]


def find_model(workspace: Workspace, name: str) -> Registered:
    """Return the model of a name, or of the id that links and searches name it by.

    Raises:
        ModelNotFound: there is none.
    """
    ask = workspace.query
    found = query.model_named(ask, name) or query.model_with(ask, name)
    if found is None:
        raise ModelNotFound("no such model", name, hint="afield model list")
    return found


def find_version(workspace: Workspace, words: str) -> ModelVersion:
    """Return the version that `NAME@3`, `NAME@alias`, `NAME@latest`, `NAME` or a link's end means.

    Raises:
        ModelNotFound: there is no such model.
        ModelVersionNotFound: it has no such version.
    """
    name, sign, which = words.partition("@")
    model = find_model(workspace, name)
    ask = workspace.query
    version: ModelVersion | None = None
    if not sign or which == _LATEST:
        version = next(iter(query.versions_where(ask, "v.model = ?", (model.id,))), None)
    elif which.isdecimal() and len(which) < 18:  # noqa: PLR2004 - digits of 64 bits
        version = query.version_of(ask, model.id, int(which))
    else:
        number = query.aliases(ask, [model.id]).get(model.id, {}).get(which)
        if number is not None:
            version = query.version_of(ask, model.id, number)
        elif place := _PLACE.fullmatch(which):
            version = query.version_at(ask, model.id, (place[1], int(place[2])))
    if version is None:
        raise ModelVersionNotFound("no such version", words, hint=f"afield model show {name}")
    return version


def point(workspace: Workspace, version: ModelVersion, alias: str) -> None:
    """Point an alias at a version.

    Raises:
        ModelNameBad: no alias can be called so.
    """
    if not _ALIAS.fullmatch(alias) or len(alias) > ALIAS_CHARS_MAX or _RESERVED.fullmatch(alias):
        why = "letters, digits, `_` and `-`; neither `latest` nor a number"
        raise ModelNameBad("not an alias", alias, why)
    _append(workspace, events.aliased(version.model, alias, version.place))


def unpoint(workspace: Workspace, model: Registered, alias: str) -> None:
    """Take an alias away.

    Raises:
        ModelVersionNotFound: the model has no such alias.
    """
    if alias not in query.aliases(workspace.query, [model.id]).get(model.id, {}):
        hint = f"afield model show {model.name}"
        raise ModelVersionNotFound("no such alias", f"{model.name}@{alias}", hint=hint)
    _append(workspace, events.aliased(model.id, alias, None))


def set_stage(workspace: Workspace, version: ModelVersion, word: str, *, archive: bool) -> str:
    """Say what a version is for, and return the stage; `archive` the others that are in it.

    Raises:
        StageBad: there is no such stage, or it is none in use and `archive` is asked for.
    """
    stage = stage_of(word)
    if stage is None:
        raise StageBad("no such stage", word, f"one of {', '.join(STAGES)}")
    if archive and stage not in IN_USE:
        raise StageBad("nothing is archived for a stage that is not in use", word)
    drafts = [events.staged(version.model, version.place, stage)]
    if archive:
        where = "v.model = ? AND v.stage = ?"
        others = query.versions_where(workspace.query, where, (version.model, stage))
        drafts += [
            events.staged(one.model, one.place, ARCHIVED)
            for one in others
            if one.place != version.place
        ]
    _append(workspace, *drafts)
    return stage


def model_part(workspace: Workspace, model: Registered) -> dict[str, Any]:
    """Return a model with its versions and aliases as a document."""
    aliases = query.aliases(workspace.query, [model.id]).get(model.id, {})
    found = query.versions_where(workspace.query, "v.model = ?", (model.id,))
    return {
        "name": model.name,
        "project": model.project,
        "made": _time(model.made_ms),
        "description": _text(workspace, model.description),
        "aliases": aliases,
        "versions": [version_part(workspace, one) for one in found],
    }


def version_part(workspace: Workspace, one: ModelVersion) -> dict[str, Any]:
    """Return a version as a document."""
    return {
        "label": f"{one.name}@{one.number}",
        "link": f"model:{one.model}@{one.place[0]}-{one.place[1]}",
        "number": one.number,
        "stage": one.stage,
        "source": one.source,
        "run": one.run,
        "registered": _time(one.made_ms),
        "by": workspace.name_of(one.member),
        "description": _text(workspace, one.description),
    }


def _brought_along(workspace: Workspace, found: RunView, path: str) -> list[Draft]:
    """Return what must be said first: files that a captured run wrote count as saved from now on.

    Raises:
        ModelVersionNotFound: the run neither saved nor wrote this, or its bytes were not kept.
    """
    if _keeps(workspace, found.id, path):
        return []
    manifest = workspace.manifest(found)
    wrote = [
        one
        for one in (manifest.outputs if manifest is not None else ())
        if one.path == path or one.path.startswith(f"{path}/")
    ]
    hint = f"afield show {found.id}"
    if not wrote:
        raise ModelVersionNotFound("the run keeps no such file", path, hint=hint)
    drafts = [
        saved(RunId(found.id), one.path, ObjectId(one.digest), one.size_bytes)
        for one in wrote
        if one.kept and one.digest is not None
    ]
    if len(drafts) < len(wrote):
        raise ModelVersionNotFound(
            "cannot register", path, "the run wrote it, and its bytes were not kept", hint=hint
        )
    return drafts


def _keeps(workspace: Workspace, run: str, path: str) -> bool:
    sql = (
        "SELECT 1 FROM saved WHERE run = ? AND object IS NOT NULL"
        " AND (path = ? OR (path >= ? AND path < ?)) LIMIT 1"
    )
    return bool(workspace.query(sql, (run, path, f"{path}/", f"{path}0")))


def _kept_text(workspace: Workspace, text: str) -> ObjectId:
    record = workspace.record
    clean = hide_secrets("note", text, known=record.secrets())
    found = record.vault.put(clean.encode("utf-8", "replace"), meta=True)
    record.vault.flush()
    return found


def _time(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)


def _text(workspace: Workspace, found: str | None) -> str | None:
    return None if found is None else workspace.text_of(ObjectId(found))


def _append(workspace: Workspace, *drafts: Draft) -> None:
    workspace.record.journal.append_many(drafts, durable=True)
    workspace.refresh()
