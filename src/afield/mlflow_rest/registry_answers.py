"""Registered models and their versions as messages, many at a time; and what is kept of texts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from afield.kernel.ids import ObjectId, new_run_id
from afield.mlflow_rest import registry_messages as rm
from afield.mlflow_rest.answers import whole_text
from afield.mlflow_rest.messages import KeyValue
from afield.mlflow_rest.names import check_length
from afield.mlflow_rest.route import Call
from afield.registry import query
from afield.registry.limits import DESCRIPTION_CHARS_MAX
from afield.registry.query import ModelVersion, Registered
from afield.runs.values import Keeper, hide_secrets

VERSIONS_TAG = "mlflow.modelVersions"


def models(call: Call, found: Sequence[Registered]) -> list[rm.Model]:
    """Return models as messages."""
    ask = call.workspace.query
    ids = [one.id for one in found]
    tags, aliases = query.model_tags(ask, ids), query.aliases(ask, ids)
    newest = query.newest_by_stage(ask, ids)
    latest = [one for each in newest.values() for one in each]
    told = dict(
        zip((one.place for one in latest), versions(call, latest, aliased=False), strict=True)
    )
    return [
        rm.Model(
            name=one.name,
            creation_timestamp=one.made_ms,
            last_updated_timestamp=one.touched_ms,
            description=_text(call, one.description),
            latest_versions=[told[each.place] for each in newest.get(one.id, [])],
            tags=_pairs(call, tags.get(one.id, {})),
            aliases=[
                rm.Alias(alias, str(number)) for alias, number in aliases.get(one.id, {}).items()
            ],
        )
        for one in found
    ]


def versions(
    call: Call, found: Sequence[ModelVersion], *, aliased: bool = True
) -> list[rm.Version]:
    """Return versions as messages, with the aliases that point at them."""
    ask = call.workspace.query
    tags = query.version_tags(ask, found)
    names: dict[tuple[str, int], list[str]] = {}
    if aliased:
        for model, points in query.aliases(ask, sorted({one.model for one in found})).items():
            for alias, number in points.items():
                names.setdefault((model, number), []).append(alias)
    return [
        rm.Version(
            name=one.name,
            version=str(one.number),
            creation_timestamp=one.made_ms,
            last_updated_timestamp=one.touched_ms,
            current_stage=one.stage,
            source=one.source,
            status="READY",
            description=_text(call, one.description) or "",
            run_id=one.run,
            tags=_pairs(call, tags[one.place]),
            run_link=one.run_link,
            aliases=names.get((one.model, one.number), []),
            model_id=one.logged_model,
        )
        for one in found
    ]


def versions_tags(call: Call, logged: Sequence[str]) -> dict[str, KeyValue]:
    """Return the tag of logged models that lists the versions they are, by the model's id."""
    found: dict[str, list[dict[str, object]]] = {}
    for one in query.of_logged(call.workspace.query, logged):
        told = {"name": one.name, "version": one.number}
        found.setdefault(one.logged_model or "", []).insert(0, told)
    return {model: KeyValue(VERSIONS_TAG, json.dumps(told)) for model, told in found.items()}


def keep_description(call: Call, text: str | None) -> ObjectId | None:
    """Put a description into the vault, durably, and return it; None for none.

    Raises:
        Rest: it is too long.
    """
    if not text:
        return None
    check_length("description", text, DESCRIPTION_CHARS_MAX)
    record = call.served.record
    clean = hide_secrets("description", text, known=record.secrets())
    found = record.vault.put(clean.encode("utf-8", "replace"), meta=True)
    record.vault.flush()
    return found


def keep_tags(
    call: Call, values: Mapping[str, str]
) -> list[tuple[dict[str, str], Sequence[ObjectId]]]:
    """Return tags as they stand in entries, as many at a time as fit one.

    Long values are objects, which are put into the vault, and returned beside them.
    """
    record = call.served.record
    keeper = Keeper(record.vault, secrets=record.secrets)
    drafts = list(keeper.params(new_run_id(), values))
    keeper.flush()
    return [(dict(draft.body["params"]), draft.refs) for draft in drafts]


def _pairs(call: Call, values: Mapping[str, str]) -> list[KeyValue]:
    return [KeyValue(name, whole_text(call, value)) for name, value in values.items()]


def _text(call: Call, found: str | None) -> str | None:
    return None if found is None else call.workspace.text_of(ObjectId(found))
