"""Registered models: make, find, rename, describe, tag, delete; their aliases."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Sequence

from afield.members.actions import Action
from afield.mlflow_rest import known, limits
from afield.mlflow_rest import registry_answers as answers
from afield.mlflow_rest import registry_messages as rm
from afield.mlflow_rest.decode import missing_value, require
from afield.mlflow_rest.errors import EXISTS, Rest, invalid, missing
from afield.mlflow_rest.messages import KeyValue
from afield.mlflow_rest.names import check_key, check_length
from afield.mlflow_rest.route import Call, Rpc
from afield.mlflow_rest.search.registered import PROMPT, Asked, search_models
from afield.mlflow_rest.sources import as_number
from afield.registry import events, query
from afield.registry.limits import ALIAS_CHARS_MAX, NAME_CHARS_MAX
from afield.registry.query import ModelVersion, Registered
from afield.registry.stages import STAGES, stage_of

_ALIAS = re.compile(r"[\w\-]*")
_RESERVED = re.compile(r"[vV]\d+")
_LATEST = "latest"


def create(call: Call, asked: rm.CreateModel) -> rm.ModelAnswer:
    """Make a model."""
    require(name=asked.name)
    name = check_name(asked.name)
    tags = checked_tags(asked.tags or ())
    project = tags.get(known.PROJECT_TAG, known.HOME.project)
    call.need(Action.MODEL_REGISTER, project)
    other = query.model_named(call.workspace.query, name)
    if other is not None:
        raise _taken(call, other, prompt=tags.get(PROMPT, "").lower() == "true")
    model = query.free_id(call.workspace.query, name)
    kept = answers.keep_tags(call, tags)
    text = answers.keep_description(call, asked.description)
    drafts = [events.made(model, name=name, project=project)]
    drafts += [events.tagged(model, values, refs=refs) for values, refs in kept]
    if text is not None:
        drafts.append(events.described(model, text))
    call.append(*drafts)
    return _answer(call, name)


def get(call: Call, asked: rm.ModelNamed) -> rm.ModelAnswer:
    """Return a model."""
    found = of_name(call, asked.name, Action.MODEL_READ)
    return rm.ModelAnswer(answers.models(call, [found])[0])


def rename(call: Call, asked: rm.RenameModel) -> rm.ModelAnswer:
    """Give a model another name."""
    require(name=asked.name, new_name=asked.new_name)
    if not (asked.new_name or "").strip():
        raise missing_value("new_name")
    new = check_name(asked.new_name)
    found = of_name(call, asked.name, Action.MODEL_REGISTER)
    if query.model_named(call.workspace.query, new) is not None:
        raise Rest(EXISTS, f"Registered Model (name={new}) already exists.")
    call.append(events.renamed(found.id, new))
    return _answer(call, new)


def update(call: Call, asked: rm.UpdateModel) -> rm.ModelAnswer:
    """Describe a model."""
    found = of_name(call, asked.name, Action.MODEL_REGISTER)
    text = answers.keep_description(call, asked.description)
    call.append(events.described(found.id, text))
    return _answer(call, found.name)


def delete(call: Call, asked: rm.ModelNamed) -> None:
    """Delete a model with its versions."""
    found = of_name(call, asked.name, Action.MODEL_DELETE)
    call.append(events.deleted(found.id, gone=True))


def search(call: Call, asked: rm.Search) -> rm.ModelsAnswer:
    """Return a page of models."""
    size = page_size(asked.max_results, limits.REGISTERED_PAGE, limits.REGISTERED_PAGE_MAX)
    wanted = Asked(asked.filter or "", asked.order_by or (), size, asked.page_token)
    found, token = search_models(call.workspace, readable(call), wanted)
    return rm.ModelsAnswer(answers.models(call, found), token)


def latest(call: Call, asked: rm.Latest) -> rm.VersionsAnswer:
    """Return the newest version in each of some stages, or in each of all."""
    found = of_name(call, asked.name, Action.MODEL_READ)
    stages = {checked_stage(each) for each in asked.stages or STAGES}
    newest = query.newest_by_stage(call.workspace.query, [found.id]).get(found.id, [])
    wanted = [one for one in newest if one.stage in stages]
    return rm.VersionsAnswer(answers.versions(call, wanted))


def set_tag(call: Call, asked: rm.ModelTag) -> None:
    """Set a tag."""
    require(name=asked.name, key=asked.key)
    values = checked_tags([KeyValue(asked.key, asked.value)])
    found = of_name(call, asked.name, Action.MODEL_REGISTER)
    kept = answers.keep_tags(call, values)
    call.append(*(events.tagged(found.id, told, refs=refs) for told, refs in kept))


def delete_tag(call: Call, asked: rm.ModelTag) -> None:
    """Take a tag away; one that is not there is taken away already."""
    require(name=asked.name, key=asked.key)
    key = check_key(asked.key, "name")
    found = of_name(call, asked.name, Action.MODEL_REGISTER)
    if key in query.model_tags(call.workspace.query, [found.id]).get(found.id, {}):
        call.append(events.tagged(found.id, {}, [key]))


def set_alias(call: Call, asked: rm.ModelAlias) -> None:
    """Point an alias at a version."""
    require(name=asked.name, alias=asked.alias, version=asked.version)
    alias = _checked_alias(asked.alias)
    if alias.lower() == _LATEST:
        raise invalid("'latest' alias name (case insensitive) is reserved.")
    if _RESERVED.fullmatch(alias):
        raise invalid(f"Version alias name '{alias}' is reserved.")
    found = version_named(call, asked.name, asked.version, Action.MODEL_STAGE)
    call.append(events.aliased(found.model, alias, found.place))


def delete_alias(call: Call, asked: rm.ModelAlias) -> None:
    """Take an alias away; one that is not there is taken away already."""
    require(name=asked.name, alias=asked.alias)
    alias = _checked_alias(asked.alias)
    found = of_name(call, asked.name, Action.MODEL_STAGE)
    if alias in query.aliases(call.workspace.query, [found.id]).get(found.id, {}):
        call.append(events.aliased(found.id, alias, None))


def by_alias(call: Call, asked: rm.ModelAlias) -> rm.VersionAnswer:
    """Return the version at which an alias points; `latest` is the newest."""
    require(name=asked.name, alias=asked.alias)
    alias = _checked_alias(asked.alias)
    ask = call.workspace.query
    found = of_name(call, asked.name, Action.MODEL_READ)
    if alias.lower() == _LATEST:
        newest = query.newest_by_stage(ask, [found.id]).get(found.id, [])
        if not newest:
            raise missing(f"Latest version not found for model {found.name}.")
        return rm.VersionAnswer(answers.versions(call, newest[:1])[0])
    number = query.aliases(ask, [found.id]).get(found.id, {}).get(alias)
    version = None if number is None else query.version_of(ask, found.id, number)
    if version is None:
        raise invalid(f"Registered model alias {alias} not found.")
    return rm.VersionAnswer(answers.versions(call, [version])[0])


def check_name(name: str | None) -> str:
    """Return a name that a model can have.

    Raises:
        Rest: it is none.
    """
    if name is None or not name.strip():
        raise missing_value("name")
    if "/" in name or ":" in name:
        raise invalid(f"Invalid model name '{name}'. Names cannot contain '/' or ':'.")
    if posixpath.normpath(name) != name or name in (".", ".."):
        raise invalid(
            f"Invalid value {json.dumps(name)} for parameter 'name' supplied: Names may be treated"
            " as files in certain cases, and must not resolve to other names when treated as such."
        )
    if any(ord(sign) < 0x20 or ord(sign) == 0x7F for sign in name):  # noqa: PLR2004 - control signs
        raise invalid("Invalid model name: it has control characters in it")
    return check_length("name", name, NAME_CHARS_MAX)


def checked_tags(pairs: Sequence[KeyValue]) -> dict[str, str]:
    """Return tags of a model or a version.

    Raises:
        Rest: a key or a value cannot be kept.
    """
    found: dict[str, str] = {}
    for pair in pairs:
        key = check_length("key", check_key(pair.key, "name"), limits.KEY_CHARS_MAX)
        found[key] = check_length("value", pair.value or "", limits.REGISTRY_TAG_CHARS_MAX)
    return found


def checked_stage(word: str | None) -> str:
    """Return the stage that a word names.

    Raises:
        Rest: it names none.
    """
    found = stage_of(word or "")
    if found is None:
        raise invalid(
            f"Invalid Model Version stage: {word}. Value must be one of {', '.join(STAGES)}."
        )
    return found


def of_name(call: Call, name: str | None, action: Action) -> Registered:
    """Return the model of a name, to which the caller may do something.

    Raises:
        Rest: there is none.
        ActionNotAllowed: the caller may not.
    """
    require(name=name)
    found = query.model_named(call.workspace.query, check_name(name))
    if found is None:
        raise missing(f"Registered Model with name={name} not found")
    call.need(action, found.project)
    return found


def version_named(call: Call, name: str | None, version: rm.Number, action: Action) -> ModelVersion:
    """Return a version, to which the caller may do something.

    Raises:
        Rest: there is none.
        ActionNotAllowed: the caller may not.
    """
    require(name=name, version=version)
    asked, number = check_name(name), as_number(version)
    ask = call.workspace.query
    model = query.model_named(ask, asked)
    found = None if model is None else query.version_of(ask, model.id, number)
    if found is None:
        raise missing(f"Model Version (name={name}, version={version}) not found")
    call.need(action, found.project)
    return found


def readable(call: Call) -> list[str]:
    """Return the projects whose models the caller may see."""
    rows = call.workspace.query("SELECT DISTINCT project FROM registered_models")
    return [
        project
        for (project,) in rows
        if project is not None and call.caller.may(Action.MODEL_READ, project).allowed
    ]


def page_size(asked: int | None, default: int, most: int) -> int:
    """Return how many a page has.

    Raises:
        Rest: that is too many, or none.
    """
    size = default if asked is None else asked
    if size < 1:
        raise invalid(
            f"Invalid value for max_results. It must be a positive integer, but got value {size}"
        )
    if size > most:
        raise invalid(
            "Invalid value for request parameter max_results. It must be at most"
            f" {most}, but got value {size}"
        )
    return size


def _checked_alias(alias: str | None) -> str:
    if not alias or not _ALIAS.fullmatch(alias):
        raise invalid(
            f"Invalid alias name: '{alias}'. Names may only contain alphanumerics, underscores (_),"
            " and dashes (-)."
        )
    return check_length("Registered model alias name", alias, ALIAS_CHARS_MAX)


def _taken(call: Call, other: Registered, *, prompt: bool) -> Rest:
    tags = query.model_tags(call.workspace.query, [other.id]).get(other.id, {})
    was_prompt = tags.get(PROMPT, "").lower() == "true"
    kind, old = ("Prompt" if is_one else "Registered Model" for is_one in (prompt, was_prompt))
    if kind == old:
        return Rest(EXISTS, f"{kind} (name={other.name}) already exists.")
    return Rest(
        EXISTS,
        f"Tried to create a {kind.lower()} with name '{other.name}', but the name is already taken"
        f" by a {old.lower()}. A model and a prompt cannot have the same name.",
    )


def _answer(call: Call, name: str) -> rm.ModelAnswer:
    found = query.model_named(call.workspace.query, name)
    if found is None:
        raise missing(f"Registered Model with name={name} not found")
    return rm.ModelAnswer(answers.models(call, [found])[0])


_AT = "/mlflow/registered-models"
_READ, _REGISTER, _STAGE = Action.MODEL_READ, Action.MODEL_REGISTER, Action.MODEL_STAGE
RPCS = (
    Rpc("POST", f"{_AT}/create", _REGISTER, rm.CreateModel, create),
    Rpc("GET", f"{_AT}/get", _READ, rm.ModelNamed, get),
    Rpc("POST", f"{_AT}/rename", _REGISTER, rm.RenameModel, rename),
    Rpc("PATCH", f"{_AT}/update", _REGISTER, rm.UpdateModel, update),
    Rpc("DELETE", f"{_AT}/delete", Action.MODEL_DELETE, rm.ModelNamed, delete),
    Rpc("GET", f"{_AT}/search", _READ, rm.Search, search),
    Rpc("POST", f"{_AT}/get-latest-versions", _READ, rm.Latest, latest),
    Rpc("GET", f"{_AT}/get-latest-versions", _READ, rm.Latest, latest),
    Rpc("POST", f"{_AT}/set-tag", _REGISTER, rm.ModelTag, set_tag),
    Rpc("DELETE", f"{_AT}/delete-tag", _REGISTER, rm.ModelTag, delete_tag),
    Rpc("POST", f"{_AT}/alias", _STAGE, rm.ModelAlias, set_alias),
    Rpc("DELETE", f"{_AT}/alias", _STAGE, rm.ModelAlias, delete_alias),
    Rpc("GET", f"{_AT}/alias", _READ, rm.ModelAlias, by_alias),
)
