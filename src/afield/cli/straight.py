"""The plain words of `afield run`, read without click: a recorded command waits for its reader.

Only what leaves no doubt is read here, and read as click would; help, notebooks' options,
mistakes and whatever is new go the way of every other command.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from afield.cli.recording import Asked
    from afield.cli.session import Session

_COMPLETION = "_AFIELD_COMPLETE"
_FLAGS = {
    "--quiet": "quiet",
    "-q": "quiet",
    "--no-seed": "no_seed",
    "--no-mlflow": "no_mlflow",
    "--json": "json",
    "--no-color": "no_color",
}
_TEXTS = {
    "--project": "project",
    "--experiment": "experiment",
    "--name": "name",
    "--workspace": "workspace",
}
_PAIRS = {"--tag": "tags", "--param": "params"}
_TRACES = frozenset({"auto", "python", "off"})
_EVERYWHERE = frozenset({"--json", "--no-color", "--workspace"})


def asked(words: Sequence[str], session: Session) -> Asked | None:
    """Return what a call asks to be recorded; None: click is to look at it."""
    if _COMPLETION in session.environ:
        return None
    found: dict[str, Any] = {}
    at = _before(words, found)
    if at == 0:
        return None
    while at < len(words) and words[at].startswith("-") and words[at] not in ("-", "--"):
        name, sign, value = words[at].partition("=")
        at += 1
        if name in _FLAGS and not sign:
            found[_FLAGS[name]] = True
            continue
        if not sign:
            value = words[at] if at < len(words) else "-"
            at += 1
        if (not sign and value.startswith("-")) or not _take(found, name, value):
            return None
    at += words[at : at + 1] == ["--"]
    if at >= len(words):
        return None
    from afield.kernel.lean import load_msgspec

    load_msgspec()
    from afield.cli.recording import Asked

    _apply(found, session)
    return Asked(words=tuple(words[at:]), **found)


def _before(words: Sequence[str], found: dict[str, Any]) -> int:
    """Take in what stands before `run`; return where the next word is, 0 for click to look."""
    at = 0
    while at < len(words) and words[at] != "run":
        name, sign, value = words[at].partition("=")
        if name not in _EVERYWHERE:
            return 0
        at += 1
        if name in _FLAGS:
            if sign:
                return 0
            found[_FLAGS[name]] = True
            continue
        if not sign:
            value = words[at] if at < len(words) else "-"
            at += 1
            if value.startswith("-"):
                return 0
        found[_TEXTS[name]] = value
    return at + 1 if at < len(words) else 0


def _take(found: dict[str, Any], name: str, value: str) -> bool:
    """Take in an option with its value; tell whether it is one that is known here, and right."""
    if name in _TEXTS:
        found[_TEXTS[name]] = value
    elif name == "--trace" and value in _TRACES:
        found["trace"] = value
    elif name in _PAIRS:
        key, sign, text = value.partition("=")
        if not sign or not key.strip():
            return False
        found[_PAIRS[name]] = (*found.get(_PAIRS[name], ()), (key.strip(), text))
    else:
        return False
    return True


def _apply(found: dict[str, Any], session: Session) -> None:
    """Do what the options of every command ask for, and take them out."""
    if found.pop("json", False):
        session.json = True
    if found.pop("no_color", False):
        session.color = False
    path = found.pop("workspace", None)
    if path is not None:
        session.workspace_path = os.path.expanduser(path)
