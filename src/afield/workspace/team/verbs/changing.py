"""Second thoughts: passing on, opening again, taking back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from afield.kernel.errors import NotFound
from afield.teamwork.sorts.ask import ASK
from afield.teamwork.sorts.blocker import BLOCKER
from afield.teamwork.sorts.decision import DECISION
from afield.teamwork.sorts.meeting import MEETING
from afield.teamwork.sorts.oncall import ONCALL
from afield.teamwork.sorts.review import REVIEW
from afield.teamwork.sorts.task import TASK
from afield.workspace.team import asks, blockers, decisions, meetings, oncall, reviews, tasks
from afield.workspace.team.items import find_item
from afield.workspace.team.verbs.door import Document, Door

if TYPE_CHECKING:
    from afield.workspace.workspace import Workspace


class Changing(Door):
    """What becomes of what was asked, decided or called."""

    def pass_on(self, ask: str, who: str) -> Document:
        """Let somebody else be asked; raises NotFound, Refused, NotAllowed."""
        workspace = self._writing()
        item = asks.hand_on(workspace, find_item(workspace, ASK, ask), self._who(who))
        return asks.ask_part(workspace, item)

    def offer_help(self, blocker: str, text: str) -> Document:
        """Say what you can do about a blocker; raises as `pass_on`."""
        workspace = self._writing()
        item = blockers.offer(workspace, find_item(workspace, BLOCKER, blocker), text)
        return blockers.blocker_part(workspace, item)

    def reopen(self, what: str, text: str = "") -> Document:
        """Open `ask:ID`, `blocker:ID` or `task:ID` again, and say why; raises as `pass_on`."""
        workspace = self._writing()
        kind, _, id_ = what.partition(":")
        if kind not in _OPENED:
            why = f"one of {', '.join(f'{one}:ID' for one in _OPENED)}"
            raise NotFound("cannot open again", what, why)
        return _OPENED[kind](workspace, id_, text)

    def revisit(self, decision: str, text: str, review: str | None = None) -> Document:
        """Say that a decision was looked at again and holds, until a day; raises as `pass_on`."""
        workspace = self._writing()
        item = find_item(workspace, DECISION, decision)
        item = decisions.revisit(workspace, item, text=text, review=review)
        return decisions.decision_part(workspace, item)

    def ask_also(
        self,
        review: str,
        who: str | None = None,
        *,
        instead: str | None = None,
        due: str | None = None,
        text: str = "",
    ) -> Document:
        """Have somebody else look, too, or instead of who was asked; raises as `pass_on`.

        Args:
            review: its id.
            who: a member's name; None: who can stand in.
            instead: who need not look any more; `me` is who writes here.
            due: in their working time.
            text: why.
        """
        workspace = self._writing()
        item = find_item(workspace, REVIEW, review)
        to = reviews.stand_in(workspace, item) if who is None else self._who(who)
        relieved = self._someone(instead)
        item = reviews.ask_also(workspace, item, to, instead=relieved, text=text, due=due)
        return reviews.review_part(workspace, item)

    def withdraw(self, review: str, text: str = "") -> Document:
        """Take a review back: nobody needs to look any more; raises as `pass_on`."""
        workspace = self._writing()
        item = reviews.withdraw(workspace, find_item(workspace, REVIEW, review), text=text)
        return reviews.review_part(workspace, item)

    def cancel(self, meeting: str, text: str = "") -> Document:
        """Call a meeting off, which you called; raises as `pass_on`."""
        workspace = self._writing()
        item = meetings.cancel_meeting(workspace, find_item(workspace, MEETING, meeting), text)
        return meetings.meeting_part(workspace, item)

    def drop_call(self, turn: str) -> Document:
        """Take a turn on call of yours back; raises as `pass_on`."""
        workspace = self._writing()
        item = oncall.drop_call(workspace, find_item(workspace, ONCALL, turn))
        return oncall.turn_part(workspace, item)


def _ask(workspace: Workspace, id_: str, text: str) -> Document:
    item = asks.reopen(workspace, find_item(workspace, ASK, id_), text=text)
    return asks.ask_part(workspace, item)


def _blocker(workspace: Workspace, id_: str, text: str) -> Document:
    item = blockers.reopen(workspace, find_item(workspace, BLOCKER, id_), text)
    return blockers.blocker_part(workspace, item)


def _task(workspace: Workspace, id_: str, text: str) -> Document:
    item = tasks.reopen(workspace, find_item(workspace, TASK, id_), text=text)
    return tasks.task_part(workspace, item)


_OPENED: dict[str, Callable[[Workspace, str, str], Document]] = {
    "ask": _ask,
    "blocker": _blocker,
    "task": _task,
}
