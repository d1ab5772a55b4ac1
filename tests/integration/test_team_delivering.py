"""What waits is brought beside a server: once, tried again after a fault, and without delay."""

from __future__ import annotations

import os
import threading
import time
from datetime import date
from itertools import pairwise

from click.testing import CliRunner
from test_team_decides import exchange, me, team

from afield.cli.delivering import delivering
from afield.cli.group import cli
from afield.cli.session import Session
from afield.kernel.errors import Usage
from afield.members import times
from afield.members.calendar.weekly import from_words
from afield.workspace.team import asks
from afield.workspace.team.notify import Channel, ChannelUnreachable

__all__ = ["team"]

WITHIN_S = 20


def asked(team):
    ann, bob, _ = team
    asks.ask(ann, "Which split?", me(bob))
    exchange(*team)
    rules = from_words(["Mon-Sun 00:00-24:00"])
    bob.record.journal.append_many([times.hours(me(bob), rules, date.min)])
    bob.refresh()
    return os.fspath(bob.path)


def test_it_is_brought_once_though_the_server_starts_again(team):
    path, taken, came = asked(team), [], threading.Event()

    def send(document, text):
        taken.append((document["type"], text))
        came.set()

    ways = [Channel("kept", send)]
    with delivering(path, ways, every_s=0.01):
        assert came.wait(WITHIN_S)
        time.sleep(0.3)
    with delivering(path, ways, every_s=0.01):
        time.sleep(0.3)
    assert [kind for kind, _ in taken] == ["afield.digest"]
    assert "Which split?" in taken[0][1]


def test_what_a_way_refuses_is_tried_again_and_not_too_often(team):
    path, tries, came = asked(team), [], threading.Event()

    def send(*_):
        tries.append(time.monotonic())
        if len(tries) < 4:
            raise ChannelUnreachable("was not taken", "away")
        came.set()

    with delivering(path, [Channel("away", send)], every_s=0.05):
        assert came.wait(WITHIN_S)
    gaps = [later - before for before, later in pairwise(tries)]
    assert [gap >= 0.05 * 2**number for number, gap in enumerate(gaps, 1)] == [True] * 3


def test_a_way_that_hangs_delays_neither_the_answers_nor_the_end(team):
    path, hangs, free = asked(team), threading.Event(), threading.Event()

    def send(*_):
        hangs.set()
        free.wait(WITHIN_S)

    began = time.monotonic()
    with delivering(path, [Channel("hangs", send)]):
        assert hangs.wait(WITHIN_S)
    took_s = time.monotonic() - began
    free.set()
    assert took_s < WITHIN_S / 2


def test_up_does_not_start_where_there_is_nowhere_to_bring_it(team, monkeypatch):
    monkeypatch.chdir(team[0].path.parent)
    answer = CliRunner().invoke(cli, ["up", "--notify", "--port", "0"], obj=Session({}))
    assert isinstance(answer.exception, Usage)
    assert "nowhere to bring it" in str(answer.exception)
