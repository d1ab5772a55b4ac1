"""The nodes of a trace, each by itself: what is known of a run, of data, of a model, of an item."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

from afield.datasets.query import Version
from afield.kernel.errors import AfieldError
from afield.registry.query import ModelVersion
from afield.runs.manifest import Manifest
from afield.teamwork import query
from afield.teamwork.query import Item
from afield.teamwork.shapes import Type
from afield.teamwork.sorts import SORT_OF
from afield.workspace.data_documents import card_part
from afield.workspace.datasets import card_of, message_of, source_of
from afield.workspace.documents import summary
from afield.workspace.models import version_part
from afield.workspace.team.items import title_of
from afield.workspace.views import RunView
from afield.workspace.why.subject import Metric
from afield.workspace.workspace import Workspace

NOTES_MAX = 5
PARAMS_MAX = 50
Node = dict[str, Any]


def node(
    kind: str,
    id_: str,
    label: str,
    *,
    project: str | None = None,
    at: datetime | None = None,
    by: str | None = None,
    facts: dict[str, Any] | None = None,
    said: list[dict[str, Any]] | None = None,
) -> Node:
    """Return a node; `via` says how it hangs on the one above it, `above` that it is told there."""
    return {
        "kind": kind,
        "id": id_,
        "label": label,
        "project": project,
        "at": at,
        "by": by,
        "via": None,
        "above": False,
        "facts": facts or {},
        "said": said or [],
        "sources": [],
    }


def metric_node(asked: Metric) -> Node:
    """Return a number of a run."""
    found = node("metric", f"{asked.run.id}:metrics.{asked.name}", asked.name)
    found["project"], found["facts"] = asked.run.project, summary(asked.summary)
    return found


def run_node(workspace: Workspace, view: RunView) -> Node:
    """Return a run: by whom, from which code, in which environment, how well it repeats."""
    facts: dict[str, Any] = {
        "status": view.status,
        "exception": view.exception,
        "host": view.host,
        "params": dict(itertools.islice(view.params.items(), PARAMS_MAX)),
        "deleted": view.deleted,
        "reproductions": _reproductions(workspace, view),
        "command": None,
        "code": None,
        "environment": None,
    }
    try:
        manifest = workspace.manifest(view)
    except AfieldError:  # its bytes are elsewhere
        manifest = None
    if manifest is not None:
        facts |= _made_of(manifest)
    elif view.facts:
        told = {name: view.facts.get(name) for name in ("commit", "branch", "dirty")}
        facts["code"] = {**told, "tree": None, "files": None}
        facts["environment"] = {"python": view.facts.get("python"), "packages": None}
    return node(
        "run",
        view.id,
        view.name,
        project=view.project,
        at=view.started,
        by=view.user,
        facts=facts,
        said=[*_notes(workspace, view), *_named_by(workspace, f"run:{view.id}")],
    )


def version_node(workspace: Workspace, version: Version) -> Node:
    """Return a version of data, with its card."""
    return node(
        "data",
        f"{version.name}@{version.tree}",
        version.label,
        at=_time(version.added_ms),
        by=workspace.name_of(version.member),
        facts={
            "files": version.files,
            "size_bytes": version.size_bytes,
            "tree": version.tree,
            "message": message_of(workspace, version),
            "source": source_of(workspace, version),
            "dropped": version.dropped,
            "card": card_part(card_of(workspace, version.name)),
        },
        said=_named_by(workspace, f"data:{version.name}@{version.tree}"),
    )


def model_node(workspace: Workspace, version: ModelVersion) -> Node:
    """Return a version of a registered model."""
    told = version_part(workspace, version)
    device, seq = version.place
    return node(
        "model",
        f"{version.model}@{device}-{seq}",
        told["label"],
        project=version.project,
        at=told["registered"],
        by=told["by"],
        facts={name: told[name] for name in ("stage", "source", "description")},
        said=_named_by(workspace, f"model:{version.model}@{device}-{seq}"),
    )


def item_node(workspace: Workspace, item: Item) -> Node:
    """Return something that people made together: a decision, a review, an ask."""
    return node(
        item.sort,
        item.id,
        title_of(workspace, item),
        project=item.project,
        at=_time(item.made_ms),
        by=workspace.name_of(item.author),
        said=_named_by(workspace, item.link),
    )


def links_in(item: Item) -> list[str]:
    """Return what an item names, in its fields and in what was done with it."""
    found: list[str] = []
    sort = SORT_OF[item.sort]
    places = [(sort.fields, item.values)]
    for one in item.moves:
        move = sort.move(one.name)
        places += [(move.fields, one.values)] if move is not None else []
    for fields, values in places:
        for each in fields:
            if each.type is Type.LINK and each.name in values:
                found += values[each.name] if each.many else [values[each.name]]
    return list(dict.fromkeys(found))


def _made_of(manifest: Manifest) -> dict[str, Any]:
    git, code, environment = manifest.git, manifest.code, manifest.environment
    packages = None if environment is None else len(environment.distributions)
    return {
        "command": list(manifest.argv),
        "code": {
            "commit": None if git is None else git.commit,
            "branch": None if git is None else git.branch,
            "dirty": None if git is None else git.dirty,
            "tree": None if code is None else code.tree,
            "files": None if code is None else code.files,
        },
        "environment": None
        if environment is None
        else {
            "python": environment.python,
            "platform": environment.platform,
            "packages": packages,
            "identity": environment.identity,
        },
    }


def _reproductions(workspace: Workspace, view: RunView) -> list[dict[str, Any]]:
    sql = "SELECT run, member FROM reproductions WHERE original = ?"
    members = dict(workspace.query(sql, (view.id,)))
    return [
        {
            "run": one.run,
            "verdict": one.verdict,
            "cause": one.cause_kind,
            "at": one.at,
            "by": workspace.name_of(members.get(one.run) or ""),
        }
        for one in view.reproductions
    ]


def _notes(workspace: Workspace, view: RunView) -> list[dict[str, Any]]:
    try:
        notes = view.notes[-NOTES_MAX:]
    except AfieldError:  # words that were erased, or are elsewhere
        return []
    return [
        {
            "sort": "note",
            "id": view.id,
            "label": one.text,
            "project": view.project,
            "at": one.at,
            "by": workspace.name_of(one.member),
        }
        for one in notes
    ]


def _named_by(workspace: Workspace, link: str) -> list[dict[str, Any]]:
    """Return the items that name something: decisions, reviews, asks, in the order of time."""
    ask = workspace.query
    found = [
        item
        for sort, id_ in query.items_naming(ask, link)
        for item in query.read(ask, SORT_OF[sort], [id_])
    ]
    return [
        {
            "sort": item.sort,
            "id": item.id,
            "label": title_of(workspace, item),
            "project": item.project,
            "at": _time(item.made_ms),
            "by": workspace.name_of(item.author),
        }
        for item in sorted(found, key=lambda one: (one.made_ms, one.id))
    ]


def _time(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)
