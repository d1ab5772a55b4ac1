"""Versions of registered models: register, find, describe, tag, stage, delete."""

from __future__ import annotations

from afield.journal import Draft, Entry
from afield.members.actions import Action
from afield.mlflow_rest import limits
from afield.mlflow_rest import registry_answers as answers
from afield.mlflow_rest import registry_messages as rm
from afield.mlflow_rest.decode import require
from afield.mlflow_rest.errors import STATE, Rest, invalid
from afield.mlflow_rest.messages import KeyValue
from afield.mlflow_rest.names import check_key, check_length
from afield.mlflow_rest.registered import (
    check_name,
    checked_stage,
    checked_tags,
    of_name,
    page_size,
    readable,
    version_named,
)
from afield.mlflow_rest.route import Call, Rpc
from afield.mlflow_rest.search.registered import PROMPT, Asked, search_versions
from afield.mlflow_rest.sources import check_source
from afield.registry import events, query
from afield.registry.limits import LINK_CHARS_MAX
from afield.registry.query import ModelVersion
from afield.registry.stages import ARCHIVED, IN_USE


def create(call: Call, asked: rm.CreateVersion) -> rm.VersionAnswer:
    """Register a version; its number is the next one."""
    require(name=asked.name, source=asked.source)
    check_name(asked.name)
    tags = checked_tags(asked.tags or ())
    link = check_length("run_link", asked.run_link or "", LINK_CHARS_MAX)
    model = of_name(call, asked.name, Action.MODEL_REGISTER)
    source = check_source(call, asked.source or "", prompt=PROMPT in tags)
    logged = asked.model_id or source.logged_model
    run = asked.run_id or source.run or _run_of(call, logged)
    text = answers.keep_description(call, asked.description)
    kept = answers.keep_tags(call, tags)
    first, refs = kept[0] if kept else ({}, ())
    made = events.versioned(
        model.id,
        source=source.text,
        location=source.location,
        run=check_length("run_id", run, limits.KEY_CHARS_MAX) if run else None,
        run_link=link or None,
        logged_model=check_length("model_id", logged, limits.KEY_CHARS_MAX) if logged else None,
        described=text,
        tags=first,
        refs=refs,
    )
    (entry,) = _append(call, made)
    place = (entry.device, entry.seq)
    call.append(
        *(events.tagged(model.id, told, version=place, refs=more) for told, more in kept[1:])
    )
    return _answer(call, model.id, place)


def get(call: Call, asked: rm.VersionRef) -> rm.VersionAnswer:
    """Return a version."""
    found = version_named(call, asked.name, asked.version, Action.MODEL_READ)
    return rm.VersionAnswer(answers.versions(call, [found])[0])


def update(call: Call, asked: rm.UpdateVersion) -> rm.VersionAnswer:
    """Describe a version."""
    found = version_named(call, asked.name, asked.version, Action.MODEL_REGISTER)
    text = answers.keep_description(call, asked.description)
    call.append(events.described(found.model, text, found.place))
    return _answer(call, found.model, found.place)


def delete(call: Call, asked: rm.VersionRef) -> None:
    """Delete a version; its number is not given again."""
    found = version_named(call, asked.name, asked.version, Action.MODEL_DELETE)
    call.append(events.deleted(found.model, gone=True, version=found.place))


def search(call: Call, asked: rm.Search) -> rm.VersionsAnswer:
    """Return a page of versions."""
    size = page_size(asked.max_results, limits.VERSIONS_PAGE_MAX, limits.VERSIONS_PAGE_MAX)
    wanted = Asked(asked.filter or "", asked.order_by or (), size, asked.page_token)
    found, token = search_versions(call.workspace, readable(call), wanted)
    return rm.VersionsAnswer(answers.versions(call, found, aliased=False), token)


