"""Meeting, writing pages, and when people are there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from afield.teamwork.sorts.meeting import MEETING
from afield.teamwork.sorts.page import PAGE
from afield.workspace.team import meetings, oncall, pages
from afield.workspace.team.due import instant_ms
from afield.workspace.team.items import find_item
from afield.workspace.team.overlap import overlap_part
from afield.workspace.team.verbs.door import Document, Door

_MINUTE_MS = 60_000
_DAY_MS = 24 * 60 * _MINUTE_MS


class Gathering(Door):
    """What people write and do together, and when they can."""

    def overlap(
        self, who: str | Iterable[str] = (), *, minutes: int = 30, days: int = 7
    ) -> Document:
        """Return times at which members (all, if none are named) can meet, from now on.

        Raises:
            NotFound: there is nobody of a name.
            Refused: the meeting or the window is too long.
        """
        workspace = self._reading()
        names = [who] if isinstance(who, str) else who
        start_ms = workspace.record.now_ms()
        members = [self._who(one) for one in names]
        return overlap_part(workspace, members, start_ms, start_ms + days * _DAY_MS, minutes)

    def meet(
        self,
        title: str,
        at: str,
        who: str | Iterable[str] = (),
        *,
        minutes: int = 30,
        agenda: str = "",
        about: str | Iterable[str] = (),
        held: bool = False,
    ) -> Document:
        """Call a meeting; `at` is by your wall clock (`2026-12-01T15:00`).

        `held` says that it is over, and called for its notes.

        Raises:
            NotFound: there is nobody or nothing of a name.
            Refused: it is no time to meet.
            NotAllowed: it would count nowhere.
        """
        workspace = self._writing()
        start_ms, end_ms = meetings.meant_ms(workspace, self._who(), at, minutes, held=held)
        names = [who] if isinstance(who, str) else who
        item = meetings.call_meeting(
            workspace,
            title,
            start_ms,
            end_ms,
            [self._who(one) for one in names],
            agenda=agenda,
            about=self._links(about),
        )
        return meetings.meeting_part(workspace, item)

    def notes(self, meeting: str, notes: str, present: str | Iterable[str] = ()) -> Document:
        """Write what came of a meeting; its tasks and decisions are made. Raises as `meet`."""
        workspace = self._writing()
        names = [present] if isinstance(present, str) else present
        item = meetings.note_meeting(
            workspace,
            find_item(workspace, MEETING, meeting),
            notes,
            present=[self._who(one) for one in names],
        )
        return meetings.meeting_part(workspace, item)

    def meetings(self, *, held: bool = False) -> list[Document]:
        """Return the meetings ahead, the next one first; all, the newest first, if `held`."""
        workspace = self._reading()
        found = meetings.meetings(workspace, held=held)
        return [meetings.meeting_part(workspace, one) for one in found]

    def page(
        self, title: str, text: str, *, owner: str | None = None, review: str | None = None
    ) -> Document:
        """Write a page of Markdown; it holds until `review` (`2027-03-01`). Raises as `meet`."""
        workspace = self._writing()
        item = pages.new_page(workspace, title, text, owner=self._someone(owner), review=review)
        return pages.page_part(workspace, item)

    def edit(self, page: str, text: str, base: Iterable[str] | None = None) -> Document:
        """Put another text for what you saw (`heads` of the page); raises as `meet`."""
        workspace = self._writing()
        item = find_item(workspace, PAGE, page)
        seen = None if base is None else list(base)
        return pages.page_part(workspace, pages.edit_page(workspace, item, text, base=seen))

    def pages(self, *, due: bool = False) -> list[Document]:
        """Return pages, the newest touched first; those past their day of review if `due`."""
        workspace = self._reading()
        return [pages.page_part(workspace, one) for one in pages.pages(workspace, due=due)]

    def take_call(self, start: str, end: str) -> Document:
        """Agree to be woken between two times of your wall clock; raises as `meet`."""
        workspace = self._writing()
        span = [instant_ms(workspace, self._who(), one) for one in (start, end)]
        return oncall.turn_part(workspace, oncall.take_call(workspace, *span))

    def on_call(self) -> list[dict[str, Any]]:
        """Return turns on call that go on or are ahead, the first to begin first."""
        workspace = self._reading()
        found = oncall.turns(workspace, after_ms=workspace.record.now_ms())
        return [oncall.turn_part(workspace, one) for one in found]
