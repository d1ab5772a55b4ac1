"""Decisions, reviews and tasks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from afield.kernel.ids import MemberId
from afield.teamwork.decision import MINUTES
from afield.teamwork.sorts.decision import DECISION
from afield.teamwork.sorts.review import REVIEW
from afield.teamwork.sorts.task import TASK
from afield.workspace.team import decisions, reviews, tasks
from afield.workspace.team.items import find_item
from afield.workspace.team.verbs.door import Document, Door

_PEOPLE = ("deciders", "consulted", "informed")
_LINKS = ("evidence", "supersedes")


class Making(Door):
    """What people decide, look at and do."""

    def decide(self, title: str, **fields: Any) -> Document:
        """Write a decision down as a draft.

        Args:
            title: what is decided, on one line.
            **fields: texts (`context drivers options outcome consequences confirmation`), names
                (`deciders consulted informed`), links (`evidence supersedes`), `way` (`two-way`,
                `one-way`), `review` (a day).

        Raises:
            NotFound: there is nobody or nothing of a name.
            Refused: a value cannot stand where it is given.
            NotAllowed: it would count nowhere.
        """
        workspace = self._writing()
        values = dict(fields)
        for name in _PEOPLE:
            values[name] = [self._who(one) for one in _many(fields.get(name))]
        for name in _LINKS:
            values[name] = self._links(_many(fields.get(name)))
        return decisions.decision_part(workspace, decisions.decide(workspace, title, values))

    def propose(self, decision: str, minutes: int = MINUTES) -> Document:
        """Ask for comments, so many minutes of each one's working time; raises as `decide`."""
        workspace = self._writing()
        found = find_item(workspace, DECISION, decision)
        return decisions.decision_part(
            workspace, decisions.propose(workspace, found, minutes=minutes)
        )

    def settle(self, decision: str, outcome: str, text: str = "", early: str = "") -> Document:
        """Accept, reject or withdraw a decision (`accepted` …); raises as `decide`."""
        workspace = self._writing()
        found = find_item(workspace, DECISION, decision)
        item = decisions.settle(workspace, found, outcome, text=text, early=early)
        return decisions.decision_part(workspace, item)

    def decisions(self, state: str | None = None) -> list[Document]:
        """Return decisions, the newest first; in one state only."""
        workspace = self._reading()
        found = decisions.decisions(workspace, state=state)
        return [decisions.decision_part(workspace, one) for one in found]

    def review(
        self,
        what: str,
        by: str | Iterable[str] = (),
        *,
        detail: str = "",
        against: str | None = None,
        due: str | None = None,
    ) -> Document:
        """Ask members to look at something, each in their own hours; raises as `decide`."""
        workspace = self._writing()
        (about,) = self._links(what)
        item = reviews.ask_review(
            workspace,
            about,
            [self._who(one) for one in _many(by)],
            detail=detail,
            against=None if against is None else self._links(against)[0],
            due=due,
        )
        return reviews.review_part(workspace, item)

    def judge(
        self, review: str, verdict: str, text: str = "", *, evidence: str | None = None
    ) -> Document:
        """Say what you found: `approve`, `request-changes`, `comment`, `reproduced` and so on."""
        workspace = self._writing()
        found = find_item(workspace, REVIEW, review)
        shown = None if evidence is None else self._links(evidence)[0]
        item = reviews.judge(workspace, found, verdict, text=text, evidence=shown)
        return reviews.review_part(workspace, item)

    def reviews(self, of: str | None = None, *, closed: bool = False) -> list[Document]:
        """Return open reviews, the newest first: those that wait for somebody; all if `closed`."""
        workspace = self._reading()
        found = reviews.reviews(workspace, reviewer=self._someone(of), closed=closed)
        return [reviews.review_part(workspace, one) for one in found]

    def task(
        self,
        title: str,
        *,
        owner: str = "me",
        due: str | None = None,
        about: str | Iterable[str] = (),
        part_of: str | None = None,
        important: bool = False,
        detail: str = "",
    ) -> Document:
        """Write a task down; `due` is in its owner's working time. Raises as `decide`."""
        workspace = self._writing()
        who: MemberId = self._who(owner)
        values = {
            "owner": who,
            "detail": detail,
            "due": None if due is None else self._due(who, due),
            "about": self._links(about),
            "part_of": None if part_of is None else self._links(f"task:{part_of}")[0],
            "important": important,
        }
        return tasks.task_part(workspace, tasks.add_task(workspace, title, values))

    def done(self, task: str, outcome: str = "done", text: str = "") -> Document:
        """Say that a task is `done` or `dropped`; raises as `decide`."""
        workspace = self._writing()
        found = find_item(workspace, TASK, task)
        return tasks.task_part(
            workspace, tasks.finish(workspace, found, outcome=outcome, text=text)
        )

    def tasks(self, owner: str | None = None, *, closed: bool = False) -> list[Document]:
        """Return open tasks, the newest first: somebody's; all if `closed`."""
        workspace = self._reading()
        found = tasks.tasks(workspace, owner=self._someone(owner), closed=closed)
        return [tasks.task_part(workspace, one) for one in found]


def _many(value: str | Iterable[str] | None) -> list[str]:
    if value is None:
        return []
    return [value] if isinstance(value, str) else list(value)
