"""Items of every sort: made, changed, moved, found, with the words of people kept as objects.

What is written here is on disk before the call returns. Secrets among the words are replaced.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from afield.journal import Draft
from afield.kernel.errors import AfieldError
from afield.kernel.ids import MemberId, ObjectId
from afield.runs.secrets import redact
from afield.teamwork import events, query
from afield.teamwork.errors import ItemBad
from afield.teamwork.events import Change
from afield.teamwork.limits import PROSE_BYTES_MAX, TITLE_CHARS_MAX
from afield.teamwork.query import Item, Moved
from afield.teamwork.shapes import Move, Sort, Type, Value
from afield.teamwork.sorts import SORT_OF
from afield.teamwork.sorts.standup import STANDUP
from afield.workspace.workspace import Workspace

GONE = "words that are not here"
"""Stands for prose whose object was erased or has not come yet."""


class Writing:
    """Makes entries about items, and appends them together.

    Args:
        workspace: where.
        by: on whose behalf, when not this device's member.
    """

    def __init__(self, workspace: Workspace, *, by: MemberId | None = None) -> None:
        self.workspace = workspace
        self.by = by
        self.member: str = by or workspace.config.member
        self._drafts: list[Draft] = []

    def make(
        self,
        sort: Sort,
        values: Mapping[str, Any],
        *,
        project: str = "default",
        item: str | None = None,
    ) -> str:
        """Make an item, and return its id.

        Args:
            sort: what it is.
            values: by field: words for prose, lists for fields of many; None is left out.
            project: where.
            item: its id, when it follows from what it is about.

        Raises:
            ItemBad: a field cannot hold its value.
        """
        found = item or events.new_id()
        self._drafts.append(events.made(sort, found, self._change(sort, values), project=project))
        return found

    def change(
        self,
        item: Item,
        values: Mapping[str, Any],
        *,
        remove: Mapping[str, Sequence[Value]] | None = None,
    ) -> None:
        """Set fields (None clears one), add to fields of many, and take from these.

        Raises:
            ItemBad: a field cannot hold its value.
        """
        sort = SORT_OF[item.sort]
        change = self._change(sort, values, cleared=True)
        whole = Change(change.set, change.add, remove or {})
        self._drafts.append(events.changed(sort, item.id, whole))

    def move(self, sort: Sort, item: str, move: Move, values: Mapping[str, Any]) -> None:
        """Do something with an item; prose is given as words, None is left out.

        Raises:
            ItemBad: a field cannot hold its value.
        """
        kept = {}
        for name, value in values.items():
            each = move.field(name)
            if value is None or value == "":
                continue
            is_prose = each is not None and each.type is Type.PROSE
            kept[name] = self._object(name, value) if is_prose else value
        self._drafts.append(events.moved(sort, item, move, kept))

    def done(self) -> None:
        """Append all of it, on disk, and bring the tables up to date."""
        record = self.workspace.record
        record.vault.flush()
        record.journal.append_many(self._drafts, durable=True, by=self.by)
        self._drafts = []
        self.workspace.refresh()

    def _change(self, sort: Sort, values: Mapping[str, Any], *, cleared: bool = False) -> Change:
        kept: dict[str, Value | None] = {}
        add: dict[str, Sequence[Value]] = {}
        for name, value in values.items():
            each = sort.field(name)
            if each is not None and each.many:
                add[name] = list(value or ())
            elif value is None or value == "":
                if cleared:
                    kept[name] = None
            elif each is not None and each.type is Type.PROSE:
                kept[name] = self._object(name, value)
            else:
                kept[name] = value
        return Change(kept, add)

    def _object(self, name: str, words: str) -> ObjectId:
        clean, _ = redact(words.strip(), known=self.workspace.record.secrets())
        data = clean.encode("utf-8", "replace")
        if not data or len(data) > PROSE_BYTES_MAX:
            raise ItemBad(f"cannot be `{name}`", f"{len(data)} bytes", "empty, or over 1 MiB")
        if name == "title" and (len(clean) > TITLE_CHARS_MAX or "\n" in clean):
            why = f"one line of at most {TITLE_CHARS_MAX} characters; the rest is for the details"
            raise ItemBad("too long for a title", f"{clean[:40]}…", why)
        return self.workspace.record.vault.put(data, meta=True)


def words_of(workspace: Workspace, found: Any) -> str:
    """Return the words of an object; `GONE` where it is not here, nothing for None."""
    if not found:
        return ""
    try:
        return workspace.text_of(ObjectId(found))
    except (AfieldError, OSError):
        return GONE


def title_of(workspace: Workspace, item: Item) -> str:
    """Return an item's title; a stand-up's day; its sort and the beginning of its id otherwise."""
    if item.sort == STANDUP.name and item.get("day"):
        return f"{item.get('slot')} of {item.get('day')}"
    return words_of(workspace, item.get("title")) or f"{item.sort} {item.id[:8]}"


def find_item(workspace: Workspace, sort: Sort, words: str) -> Item:
    """Return the item of an id or its unique beginning.

    Raises:
        ItemNotFound: none begins so, or several do.
    """
    return query.find(workspace.query, sort, words)


def move_part(workspace: Workspace, one: Moved, sort: Sort) -> dict[str, Any]:
    """Return a move as a document: who, when, and what came with it, prose as words."""
    move = sort.move(one.name)
    found: dict[str, Any] = {
        "move": one.name,
        "by": workspace.name_of(one.member),
        "member": one.member,
        "at_ms": one.at_ms,
        "place": one.place_text,
    }
    for name, value in one.values.items():
        each = None if move is None else move.field(name)
        is_prose = each is not None and each.type is Type.PROSE
        found[name] = words_of(workspace, value) if is_prose else value
    return found


def item_part(workspace: Workspace, item: Item) -> dict[str, Any]:
    """Return an item as a document: all of its fields, prose as words, and its moves."""
    sort = SORT_OF[item.sort]
    found: dict[str, Any] = {
        "id": item.id,
        "sort": item.sort,
        "project": item.project,
        "author": item.author,
        "by": workspace.name_of(item.author),
        "made_ms": item.made_ms,
        "touched_ms": item.touched_ms,
    }
    for each in sort.fields:
        value = item.get(each.name)
        found[each.name] = (
            (words_of(workspace, value) or None) if each.type is Type.PROSE else value
        )
    found["moves"] = [move_part(workspace, one, sort) for one in item.moves]
    return found
