"""Handovers: drawn up, filled in, offered; taken over, asked about, declined."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from afield.teamwork.query import Item
from afield.teamwork.sorts.handover import HANDOVER
from afield.workspace.team import handovers, offering, taking
from afield.workspace.team.drafting import Suggested, draft
from afield.workspace.team.handover_documents import handover_part
from afield.workspace.team.items import find_item
from afield.workspace.team.verbs.door import Document, Door


class Handing(Door):
    """What people leave to one another."""

    def draft(self) -> list[Suggested]:
        """Return what you would hand over now, as the record tells it; nothing is written."""
        return draft(self._reading(), self._who())

    def hand_over(
        self,
        to: str,
        *,
        backup: str | None = None,
        summary: str | None = None,
        safe_state: str | None = None,
        role: bool = False,
        about: str | Iterable[str] = (),
        rollback: str | None = None,
    ) -> Document:
        """Draw a handover up, or bring the draft to the same person up to date.

        Args:
            to: who is to take over.
            backup: who takes it when they do not in time.
            summary: the whole in a few words.
            safe_state: what is safe while nobody is there.
            role: for good: what `about` names changes hands.
            about: `model:NAME@2`, `run:NAME` and so on.
            rollback: how to go back.

        Raises:
            NotFound: there is nobody or nothing of a name.
            Refused: a value cannot stand where it is given.
            NotAllowed: it would count nowhere.
        """
        workspace = self._writing()
        values = {
            "backup": self._someone(backup),
            "summary": summary,
            "safe_state": safe_state,
            "kind": "role" if role else "shift",
            "about": self._links(about),
            "rollback": rollback,
        }
        return self._part(handovers.start_handover(workspace, self._who(to), values))

    def line(self, handover: str, number: int | None = None, **values: Any) -> Document:
        """Fill a line of a draft in, or add one where no number is given.

        Args:
            handover: its id.
            number: of the line.
            **values: `severity about facts assessment condition when then call until topic`.

        Raises:
            Refused: there is no such line, or it is no draft of yours.
        """
        workspace, item = self._writing(), self._found(handover)
        told = dict(values)
        if told.get("call") is not None:
            told["call"] = self._who(told["call"])
        if told.get("about") is not None:
            (told["about"],) = self._links(told["about"])
        if number is None:
            return self._part(handovers.add_line(workspace, item, told))
        return self._part(handovers.fill(workspace, item, number, told))

    def offer(self, handover: str, *, due: str | None = None, **values: str) -> Document:
        """Hand a draft over; `due` is in the receiver's working time.

        Args:
            handover: its id.
            due: by when it is to be accepted; 60 minutes when None.
            **values: `summary safe_state rollback despite`.

        Raises:
            Refused: a line that needs care says not what to do, or something else is missing.
        """
        workspace, item = self._writing(), self._found(handover)
        return self._part(offering.offer(workspace, item, due=due, values=values))

    def accept(self, handover: str, synthesis: str, lines: Iterable[int] = ()) -> Document:
        """Take lines over (all that are left, when none is named), in your own words.

        Raises:
            Refused: the synthesis is missing or the sender's own words, or it is not yours to take.
        """
        workspace, item = self._writing(), self._found(handover)
        return self._part(taking.accept(workspace, item, synthesis, numbers=list(lines)))

    def question(self, handover: str, text: str, lines: Iterable[int] = ()) -> Document:
        """Ask about lines before you take them; raises as `accept`."""
        workspace, item = self._writing(), self._found(handover)
        return self._part(taking.question(workspace, item, text, numbers=list(lines)))

    def decline(self, handover: str, text: str, lines: Iterable[int] = ()) -> Document:
        """Refuse lines, and say why; raises as `accept`."""
        workspace, item = self._writing(), self._found(handover)
        return self._part(taking.decline(workspace, item, text, numbers=list(lines)))

    def reply(self, handover: str, text: str) -> Document:
        """Answer all open questions; raises Refused when there are none."""
        workspace, item = self._writing(), self._found(handover)
        return self._part(taking.reply(workspace, item, text))

    def handovers(self, *, closed: bool = False) -> list[Document]:
        """Return handovers that are open, the newest first; all if `closed`."""
        self._reading()
        return [self._part(one) for one in handovers.handovers(self.workspace, closed=closed)]

    def _found(self, words: str) -> Item:
        return find_item(self.workspace, HANDOVER, words)

    def _part(self, item: Item) -> Document:
        return handover_part(self.workspace, item)
