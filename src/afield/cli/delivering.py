"""Bringing the person at this machine what waits for them, beside a server that answers.

A thread of its own with a workspace of its own: the server waits for nothing of it.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from afield.kernel.errors import AfieldError

if TYPE_CHECKING:
    from afield.workspace.team.digest import Digest
    from afield.workspace.team.inbox import Letter
    from afield.workspace.team.notify import Channel
    from afield.workspace.workspace import Workspace

EVERY_S = 60.0
WAIT_S_MAX = 3600.0
"""After a fault it is waited twice as long as before, up to this."""

_ENDS_WITHIN_S = 2.0
_LOG = logging.getLogger(__name__)


def bring_all(
    workspace: Workspace, channels: Sequence[Channel], *, with_digest: bool
) -> tuple[Digest | None, list[Letter]]:
    """Bring this copy's member the digest, if asked for and due, then what waits; return both.

    Raises:
        ChannelUnreachable: a channel did not take it; the others were asked.
    """
    from afield.cli.standup_view import digest_lines
    from afield.cli.team_view import letter_lines
    from afield.cli.when import now_of
    from afield.workspace.team.notify import bring, bring_digest

    member = workspace.config.member

    def page(one: Digest) -> str:
        return "\n".join(digest_lines(workspace, one, now_of(workspace)))

    def words(letter: Letter) -> str:
        return "\n".join(letter_lines(workspace, letter, now_of(workspace)))

    day = bring_digest(workspace, member, page, channels) if with_digest else None
    return day, bring(workspace, member, words, channels)


@contextlib.contextmanager
def delivering(
    path: str, channels: Sequence[Channel], *, every_s: float = EVERY_S
) -> Iterator[None]:
    """Bring what waits, and the digest, again and again for as long as the context lasts.

    Args:
        path: the folder of the record.
        channels: the ways to its member; with none nothing is done.
        every_s: how long is waited in between.
    """
    if not channels:
        yield
        return
    ending = threading.Event()
    args = (path, channels, every_s, ending)
    thread = threading.Thread(target=_deliver, args=args, name="afield-notify", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join(_ENDS_WITHIN_S)


def _deliver(
    path: str, channels: Sequence[Channel], every_s: float, ending: threading.Event
) -> None:
    from afield.workspace.workspace import Workspace

    with Workspace.open(path) as workspace:
        wait_s = every_s
        while True:
            try:
                workspace.refresh()
                bring_all(workspace, channels, with_digest=True)
                wait_s = every_s
            except (AfieldError, OSError) as error:
                wait_s = min(wait_s * 2, max(every_s, WAIT_S_MAX))
                _LOG.warning("not brought: %s; tried again in %.0f s", error, wait_s)
            if ending.wait(wait_s):
                return
