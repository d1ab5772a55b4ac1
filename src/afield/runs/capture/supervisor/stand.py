"""The processes that stand beside a run: one that serves the listener, one that guards it.

Started as a program of its own before the command is (see `session`), it waits for the listener,
forks, and the child serves. Should that die, the parent answers in its place, unseeing. Both end
with the last process of the run, whatever becomes of `afield`.
"""

from __future__ import annotations

import os
import select
from _signal import (  # type: ignore[import-not-found]  # `signal` makes enumerations first
    SIG_IGN,
    SIGHUP,
    SIGINT,
    SIGKILL,
    SIGQUIT,
    SIGTERM,
    signal,
)
from _socket import AF_UNIX, SOCK_STREAM, socket  # `socket` takes as long as all else

from afield.runs.capture.supervisor.known import Nobodys
from afield.runs.capture.supervisor.late import TAKEN, receive, send, take_call
from afield.runs.capture.supervisor.numbers import this_machine
from afield.runs.capture.supervisor.page import Page
from afield.runs.capture.supervisor.serve import answer, nobody_asks, serve, wake_quickly


def main(  # noqa: PLR0917 - a command line
    socket_fd: str, page_fd: str, door_fd: str, folder: str, root: str, count: str, *rest: str
) -> None:
    """Stand until the run is gone; without a `folder` only as a guard of who started us.

    The words are those of the command line: `rest` are the folders of `Nobodys`, of which the
    first `count` are always so. With a `door_fd` the listener comes from the command, later.
    """
    folders = tuple(map(os.fsencode, rest))
    nobodys = Nobodys(os.fsencode(root), folders[: int(count)], folders[int(count) :])
    channel = socket(AF_UNIX, SOCK_STREAM, 0, int(socket_fd))
    page = Page(int(page_fd))
    for number in (SIGINT, SIGTERM, SIGHUP, SIGQUIT):
        signal(number, SIG_IGN)
    os.chdir("/")
    listener, caller = _take(channel, door_fd)
    if listener is None:
        return
    wake_quickly(listener)
    if not folder:
        _tell(caller)
        _guard(listener, page, channel.fileno())
        return
    watching, held = os.pipe()
    server = os.fork()
    if server == 0:
        os.close(watching)
        _serve(listener, page, folder, nobodys)
    os.close(held)
    page.tell_server(server)
    _tell(caller)
    _guard(listener, page, watching)
    os.kill(server, SIGKILL)  # it may wait for a question that nobody asks (before 6.6)
    os.waitpid(server, 0)


def _take(channel: socket, door_fd: str) -> tuple[int | None, socket | None]:
    """Wait for the listener; None when the run was never started, or ended without a call."""
    if not door_fd:
        return receive(channel), None
    call = take_call(socket(AF_UNIX, SOCK_STREAM, 0, int(door_fd)), channel.fileno())
    if call is None:
        return None, None
    try:  # noqa: SIM105 - `contextlib` takes longer to load than all this
        send(channel, call.listener)
    except OSError:
        pass
    return call.listener, call.caller


def _tell(caller: socket | None) -> None:
    """Let the caller go on: who answers is there."""
    if caller is not None:
        try:  # noqa: SIM105 - the same
            caller.send(TAKEN)
        except OSError:
            pass
        caller.close()


def _serve(listener: int, page: Page, folder: str, nobodys: Nobodys) -> None:
    machine = this_machine()
    try:
        if machine is not None:
            serve(listener, page, folder, machine, nobodys)
    finally:
        os._exit(0)  # whatever it was: the guard sees that we are gone, and answers


def _guard(listener: int, page: Page, watching: int) -> None:
    """Wait until nobody asks any more, or nobody serves: `watching` has no other end then."""
    poll = select.poll()
    poll.register(listener, 0)  # says only when all who could ask are gone
    poll.register(watching, 0)
    gone = [fd for fd, _ in poll.poll()]
    if listener not in gone and not nobody_asks(listener):
        answer(listener, page)
