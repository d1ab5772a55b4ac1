"""Asking, being blocked, talking; the inbox, the brief, stand-ups and the digest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict

import msgspec

from afield.teamwork.sorts.ask import ASK
from afield.teamwork.sorts.blocker import BLOCKER
from afield.workspace.team import asks, blockers, threads
from afield.workspace.team.brief import Brief, brief, since
from afield.workspace.team.digest import digest
from afield.workspace.team.hours import end_day, hours_part, team_part
from afield.workspace.team.inbox import Letter, inbox
from afield.workspace.team.items import find_item
from afield.workspace.team.links import project_of
from afield.workspace.team.standup_drafts import prefill
from afield.workspace.team.standups import standup_part, standups, write_standup
from afield.workspace.team.verbs.door import Document, Door


class Talking(Door):
    """What people say to one another."""

    def people(self) -> list[Document]:
        """Return everybody: zone, local time, presence, hours; who works now first."""
        self._reading()
        return team_part(self.workspace)

    def person(self, who: str = "me") -> Document:
        """Return one of them; raises NotFound."""
        self._reading()
        return hours_part(self.workspace, self._who(who))

    def ask(
        self,
        who: str,
        what: str,
        *,
        about: str | Iterable[str] = (),
        detail: str = "",
        due: str | None = None,
        urgent: bool = False,
    ) -> Document:
        """Ask somebody for something.

        Args:
            who: a member's name; `me` is who writes here.
            what: what is needed, on one line.
            about: `run:NAME`, `data:NAME@3` and so on.
            detail: what they need to know for it.
            due: in their working time: `4h`, `2d`, a date; one working day when None.
            urgent: it is due in two hours.

        Raises:
            NotFound: there is nobody or nothing of a name.
            NotAllowed: it would count nowhere.
        """
        workspace = self._writing()
        to = self._who(who)
        item = asks.ask(
            workspace,
            what,
            to,
            detail=detail,
            urgency="urgent" if urgent else "normal",
            due_ms=self._due(to, due, urgent=urgent),
            about=self._links(about),
        )
        return asks.ask_part(workspace, item)

    def answer(self, ask: str, text: str, *, about: str | Iterable[str] = ()) -> Document:
        """Answer an ask by its id; raises NotFound, Refused, NotAllowed."""
        workspace = self._writing()
        found = find_item(workspace, ASK, ask)
        item = asks.answer(workspace, found, text, about=self._links(about))
        return asks.ask_part(workspace, item)

    def close(self, ask: str, outcome: str = "done", text: str = "") -> Document:
        """Say what came of an ask: `done`, `declined` or `withdrawn`; raises as `answer`."""
        workspace = self._writing()
        item = asks.close(workspace, find_item(workspace, ASK, ask), outcome=outcome, text=text)
        return asks.ask_part(workspace, item)

    def block(
        self, what: str, *, owner: str | None = None, about: str | Iterable[str] = ()
    ) -> Document:
        """Say what keeps you from going on; `owner` is to clear it. Raises as `ask`."""
        workspace = self._writing()
        item = blockers.block(workspace, what, owner=self._someone(owner), about=self._links(about))
        return blockers.blocker_part(workspace, item)

    def clear(self, blocker: str, text: str = "") -> Document:
        """Say that a blocker is out of the way; raises as `answer`."""
        workspace = self._writing()
        item = blockers.clear(workspace, find_item(workspace, BLOCKER, blocker), text)
        return blockers.blocker_part(workspace, item)

    def comment(self, about: str, text: str, *, at: str | None = None) -> Document:
        """Say something about anything in the record; `at` names a part: `train.py:12`."""
        workspace = self._writing()
        (link,) = self._links(about)
        project = project_of(workspace, link)
        item = threads.comment(workspace, link, text, anchor=at, project=project)
        return threads.thread_part(workspace, item, link, reader=self._who())

    def thread(self, about: str) -> Document:
        """Return what was said about something; raises NotFound."""
        workspace = self._reading()
        (link,) = self._links(about)
        item = threads.thread_of(workspace, link)
        return threads.thread_part(workspace, item, link, reader=self._who())

    def resolve(self, about: str, number: int, *, done: bool = True) -> Document:
        """Say that a comment is dealt with, by its number in the thread; False opens it again."""
        workspace = self._writing()
        (link,) = self._links(about)
        place = threads.place_of(workspace, link, number)
        found = threads.need_thread(workspace, link)
        item = threads.resolve(workspace, found, place, done=done)
        return threads.thread_part(workspace, item, link, reader=self._who())

    def inbox(self) -> list[Letter]:
        """Return what waits for you, by when it is due, then what was said to you."""
        return inbox(self._reading(), self._who())

    def brief(self, since_: str | None = None, who: str | None = None) -> Brief:
        """Return what you have to know since `8h`, `3d`, a date, `away`; None: your last look.

        `who`: what a colleague has to know; None looks back to when they stopped working then.
        """
        workspace = self._reading()
        own = self._who()
        member = own if who is None else self._who(who)
        start_ms, by = since(workspace, member, since_, own=member == own)
        return brief(workspace, member, start_ms, by)

    def standup(
        self,
        *,
        state: str | None = None,
        next: str | None = None,  # noqa: A002 - what people call it
        decided: str | None = None,
        stuck: str | Sequence[str] = (),
        asks: Iterable[tuple[str, str]] = (),
        day: str | None = None,
        slot: str | None = None,
        unchanged: bool = False,
    ) -> Document:
        """Write your stand-up of this half of your day, or of one that is past.

        What is left out stays as you said it, else is as the record has it. What is `stuck`
        becomes blockers, `asks` are whom you ask what. Raises NotAllowed.
        """
        workspace = self._writing()
        raised = [stuck] if isinstance(stuck, str) else list(stuck)
        item = write_standup(
            workspace,
            {"state": state, "next": next, "decided": decided, "day": day, "slot": slot},
            unchanged=unchanged,
            raise_blockers=raised,
            raise_asks=[(self._who(who), what) for who, what in asks],
        )
        return standup_part(workspace, item)

    def standup_draft(self, day: str | None = None, slot: str | None = None) -> Document:
        """Return what the record says of your day, with links; nothing is written."""
        found = prefill(self._reading(), self._who(), day=day, slot=slot)
        part: Document = msgspec.to_builtins(found)
        return part

    def end_day(self, *, over: bool = True) -> Document:
        """Say that your day is over now, or goes on after all; return what `person` does."""
        end_day(self._reading(), over=over)
        return self.person()

    def standups(self, who: str | None = None, day: str | None = None) -> list[Document]:
        """Return stand-ups, the newest first: somebody's, of a day (`2026-11-23`) of theirs."""
        workspace = self._reading()
        found = standups(workspace, member=self._someone(who), day=day)
        return [standup_part(workspace, one) for one in found]

    def digest(self, day: str | None = None) -> Document:
        """Return what needs you, and the others' stand-ups since your last day, or of `day`."""
        found = digest(self._reading(), self._who(), day=day)
        told: Document = {name: getattr(found, name) for name in ("day", "since_ms", "next_ms")}
        told["needs"] = [asdict(one) for one in found.needs]
        told["standups"] = found.standups
        told["silent"] = msgspec.to_builtins(found.silent)
        return told
