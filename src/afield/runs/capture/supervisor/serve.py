"""Answering the kernel's questions: `serve` looks at each first, `answer` only lets them pass.

Every question is answered with "go on", whatever becomes of us: a process that waits for an
answer waits for good. Both end when nobody is left who could ask.
"""

from __future__ import annotations

import errno
import select
from fcntl import ioctl
from time import monotonic_ns

from afield.runs.capture.supervisor.known import Nobodys
from afield.runs.capture.supervisor.layouts import (
    ANSWER,
    ANSWER_CONTINUE,
    FD_SYNC_WAKE_UP,
    ID_VALID,
    NOTIFICATION,
    QUESTION,
    RECV,
    SEND,
    SET_FLAGS,
)
from afield.runs.capture.supervisor.log import EventLog
from afield.runs.capture.supervisor.numbers import Machine
from afield.runs.capture.supervisor.page import Page
from afield.runs.capture.supervisor.sightings import Sightings

TYPE_CHECKING = False  # of `typing`, which takes longer than all else here
if TYPE_CHECKING:
    from collections.abc import Iterator

_NOTHING = bytes(NOTIFICATION.size)
_COUNT_EVERY = 1024
_FAULTS_MAX = 100
_PASSING = (errno.ENOENT, errno.EINTR)  # who asked is gone, or does no longer ask
_GONE = (errno.ENOENT, errno.EINPROGRESS)  # the same, or another answered


def wake_quickly(listener: int) -> None:
    """Ask the kernel to hand the processor over with each question; of Linux 6.6, else nothing."""
    try:
        ioctl(listener, SET_FLAGS, FD_SYNC_WAKE_UP)
    except OSError:
        return


def nobody_asks(listener: int, *, patience_ms: int = 0) -> bool:
    """Tell whether all processes under the filter are gone, or soon will be."""
    poll = select.poll()
    poll.register(listener, 0)
    return bool(poll.poll(patience_ms))


def go_on(listener: int, asked: int) -> None:
    """Let one call pass; it may be gone or answered meanwhile."""
    answer = bytearray(ANSWER.pack(asked, 0, 0, ANSWER_CONTINUE))
    try:
        ioctl(listener, SEND, answer)
    except OSError as error:
        if error.errno not in _GONE:
            raise


def answer(listener: int, page: Page) -> None:
    """Let everything pass until nobody asks; first what another left without an answer."""
    page.lose(monotonic_ns())
    left = int(NOTIFICATION.unpack_from(page.question)[0])
    if left:
        go_on(listener, left)
    while True:
        page.question[: NOTIFICATION.size] = _NOTHING
        if _receive(listener, page):
            go_on(listener, int(NOTIFICATION.unpack_from(page.question)[0]))
        elif nobody_asks(listener):
            return


def _receive(listener: int, page: Page) -> bool:
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    if not _is_asked(poll.poll(), listener):
        return False
    try:
        ioctl(listener, RECV, page.question)
    except OSError as error:
        if error.errno in _PASSING:
            return False
        raise
    return True


def _is_asked(told: list[tuple[int, int]], listener: int) -> bool:
    """Tell a question from the end: before Linux 6.6 who receives after that waits for good."""
    return any(fd == listener and events & select.POLLIN for fd, events in told)


def serve(
    listener: int,
    page: Page,
    folder: str,
    machine: Machine,
    nobodys: Nobodys,
    *,
    waker: int | None = None,
) -> None:
    """Look at each question, write down what it tells, and let it pass, until nobody asks.

    It ends, too, when `waker` can be read.
    """
    question = page.question
    asking = bytearray(8)

    def is_valid() -> bool:
        asking[:] = question[:8]
        try:
            ioctl(listener, ID_VALID, asking)
        except OSError:
            return False
        return True

    sightings = Sightings(machine, EventLog(folder), nobodys, is_valid)
    page.serve()
    try:
        _look_and_answer(_questions(listener, page, waker), listener, page, sightings, machine)
    finally:
        sightings.close()


def _look_and_answer(
    questions: Iterator[tuple[int, ...]],
    listener: int,
    page: Page,
    sightings: Sightings,
    machine: Machine,
) -> None:
    question = page.question
    reply = bytearray(ANSWER.pack(0, 0, 0, ANSWER_CONTINUE))
    take, own = sightings.take, machine.audit
    for asked, found in enumerate(questions, 1):
        try:
            if found[3] == own:
                take(found)
        except Exception as error:  # noqa: BLE001 - it must not reach the run, whatever it is
            if _is_beyond(page, sightings, error):
                return
        reply[:8] = question[:8]
        try:
            ioctl(listener, SEND, reply)
        except OSError as error:
            if error.errno not in _GONE:
                raise
        if not asked % _COUNT_EVERY:
            page.count(asked)


def _questions(listener: int, page: Page, waker: int | None) -> Iterator[tuple[int, ...]]:
    """Yield what the kernel asks, in the order of `QUESTION`."""
    poll = select.poll()
    if waker is not None:
        poll.register(listener, select.POLLIN)
        poll.register(waker, select.POLLIN)
    question = page.question
    head = question[: NOTIFICATION.size]
    unpack = QUESTION.unpack_from
    while True:
        head[:] = _NOTHING
        if waker is not None:
            told = poll.poll()
            if any(fd == waker for fd, _ in told) or not _is_asked(told, listener):
                return
        try:
            ioctl(listener, RECV, question)
        except OSError as error:
            if error.errno == errno.ENOENT and nobody_asks(listener):
                return
            if error.errno not in _PASSING:
                raise
        else:
            yield unpack(question)


def _is_beyond(page: Page, sightings: Sightings, error: Exception) -> bool:
    """Count a fault of ours; tell whether watching is over: there is no log, or no end of them."""
    page.fault()
    if page.faults > _FAULTS_MAX:
        return True
    try:
        sightings.gap(f"a question was not understood: {type(error).__name__}: {error}")
    except OSError:
        return True
    return False
