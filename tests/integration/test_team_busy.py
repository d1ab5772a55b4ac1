"""Events with times in a calendar make busy, without saying with what; what vanishes is gone."""

from __future__ import annotations

import importlib.util
import json
from datetime import UTC, datetime, timedelta
from itertools import chain

import pytest
from click.testing import CliRunner

from afield.cli.group import cli
from afield.cli.session import Session
from afield.members.calendar import Calendar, Facts, Interval
from afield.members.errors import HoursBad
from afield.teamwork.delivery import deliver_ms
from afield.testing.clock import ManualClock
from afield.workspace.team.hours import bands_part, calendar_of, hours_part, set_hours, set_zone
from afield.workspace.team.ics import Taken, import_ics
from afield.workspace.team.overlap import overlap_part
from afield.workspace.workspace import Workspace

HOUR_MS = 3_600_000
MONDAY = datetime(2025, 11, 17, tzinfo=UTC)


@pytest.fixture
def mine(tmp_path):
    if importlib.util.find_spec("icalendar") is None:
        pytest.skip("not run: icalendar is not installed")
    with Workspace.init(tmp_path, clock=ManualClock()) as workspace:
        set_zone(workspace, "Europe/Berlin")
        set_hours(workspace, ["Mon-Fri 09:00-17:00"])
        yield workspace


def event(uid, *lines):
    return ["BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20251101T000000Z", *lines, "END:VEVENT"]


def ics(*events, name=None):
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", *([f"X-WR-CALNAME:{name}"] if name else [])]
    return "\r\n".join([*head, *chain.from_iterable(events), "END:VCALENDAR"]).encode()


def at(uid, start, end, *lines):
    return event(uid, f"DTSTART;TZID=Europe/Berlin:{start}", f"DTEND;TZID=Europe/Berlin:{end}",
                 *lines)  # fmt: skip


def ms(day, hour, minute=0):
    return round((MONDAY + timedelta(days=day, hours=hour, minutes=minute)).timestamp() * 1000)


def busy_of(workspace):
    return sorted(calendar_of(workspace, workspace.config.member).facts.busy)


DENTIST = at("dentist", "20251118T100000", "20251118T113000", "SUMMARY:root canal")


def test_an_event_with_times_makes_busy_but_a_free_or_cancelled_or_past_one_does_not(mine):
    others = [
        at("a", "20251118T130000", "20251118T140000", "TRANSP:TRANSPARENT"),
        at("b", "20251118T130000", "20251118T140000", "STATUS:CANCELLED"),
        at("c", "20251010T130000", "20251010T140000"),
        at("d", "20270118T130000", "20270118T140000"),
        at("e", "20251118T130000", "20251118T130000"),
    ]
    assert import_ics(mine, ics(DENTIST, *others)) == Taken(0, 0, 5, 0, busy=1)
    assert busy_of(mine) == [Interval(ms(1, 9), ms(1, 10, 30))], "in UTC"
    assert import_ics(mine, ics(DENTIST)) == Taken(0, 1, 0, 0)


def test_colleagues_see_that_somebody_is_busy_and_not_with_what(mine):
    import_ics(mine, ics(DENTIST, name="doctors"), titles=True, file="doctors.ics")
    calendar = calendar_of(mine, mine.config.member)
    for instant, is_busy in ((ms(1, 9) - 1, False), (ms(1, 9), True), (ms(1, 10, 30), False)):
        presence = calendar.presence(instant)
        assert (presence.tier, presence.busy, presence.focus) == ("working", is_busy, is_busy)
    bands = bands_part(mine, ms(1, 8), ms(1, 12))[0]["bands"]
    assert [one["focus"] for one in bands] == [False, True, False]
    assert hours_part(mine, mine.config.member)["busy"] is False
    journal = b"".join(one.read_bytes() for one in mine.path.rglob("*") if one.is_file())
    assert b"member.busy" in journal
    for word in (b"root canal", b"dentist", b"doctors"):
        assert word not in journal


def test_busy_time_is_working_time_for_what_is_due_and_holds_what_is_brought(mine):
    import_ics(mine, ics(DENTIST))
    calendar = calendar_of(mine, mine.config.member)
    assert calendar.add_working(ms(1, 8), 180) == ms(1, 11), "as focus"
    assert deliver_ms(calendar, ms(1, 9, 15)) == ms(1, 10, 30)
    assert deliver_ms(calendar, ms(1, 9, 15), urgent=True) == ms(1, 9, 15)


def test_meetings_are_looked_for_where_nobody_is_busy(mine):
    member = mine.config.member
    part = overlap_part(mine, [member], ms(1, 8), ms(1, 16), 60)
    assert part["slots"][0]["start_ms"] == ms(1, 8)
    early = at("early", "20251118T090000", "20251118T113000")
    import_ics(mine, ics(early))
    part = overlap_part(mine, [member], ms(1, 8), ms(1, 16), 60)
    assert part["slots"][0]["start_ms"] == ms(1, 10, 30)
    part = overlap_part(mine, [member], ms(1, 8), ms(1, 9), 60)
    assert [one["costs"][0]["busy"] for one in part["slots"]] == [60]