def transition(call: Call, asked: rm.StageVersion) -> rm.VersionAnswer:
    """Say what a version is for; others may go out of use for it."""
    require(name=asked.name, version=asked.version, stage=asked.stage)
    stage = checked_stage(asked.stage)
    archives = asked.archive_existing_versions is True
    if archives and stage not in IN_USE:
        raise invalid(
            "Model version transition cannot archive existing model versions because"
            f" '{asked.stage}' is not an Active stage. Valid stages are {list(IN_USE)}"
        )
    found = version_named(call, asked.name, asked.version, Action.MODEL_STAGE)
    drafts = [events.staged(found.model, found.place, stage)]
    if archives:
        others = query.versions_where(
            call.workspace.query, "v.model = ? AND v.stage = ?", (found.model, stage)
        )
        drafts += [
            events.staged(one.model, one.place, ARCHIVED)
            for one in others
            if one.place != found.place
        ]
    call.append(*drafts)
    return _answer(call, found.model, found.place)


def location(call: Call, asked: rm.VersionRef) -> rm.Location:
    """Return where a version's files are."""
    found = version_named(call, asked.name, asked.version, Action.MODEL_READ)
    return rm.Location(found.location or found.source)


def set_tag(call: Call, asked: rm.VersionTag) -> None:
    """Set a tag."""
    require(name=asked.name, version=asked.version, key=asked.key)
    values = checked_tags([KeyValue(asked.key, asked.value)])
    found = version_named(call, asked.name, asked.version, Action.MODEL_REGISTER)
    kept = answers.keep_tags(call, values)
    call.append(
        *(events.tagged(found.model, told, version=found.place, refs=refs) for told, refs in kept)
    )


def delete_tag(call: Call, asked: rm.VersionTag) -> None:
    """Take a tag away; one that is not there is taken away already."""
    require(name=asked.name, version=asked.version, key=asked.key)
    key = check_key(asked.key, "name")
    found = version_named(call, asked.name, asked.version, Action.MODEL_REGISTER)
    if key in query.version_tags(call.workspace.query, [found])[found.place]:
        call.append(events.tagged(found.model, {}, [key], version=found.place))


def _append(call: Call, draft: Draft) -> list[Entry]:
    found = call.served.record.journal.append_many([draft], by=call.caller.member)
    call.workspace.catch_up()
    return found


def _run_of(call: Call, logged: str | None) -> str | None:
    """Return the run that made a logged model."""
    sql = "SELECT run FROM logged_models WHERE id = ? AND made_ms IS NOT NULL"
    return next((run for (run,) in call.workspace.query(sql, (logged or "",))), None)


def _answer(call: Call, model: str, place: events.Place) -> rm.VersionAnswer:
    found: ModelVersion | None = query.version_at(call.workspace.query, model, place)
    if found is None:
        raise Rest(STATE, "the version was deleted just now, or does not count from you")
    return rm.VersionAnswer(answers.versions(call, [found])[0])


_AT = "/mlflow/model-versions"
_READ, _REGISTER = Action.MODEL_READ, Action.MODEL_REGISTER
RPCS = (
    Rpc("POST", f"{_AT}/create", _REGISTER, rm.CreateVersion, create),
    Rpc("GET", f"{_AT}/get", _READ, rm.VersionRef, get),
    Rpc("PATCH", f"{_AT}/update", _REGISTER, rm.UpdateVersion, update),
    Rpc("DELETE", f"{_AT}/delete", Action.MODEL_DELETE, rm.VersionRef, delete),
    Rpc("GET", f"{_AT}/search", _READ, rm.Search, search),
    Rpc("POST", f"{_AT}/transition-stage", Action.MODEL_STAGE, rm.StageVersion, transition),
    Rpc("GET", f"{_AT}/get-download-uri", _READ, rm.VersionRef, location),
    Rpc("POST", f"{_AT}/set-tag", _REGISTER, rm.VersionTag, set_tag),
    Rpc("DELETE", f"{_AT}/delete-tag", _REGISTER, rm.VersionTag, delete_tag),
)
