"""The digest is brought as a reader's working day starts: once a day, and never in quiet hours."""

from __future__ import annotations

import json
from datetime import date

import pytest
from click.testing import CliRunner
from test_team_decides import exchange, me, team

from afield.cli.group import cli
from afield.cli.session import Session
from afield.members import times
from afield.members.calendar import Interval
from afield.members.calendar.weekly import from_words
from afield.workspace.team import asks, oncall
from afield.workspace.team.notify import (
    Channel,
    ChannelUnreachable,
    bring,
    bring_digest,
    digest_due,
)

__all__ = ["team"]

ALWAYS = ["Mon-Sun 00:00-24:00"]


def kept(name="kept"):
    taken = []
    return Channel(name, lambda document, text: taken.append((document, text))), taken


def refuse(*_):
    raise ChannelUnreachable("was not taken", "away")


def asked(team, rules=ALWAYS):
    ann, bob, _ = team
    asks.ask(ann, "Which split?", me(bob))
    exchange(*team)
    bob.record.journal.append_many([times.hours(me(bob), from_words(rules), date.min)])
    bob.refresh()
    return bob


def in_zone(copy, name):
    copy.record.journal.append_many([times.zone(me(copy), name)])
    copy.refresh()


def words(one):
    return f"digest of {one.day}"


def test_the_digest_comes_once_and_what_is_in_it_not_again(team):
    bob = asked(team)
    channel, taken = kept()
    found = bring_digest(bob, me(bob), words, [channel])
    ((document, text),) = taken
    assert (document["type"], document["day"], text) == (
        "afield.digest",
        found.day,
        f"digest of {found.day}",
    )
    assert [one["title"] for one in document["needs"]] == ["Which split?"]
    assert json.loads(json.dumps(document)) == document
    assert bring_digest(bob, me(bob), words, [channel]) is None
    assert bring(bob, me(bob), lambda one: one.title, [channel]) == []
    assert len(taken) == 1


def test_another_channel_and_another_day_have_theirs(team):
    bob = asked(team)
    in_zone(bob, "Pacific/Pago_Pago")
    (first, _), (second, taken) = kept("first"), kept("second")
    bring_digest(bob, me(bob), words, [first])
    bring_digest(bob, me(bob), words, [first, second])
    assert len(taken) == 1
    assert digest_due(bob, me(bob)) is None
    in_zone(bob, "Pacific/Kiritimati")  # where it is always a later day
    assert bring_digest(bob, me(bob), words, [first, second]) is not None
    assert len(taken) == 2


def test_a_digest_that_was_not_taken_comes_the_next_time(team):
    bob = asked(team)
    good, taken = kept()
    with pytest.raises(ChannelUnreachable):
        bring_digest(bob, me(bob), words, [Channel("away", refuse), good])
    assert len(taken) == 1, "what one does not take the others do"
    back, later = kept("away")
    assert bring_digest(bob, me(bob), words, [back, good]) is not None
    assert (len(taken), len(later)) == (1, 1)


def test_no_digest_comes_in_quiet_hours_not_even_to_who_is_on_call(team):
    bob = asked(team, ["none"])
    now_ms = bob.record.now_ms()
    oncall.take_call(bob, now_ms - 1, now_ms + 3_600_000)
    channel, taken = kept()
    assert bring_digest(bob, me(bob), words, [channel]) is None
    assert taken == []


def test_the_digest_waits_for_the_end_of_what_makes_busy(team):
    bob = asked(team)
    now_ms = bob.record.now_ms()
    stretch = Interval(now_ms - 60_000, now_ms + 3_600_000)
    bob.record.journal.append_many([times.busy(me(bob), "b1", stretch)])
    bob.refresh()
    assert digest_due(bob, me(bob)) is None
    bob.record.journal.append_many([times.busy(me(bob), "b1", None)])
    bob.refresh()
    assert digest_due(bob, me(bob)) is not None


def test_an_empty_digest_is_not_sent_and_what_comes_later_comes_by_itself(team):
    ann, bob, _ = team
    bob.record.journal.append_many([times.hours(me(bob), from_words(ALWAYS), date.min)])
    bob.refresh()
    channel, taken = kept()
    assert bring_digest(bob, me(bob), words, [channel]) is None
    assert (taken, digest_due(bob, me(bob), "kept")) == ([], None)
    asks.ask(ann, "Which split?", me(bob))
    exchange(*team)
    assert bring_digest(bob, me(bob), words, [channel]) is None
    assert len(bring(bob, me(bob), lambda one: one.title, [channel])) == 1


def test_the_command_shows_the_digest_that_it_would_bring(team, monkeypatch):
    bob = asked(team)
    monkeypatch.chdir(bob.path.parent)

    def told(*options):
        given = ["notify", "--dry-run", "--json", *options]
        session = Session({})
        with session.cleanup:
            answer = CliRunner().invoke(cli, given, obj=session)
        assert answer.exit_code == 0, answer.output
        return json.loads(answer.output)

    assert told()["digest"] is None
    assert told("--digest")["digest"] == digest_due(bob, me(bob))
    assert told("--digest")["digest"] is not None, "nothing was brought by that"
