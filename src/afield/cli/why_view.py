"""A trace as people read it: one line for each thing, what it came from below it as a tree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from afield.cli.output import plain
from afield.cli.words import ago, count, number, short, size

_COMMAND_CHARS = 100
_NOTE_CHARS = 100
_PATHS_SHOWN = 3
Branch = tuple[str, Sequence["Branch"]]
"""A line, and what hangs on it."""


def why_lines(document: dict[str, Any], now: datetime | None = None) -> Iterator[str]:
    """Yield the lines of `afield.why/1`."""
    text, below = _branch(document["object"], now or datetime.now(UTC))
    yield text
    yield from _drawn(below, "")
    if document["withheld"]:
        yield f"{count(document['withheld'], 'thing')} more that you may not read"
    if not document["complete"]:
        yield "there is more than was looked at: look further with --depth, or ask again"


def _drawn(branches: Sequence[Branch], before: str) -> Iterator[str]:
    for index, (text, below) in enumerate(branches):
        last = index + 1 == len(branches)
        yield f"{before}{'└─ ' if last else '├─ '}{text}"
        yield from _drawn(below, before + ("   " if last else "│  "))


def _branch(node: dict[str, Any], now: datetime) -> Branch:
    head = f"{_via(node)}{_HEADS.get(node['kind'], _item_head)(node)}{_made(node, now)}"
    if node["above"]:
        return f"{head}, see above", ()
    facts = [(plain(line), ()) for line in _FACTS.get(node["kind"], _no_facts)(node["facts"])]
    said = [(plain(_said(one, now)), ()) for one in node["said"]]
    return plain(head), [*facts, *said, *(_branch(one, now) for one in node["sources"])]


def _via(node: dict[str, Any]) -> str:
    via = node["via"]
    if via is None:
        return ""
    if "as" in via:
        return f"{_WAYS[via['as']]} "
    paths = via["paths"]
    more = f" and {len(paths) - _PATHS_SHOWN} more" if len(paths) > _PATHS_SHOWN else ""
    shown = ", ".join(paths[:_PATHS_SHOWN]) + more
    if node["kind"] == "data":
        return f"read {count(via['files'], 'file')} of " if via["files"] else "looked up "
    return f"{shown} from " if shown else "from "


_WAYS = {"reproduces": "repeats", "parent": "begun inside", "in": "a file of"}


def _made(node: dict[str, Any], now: datetime) -> str:
    by = f" by {node['by']}" if node["by"] else ""
    at = f", {ago(node['at'], now)}" if node["at"] is not None else ""
    return f"{by}{at}"


def _run_head(node: dict[str, Any]) -> str:
    status = node["facts"].get("status")
    return f"run {node['label']} {short(node['id'])}{f', {status}' if status else ''}"


def _metric_head(node: dict[str, Any]) -> str:
    facts = node["facts"]
    points = count(facts["count"], "point")
    spread = f"between {number(facts['min'])} and {number(facts['max'])}"
    return f"{node['label']} = {number(facts['last'])}, the last of {points} {spread}"


def _file_head(node: dict[str, Any]) -> str:
    unknown = "" if node["sources"] else ": no run that is known here gave it, no data holds it"
    return f"file {node['label']}{unknown}"


def _item_head(node: dict[str, Any]) -> str:
    return f"{node['kind']} {node['label']}"


_HEADS = {"run": _run_head, "metric": _metric_head, "file": _file_head}


def _run_facts(facts: dict[str, Any]) -> Iterator[str]:
    if facts.get("exception"):
        yield f"failed with {facts['exception']}"
    if facts.get("command"):
        words = " ".join(facts["command"])
        yield f"command  {words[:_COMMAND_CHARS]}{'…' if len(words) > _COMMAND_CHARS else ''}"
    code = facts.get("code")
    if code:
        branch = f" on {code['branch']}" if code["branch"] else ""
        changed = ", with changes that were not committed" if code["dirty"] else ""
        kept = f", {count(code['files'], 'file')} kept" if code["files"] is not None else ""
        commit = f"commit {code['commit'][:12]}{branch}" if code["commit"] else "in no repository"
        yield f"code  {commit}{changed}{kept}"
    environment = facts.get("environment")
    if environment and environment["python"]:
        packages = environment["packages"]
        told = f", {count(packages, 'package')}" if packages is not None else ""
        yield f"environment  Python {environment['python']}{told}"
    for one in facts.get("reproductions", ()):
        cause = f" ({one['cause']})" if one["cause"] else ""
        yield f"repeated by {one['by']} as {short(one['run'])}: {one['verdict']}{cause}"


def _version_facts(facts: dict[str, Any]) -> Iterator[str]:
    yield f"{count(facts['files'], 'file')}, {size(facts['size_bytes'])}, tree {facts['tree'][:12]}"
    if facts["message"]:
        yield facts["message"]
    if facts["source"]:
        yield f"brought from {facts['source']['kind']} {facts['source']['key']}"
    card = facts["card"]
    told = [f"{name}: {value}" for name, value in card["fields"].items() if value]
    yield f"card  {'; '.join(told) or 'says nothing'}"
    if told and card["missing"]:
        yield f"card lacks  {', '.join(card['missing'])}"


def _model_facts(facts: dict[str, Any]) -> Iterator[str]:
    yield f"stage {facts['stage']}, source {facts['source']}"
    if facts["description"]:
        yield facts["description"]


def _no_facts(_: dict[str, Any]) -> Iterator[str]:
    return iter(())


_FACTS = {"run": _run_facts, "data": _version_facts, "model": _model_facts}


def _said(one: dict[str, Any], now: datetime) -> str:
    words = " ".join(one["label"].split())
    cut = f"{words[:_NOTE_CHARS]}…" if len(words) > _NOTE_CHARS else words
    return f"{one['sort']} by {one['by']}, {ago(one['at'], now)}: {cut}"
