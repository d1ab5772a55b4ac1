"""Bringing members what waits for them, by the ways that they gave their hub.

One thread of one process: no request waits for it. When something is brought, and that it is
brought once, is the team's matter (`workspace.team.notify`); a way that does not take it is asked
again at the next turn, by itself, and its owner sees why.
"""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import msgspec

from afield.hub.accounts.channels import Channels, Kept
from afield.hub.accounts.ways import Ways
from afield.hub.accounts.who import RolesOf
from afield.kernel.errors import AfieldError
from afield.kernel.ids import MemberId
from afield.members.actions import Action
from afield.members.caller import Caller
from afield.workspace.hosted import Hosted
from afield.workspace.team.digest import Digest
from afield.workspace.team.hours import calendar_of
from afield.workspace.team.inbox import Letter
from afield.workspace.team.notify import Channel, ChannelUnreachable, bring, bring_digest
from afield.workspace.team.telling import digest_text, letter_text
from afield.workspace.workspace import Workspace

EVERY_S = 60.0
WAIT_S_MAX = 3600.0
"""After a fault a way is left alone twice as long as before, up to this."""

_ENDS_WITHIN_S = 2.0
_LOG = logging.getLogger(__name__)


class Delivering:
    """Does so from when it is entered to when it is left.

    Args:
        hosted: the record.
        roles_of: tells which roles a member holds.
        channels: the ways of all members.
        ways: opens them.
        every_s: how long is waited in between.
    """

    def __init__(
        self,
        hosted: Hosted,
        roles_of: RolesOf,
        channels: Channels,
        ways: Ways,
        every_s: float = EVERY_S,
    ) -> None:
        self._hosted = hosted
        self._roles_of = roles_of
        self._channels = channels
        self._ways = ways
        self._every_s = every_s
        self._resting: dict[str, tuple[float, float]] = {}
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="afield-deliver", daemon=True)

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End; what is under way has a moment to."""
        self._ending.set()
        self._thread.join(_ENDS_WITHIN_S)

    def turn(self) -> None:
        """Look once after everybody who has a way."""
        for member in self._channels.members():
            if self._ending.is_set():
                return
            try:
                self._bring(member)
            except (AfieldError, OSError) as error:
                _LOG.warning("nothing brought to %s: %s", member, error)

    def _run(self) -> None:
        while not self._ending.wait(self._every_s):
            try:
                self.turn()
            except Exception:  # noqa: BLE001 - the thread's last handler
                _LOG.exception("bringing what waits: a bug of ours")

    def _bring(self, member: MemberId) -> None:
        """Bring a member what they may read: the digest of their day if it is due, then letters."""
        caller = Caller(member, self._roles_of(member))
        if not caller.may_anywhere(Action.TEAM_READ):
            return
        kept = self._channels.of(member)

        def awake() -> list[Channel]:
            return [self._noted(one) for one in kept if not self._rests(one.id)]

        def look(workspace: Workspace) -> None:
            workspace.refresh()
            local = calendar_of(workspace, member).local

            def when(at_ms: int) -> str:
                at = local(at_ms)
                return f"{at:%a %d %b} {at.hour}:{at:%M}"

            def page(one: Digest) -> str:
                return digest_text(workspace, one, when)

            def words(one: Letter) -> str:
                return letter_text(workspace, one, when)

            def may(project: str) -> bool:
                return caller.may(Action.TEAM_READ, project).allowed

            def shown(found: Digest) -> Digest:
                return _shown(workspace, caller, found)

            with suppress(ChannelUnreachable):  # its owner is told why, by `_noted`
                bring_digest(workspace, member, page, awake(), shown)
            with suppress(ChannelUnreachable):
                bring(workspace, member, words, awake(), may)

        self._hosted.read_here(look)

    def _noted(self, kept: Kept) -> Channel:
        """Return a way that keeps in mind for its owner whether it took what it was brought."""

        def send(document: dict[str, Any], text: str) -> None:
            try:
                self._ways.open(kept).send(document, text)
            except AfieldError as error:
                why = error.why or error.message
                self._channels.told(kept.id, why)
                self._let_rest(kept.id)
                raise ChannelUnreachable("was not taken", kept.way, why) from error
            self._channels.told(kept.id, None)
            self._resting.pop(kept.id, None)

        return Channel(kept.id, send)

    def _rests(self, id_: str) -> bool:
        return time.monotonic() < self._resting.get(id_, (0.0, 0.0))[0]

    def _let_rest(self, id_: str) -> None:
        """Ask a way that did not take something again later, each time twice as much later."""
        _, before_s = self._resting.get(id_, (0.0, self._every_s / 2))
        wait_s = min(2 * before_s, WAIT_S_MAX)
        self._resting[id_] = time.monotonic() + wait_s, wait_s


def _shown(workspace: Workspace, caller: Caller, found: Digest) -> Digest:
    """Return a digest without what its reader may not read."""
    from afield.hub.api.team_items import shown  # with all of the API

    return msgspec.structs.replace(
        found,
        needs=[one for one in found.needs if caller.may(Action.TEAM_READ, one.project).allowed],
        standups=[shown(workspace, caller, one) for one in found.standups],
    )
