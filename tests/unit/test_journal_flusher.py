"""The thread that syncs a journal: it always ends when it is told to."""

from __future__ import annotations

import sys
import threading

import pytest

from afield.journal.flusher import Flusher

WAITS_S = (0, 1e-6, 1e-5, 5e-5)


@pytest.fixture
def hasty_threads():
    """Threads take turns as often as can be, so that races come up."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_a_stop_is_heard_whatever_the_thread_is_at(hasty_threads):
    """Four at once, with a little more time each: else the thread is always at the same place."""

    def begin_and_end():
        for turn in range(5000):
            flusher = Flusher(lambda: None, after_s=WAITS_S[turn % len(WAITS_S)])
            flusher.wake()
            for _ in range(turn % 50):
                pass
            flusher.stop()

    threads = [threading.Thread(target=begin_and_end, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not any(thread.is_alive() for thread in threads), "a stop was not heard"
