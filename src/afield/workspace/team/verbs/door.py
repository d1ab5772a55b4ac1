"""What the verbs share: who and what a person's words mean, and whether they may write."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from afield.kernel.ids import MemberId
from afield.members.actions import Action
from afield.workspace.membership import need_here
from afield.workspace.team.due import due_ms
from afield.workspace.team.links import link_to
from afield.workspace.team.people import ME, find_member

if TYPE_CHECKING:
    from afield.workspace.workspace import Workspace


class Door:
    """An open workspace, as its team's things are reached."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    def _reading(self) -> Workspace:
        self.workspace.refresh()
        return self.workspace

    def _writing(self) -> Workspace:
        """Return the workspace, where what is written would count.

        Raises:
            NotAllowed: it would not.
        """
        need_here(self.workspace, Action.TEAM_WRITE)
        return self._reading()

    def _who(self, words: str = ME) -> MemberId:
        return find_member(self.workspace, words)

    def _someone(self, words: str | None) -> MemberId | None:
        return None if words is None else self._who(words)

    def _links(self, about: str | Iterable[str]) -> list[str]:
        many = [about] if isinstance(about, str) else about
        return [link_to(self.workspace, one) for one in many]

    def _due(self, who: MemberId, words: str | None, *, urgent: bool = False) -> int | None:
        return due_ms(self.workspace, who, words, urgent=urgent)


Document = dict[str, Any]
"""As `--json` of the command of the same name has it; see `docs/json.md`."""
