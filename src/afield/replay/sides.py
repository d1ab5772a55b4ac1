"""Reading one side of a comparison: its code tree, its masks, and how two objects differ."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Mapping, Sequence

from afield.kernel.errors import AfieldError
from afield.kernel.ids import ObjectId
from afield.replay.causes import Show, Side, Source
from afield.replay.limits import EVIDENCE_LINES_MAX
from afield.replay.masks import Masks, Window
from afield.replay.reader import RunFacts
from afield.replay.text import clip
from afield.runs.cells import text_of
from afield.runs.manifest import Manifest
from afield.runs.names import is_notebook
from afield.vault import Vault

DIFF_BYTES_MAX = 1 << 20
NAME_CHARS_MIN = 5
"""A shorter name of a run may well be a word of its output."""


def look_masks(
    manifest: Manifest,
    facts: RunFacts,
    extra: Iterable[str] = (),
    renamed: Iterable[tuple[str | None, str | None]] = (),
) -> Masks:
    """Return the masks of a run: its project, its environment, its Python, its time.

    `extra` are further folders of the project; `renamed` are (own, other) pairs of ids and names
    under which this run and the one it is compared with may speak of themselves.
    """
    folders = [(manifest.root, "project"), *((path, "project") for path in extra)]
    if manifest.environment is not None:
        folders.append((manifest.environment.base_prefix, "python"))
        folders.append((manifest.environment.prefix, "environment"))
    folders += [(os.path.realpath(path), name) for path, name in folders if path]
    start_ms = round(facts.started.timestamp() * 1000)
    end_ms = round(facts.ended.timestamp() * 1000) if facts.ended else start_ms
    known = [(own, other) for own, other in renamed if own and other and own != other]
    return Masks(
        [(path, name) for path, name in folders if path],
        Window(start_ms, end_ms, _seconds(manifest.locale.get("utc_offset", ""))),
        renamed=tuple((own, other) for own, other in known if len(own) >= NAME_CHARS_MIN),
    )


def _seconds(utc_offset: str) -> int:
    """Return an offset such as `-03:30` in seconds; 0 when the record has none."""
    try:
        hours, minutes = (int(part) for part in utc_offset[1:].split(":"))
    except ValueError:
        return 0
    return (hours * 60 + minutes) * (-60 if utc_offset[0] == "-" else 60)


def read_side(
    manifest: Manifest, vault: Vault, masks: Masks, params: Mapping[str, object] | None = None
) -> Side:
    """Return one side for `causes.first_cause`; a tree that cannot be read counts as empty."""
    tree: dict[str, tuple[int, str]] = {}
    if manifest.code is not None:
        try:
            entries = vault.get_tree(ObjectId(manifest.code.tree))
        except AfieldError:
            entries = ()
        tree = {entry.path: (entry.mode, entry.object) for entry in entries}
    return Side(manifest, tree, masks, params or {}, _source(tree, vault))


def _source(tree: Mapping[str, tuple[int, str]], vault: Vault) -> Source:
    """Return a function that reads a file of a code tree as text."""

    def source(path: str) -> str | None:
        try:
            return vault.get(ObjectId(tree[path][1])).decode("utf-8")
        except (AfieldError, KeyError, UnicodeDecodeError):
            return None

    return source


def object_difference(vault: Vault) -> Show:
    """Return a function that words how two objects of the vault differ, as a unified diff.

    Notebooks are shown by their cells as text.
    """

    def show(path: str, old: str, new: str) -> Sequence[str]:
        try:
            sizes = vault.size(ObjectId(old)), vault.size(ObjectId(new))
            if max(sizes) > DIFF_BYTES_MAX:
                return [f"{path}: {sizes[0]} vs {sizes[1]} bytes"]
            before, after = vault.get(ObjectId(old)), vault.get(ObjectId(new))
            if is_notebook(path):
                texts = text_of(before), text_of(after)
                if texts[0] is not None and texts[1] is not None:
                    same = [f"{path}: the same cells; outputs or metadata in the file differ"]
                    return unified(path, texts[0], texts[1]) or same
            return unified(path, before.decode("utf-8"), after.decode("utf-8"))
        except (AfieldError, UnicodeDecodeError):
            return [f"{path}: {old[:12]} vs {new[:12]}"]

    return show


def unified(path: str, old: str, new: str, *, lines_max: int = EVIDENCE_LINES_MAX) -> list[str]:
    """Return a unified diff, cut to `lines_max` lines."""
    lines = difflib.unified_diff(
        old.splitlines(), new.splitlines(), f"a/{path}", f"b/{path}", lineterm="", n=2
    )
    found: list[str] = []
    for line in lines:
        if len(found) >= lines_max:
            found.append("…")
            break
        found.append(clip(line))
    return found
