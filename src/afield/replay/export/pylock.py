"""`pylock.toml` (PEP 751): a lock with the files and hashes of every package.

The format has no place for a package known by name and version alone: each needs the address
or path of its files, with hashes. The record has the digests of installed files, not of
archives, so the package index of the person is asked, by uv, when the lock is written. Wheels
out of the record and folders of the project's code are named by their paths.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Sequence
from typing import Any

from afield.replay.errors import IndexUnreachable
from afield.replay.export.pins import Pin, sort_pins, split_vcs, wheel_hash
from afield.replay.export.subject import WHEELS, Exported, LeftOut, Subject, comments, head
from afield.replay.fetching import is_unreachable
from afield.replay.text import clip
from afield.replay.tools import Tools, without_user
from afield.runs.capture.distributions import normal_name

HOW = (
    "Install it into a Python of that minor version:",
    "  uv pip install --no-deps -r pylock.toml   (or: pip install -r pylock.toml)",
    "Addresses and hashes are those that the package index gave when this was written; the",
    "record knows installed files (`identity`), not archives.",
)
_AT_ROOT = "put this file at the project's root: folders of its own code are relative to it"
_TABLE = "[[packages]]\n"
_OF_THIS_MACHINE = 'url = "file:'
_OFFLINE = re.compile(r"network (?:connectivity )?(?:is|was) disabled", re.IGNORECASE)
"""In uv's words: the person's settings forbid to ask."""

FILE_NAME = re.compile(r"pylock\.(?:[^.]+\.)?toml")
"""What installers take for a lock, by its name."""

Compile = Callable[[str], tuple[str, str | None]]
"""Locks requirement lines; returns the text, and why it failed or None."""


def export_pylock(subject: Subject, *, tools: Tools, folder: str) -> Exported:
    """Return the environment as a lock file.

    Args:
        subject: the run.
        tools: uv, and the settings that name the person's index.
        folder: where uv is run; a project's own uv settings are found from there.

    Raises:
        IndexUnreachable: the package index does not answer.
        NoEnvironment: uv cannot be run.
    """
    pins = sort_pins(subject)
    notes = [*pins.doubts, *([_AT_ROOT] if pins.folders else [])]
    asked = [pin for pin in pins.installed if pin.form == "index"]
    blocks: dict[str, str] = {}
    left_out = list(pins.left_out)
    if asked:
        tools.progress(f"asking the package index for the files of {len(asked)} packages")
        blocks = _lock(asked, left_out, _compiler(subject, tools, folder))
        here = [name for name in sorted(blocks) if _OF_THIS_MACHINE in blocks[name]]
        notes += [f"the files of {name} lie on this machine alone (file:)" for name in here]
    for pin in pins.pins:
        if pin.form == "url":
            why = f"from {pin.target}, of which the record has no hash"
            left_out.append(LeftOut(pin.name, pin.version, why))
        elif pin.form != "index":
            blocks[normal_name(pin.name)] = _block(pin, subject)
    for pin in pins.pins:
        name = normal_name(pin.name)
        if pin.identity and name in blocks:
            blocks[name] += f"[packages.tool.afield]\nidentity = {_text(pin.identity)}\n"
    left_out.sort(key=lambda one: one.name.lower())
    text = _document(subject, [blocks[name] for name in sorted(blocks)], notes, left_out)
    return Exported(text=text, left_out=tuple(left_out), notes=tuple(notes), wheels=pins.wheels)


def _document(
    subject: Subject, blocks: Sequence[str], notes: Sequence[str], left_out: Sequence[LeftOut]
) -> str:
    found = subject.environment
    minor = ".".join(found.python.split(".")[:2])
    lines = comments(head(subject, HOW, notes, left_out))
    lines += ["", 'lock-version = "1.0"', f"requires-python = {_text(f'=={minor}.*')}"]
    lines += ['created-by = "afield"']
    if not blocks:
        lines.append("packages = []")
    lines += ["", *(_TABLE + block for block in blocks)]
    lines += ["[tool.afield]", f"run = {_text(subject.run)}", f"python = {_text(found.python)}"]
    lines += [f"platform = {_text(found.platform)}"]
    lines += [f"left-out = [{', '.join(_text(str(one)) for one in left_out)}]"]
    return "\n".join(lines) + "\n"


def _block(pin: Pin, subject: Subject) -> str:
    lines = [f"name = {_text(normal_name(pin.name))}"]
    if pin.form == "folder":
        lines.append(f"directory = {{ path = {_text(pin.target)}, editable = true }}")
    elif pin.form == "wheel":
        sha256, size = wheel_hash(subject, pin)
        lines.append(f"version = {_text(pin.version)}")
        path, hashes = _text(f"{WHEELS}/{pin.target}"), f"{{ sha256 = {_text(sha256)} }}"
        lines.append(f"wheels = [{{ path = {path}, size = {size}, hashes = {hashes} }}]")
    else:
        found = split_vcs(pin.target)
        assert found is not None, "a pin of the form `vcs` has been split before"
        kind, url, commit = map(_text, found)  # a source tree: the format forbids its version
        lines.append(f"vcs = {{ type = {kind}, url = {url}, commit-id = {commit} }}")
    return "\n".join(lines) + "\n"


def _text(value: str) -> str:
    # a JSON string is a TOML basic string, but for DEL, which names and addresses never hold
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _lock(pins: Sequence[Pin], left_out: list[LeftOut], ask: Compile) -> dict[str, str]:
    """Return the packages' tables; those that cannot be locked go to `left_out`."""
    text, why = ask("".join(f"{pin.requirement}\n" for pin in pins))
    if why is None:
        return _checked(text, pins, left_out)
    if is_unreachable(why) or _OFFLINE.search(why):
        raise IndexUnreachable(
            "cannot ask the package index",
            why=clip(why),
            hint="`--as requirements` needs no index",
        )
    if len(pins) == 1:
        left_out.append(
            LeftOut(pins[0].name, pins[0].version, f"the index gives none: {clip(why)}")
        )
        return {}
    half = len(pins) // 2
    return _lock(pins[:half], left_out, ask) | _lock(pins[half:], left_out, ask)


def _checked(text: str, pins: Sequence[Pin], left_out: list[LeftOut]) -> dict[str, str]:
    """Split a lock into its tables; a package without hashes would make it invalid."""
    tables = [f"{part.strip()}\n" for part in text.split(_TABLE)[1:]]
    found: dict[str, str] = {}
    for table in tables:
        package: dict[str, Any] = tomllib.loads(table)
        files = [*package.get("wheels", ()), *filter(None, [package.get("sdist")])]
        if files and all(one.get("hashes") for one in files):
            found[package["name"]] = table
    for pin in pins:
        if normal_name(pin.name) not in found:
            why = "the index gives no hashes of its files"
            left_out.append(LeftOut(pin.name, pin.version, why))
    return found


def _compiler(subject: Subject, tools: Tools, folder: str) -> Compile:
    argv = ["pip", "compile", "--quiet", "--no-deps", "--no-header", "--no-annotate"]
    argv += ["--format", "pylock.toml", "--python-version", subject.environment.python]
    argv += [*tools.index_arguments(), "-"]

    def ask(lines: str) -> tuple[str, str | None]:
        told, why = tools.run_uv(argv, folder, lines.encode())
        return without_user(told), why

    return ask
