"""What moves with a line that is taken over: tasks, blockers, asks and reviews of the sender's.

Runs and data have no owner to change; who holds them is told by the handovers themselves.
"""

from __future__ import annotations

from collections.abc import Iterable

from afield.kernel.ids import MemberId
from afield.teamwork.query import Item, read
from afield.teamwork.review import asked
from afield.teamwork.shapes import Sort
from afield.teamwork.sorts.ask import ASK
from afield.teamwork.sorts.blocker import BLOCKER
from afield.teamwork.sorts.review import ASKED, REVIEW
from afield.teamwork.sorts.task import TASK
from afield.workspace.team.due import due_ms
from afield.workspace.team.items import Writing
from afield.workspace.workspace import Workspace

_HOLDERS: tuple[tuple[Sort, str], ...] = ((TASK, "owner"), (BLOCKER, "owner"), (ASK, "to"))


def pass_on(
    workspace: Workspace, writing: Writing, links: Iterable[str], *, sender: str, to: MemberId
) -> None:
    """Let what links name be the receiver's, where it is the sender's."""
    for link in dict.fromkeys(links):
        kind, _, id_ = link.partition(":")
        for sort, field in _HOLDERS:
            if sort.name == kind:
                for item in read(workspace.query, sort, [id_]):
                    if item.get(field) == sender:
                        writing.change(item, {field: to})
        if kind == REVIEW.name:
            for item in read(workspace.query, REVIEW, [id_]):
                _look_instead(workspace, writing, item, sender=sender, to=to)


def _look_instead(
    workspace: Workspace, writing: Writing, item: Item, *, sender: str, to: MemberId
) -> None:
    waits = [one for one in asked(item) if one.member == sender and one.verdict is None]
    if waits and to != item.author:
        told = {"reviewer": to, "due": due_ms(workspace, to, None), "instead": sender}
        writing.move(REVIEW, item.id, ASKED, told)