def test_busy_times_that_repeat_follow_the_wall_clock_without_those_moved_or_called_off(mine):
    called_off = "EXDATE;TZID=Europe/Berlin:20251202T100000"
    rule = "RRULE:FREQ=WEEKLY;UNTIL=20251216T090000Z"
    weekly = at("w", "20251118T100000", "20251118T110000", rule, called_off)
    was = "RECURRENCE-ID;TZID=Europe/Berlin:20251125T100000"
    moved = at("w", "20251126T140000", "20251126T150000", was)
    assert import_ics(mine, ics(weekly, moved)) == Taken(0, 0, 0, 1, busy=4)
    starts = [one.start_ms for one in busy_of(mine)]
    assert starts == [ms(1, 9), ms(9, 13), ms(22, 9), ms(29, 9)]
    endless = at("x", "20250701T100000", "20250701T110000", "RRULE:FREQ=DAILY")
    import_ics(mine, ics(endless))
    hours = {datetime.fromtimestamp(one.start_ms / 1000, UTC).hour for one in busy_of(mine)}
    assert hours == {9, 13}, "ten in Berlin is nine in UTC in winter, whenever it began"
    assert len(busy_of(mine)) == 4 + 92, "to 92 days ahead"


def test_what_vanished_from_the_same_calendar_is_gone_and_nothing_else(mine):
    skiing = event("skiing", "DTSTART;VALUE=DATE:20251222")
    past = event("past", "DTSTART;VALUE=DATE:20251103")
    other = at("other", "20251119T100000", "20251119T110000")
    unnamed = at("unnamed", "20251120T100000", "20251120T110000")
    assert import_ics(mine, ics(DENTIST, skiing, past), file="work.ics").busy == 1
    import_ics(mine, ics(other), file="home.ics")
    import_ics(mine, ics(unnamed))
    assert import_ics(mine, ics(), file="home.ics").gone == 1
    assert import_ics(mine, ics(), file="home.ics").gone == 0, "once"
    broken = at("odd", "20251121T100000", "20251121T110000", "RRULE:FREQ=SECONDLY")
    assert import_ics(mine, ics(broken), file="work.ics").gone == 0, "it may be what is unread"
    assert import_ics(mine, ics(name="else"), file="work.ics").gone == 0
    assert import_ics(mine, ics(DENTIST), file="work (2).ics") == Taken(0, 1, 0, 0, gone=1)
    (leave,) = calendar_of(mine, mine.config.member).facts.leaves
    assert leave.first.isoformat() == "2025-11-03", "what is past stays"
    assert [one.start_ms for one in busy_of(mine)] == [ms(1, 9), ms(3, 9)]
    whole_day = event("dentist", "DTSTART;VALUE=DATE:20251118")
    assert import_ics(mine, ics(whole_day), file="work.ics") == Taken(1, 0, 0, 0, gone=1)


def test_a_calendar_of_too_many_busy_times_is_refused_whole(mine):
    daily = [
        at(str(number), "20251118T100000", "20251118T110000", "RRULE:FREQ=DAILY")
        for number in range(12)
    ]
    with pytest.raises(HoursBad, match="too many"):
        import_ics(mine, ics(*daily))
    assert busy_of(mine) == []


def test_the_command_tells_what_came_and_what_is_gone(mine, monkeypatch):
    folder = mine.path.parent
    monkeypatch.chdir(folder)

    def run(data, *words):
        (folder / "work.ics").write_bytes(data)
        session = Session({})
        with session.cleanup:
            answer = CliRunner().invoke(cli, ["hours", "import", "work.ics", *words], obj=session)
        assert answer.exit_code == 0, answer.output
        return answer.output

    far = (datetime.now(UTC) + timedelta(days=9)).strftime("%Y%m%dT100000Z")
    soon = event("soon", f"DTSTART:{far}", "DURATION:PT1H")
    assert run(ics(soon)).startswith("0 times off and 1 busy time are new, 0 were known;")
    assert json.loads(run(ics(soon), "--json"))["known"] == 1
    assert "1 are gone from the calendar" in run(ics())


def test_presence_finds_the_busy_time_among_many_that_overlap():
    stretches = [Interval(n * HOUR_MS, n * HOUR_MS + 5 * HOUR_MS) for n in range(0, 6000, 6)]
    stretches.append(Interval(60 * HOUR_MS, 100 * HOUR_MS))
    calendar = Calendar(Facts(busy=tuple(reversed(stretches))))
    for hour in range(6000):
        is_busy = any(one.start_ms <= hour * HOUR_MS < one.end_ms for one in stretches)
        assert calendar.presence(hour * HOUR_MS).busy == is_busy, hour
