"""iCalendar in and out, and who one is."""

from __future__ import annotations

import importlib.util
import json

import pytest
from click.testing import CliRunner

from afield.cli.group import cli
from afield.cli.session import Session
from afield.members.errors import HoursBad
from afield.testing.clock import ManualClock
from afield.workspace.team.hours import calendar_of, hours_part, set_hours, set_zone
from afield.workspace.team.ics import Taken, export_ics, import_ics
from afield.workspace.team.meetings import call_meeting
from afield.workspace.team.oncall import take_call
from afield.workspace.workspace import Workspace

ICS = b"""BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//x//EN
BEGIN:VEVENT
UID:1
DTSTAMP:20251101T000000Z
DTSTART;VALUE=DATE:20251222
DTEND;VALUE=DATE:20251225
SUMMARY:skiing
END:VEVENT
BEGIN:VEVENT
UID:2
DTSTAMP:20251101T000000Z
DTSTART:20251120T100000Z
DTEND:20251120T110000Z
SUMMARY:dentist
END:VEVENT
BEGIN:VEVENT
UID:3
DTSTAMP:20251101T000000Z
DTSTART;VALUE=DATE:20251201
TRANSP:TRANSPARENT
SUMMARY:somebody's birthday
END:VEVENT
END:VCALENDAR
"""


@pytest.fixture
def mine(tmp_path):
    if importlib.util.find_spec("icalendar") is None:
        pytest.skip("not run: icalendar is not installed")
    with Workspace.init(tmp_path, clock=ManualClock()) as workspace:
        yield workspace


def test_days_off_and_busy_times_come_in_once_and_free_ones_do_not(mine):
    member = mine.config.member
    assert import_ics(mine, ICS) == Taken(1, 0, 1, 0, busy=1)
    assert import_ics(mine, ICS) == Taken(0, 2, 1, 0)
    (leave,) = calendar_of(mine, member).facts.leaves
    assert (leave.first.isoformat(), leave.last.isoformat()) == ("2025-12-22", "2025-12-24")
    with pytest.raises(HoursBad, match="iCalendar"):
        import_ics(mine, b"BEGIN:NONSENSE")


def test_what_other_tools_write_is_taken_as_far_as_it_can_be_read(mine):
    def ics(*lines):
        head = ["BEGIN:VEVENT", "UID:9", "DTSTAMP:20251101T000000Z"]
        whole = ["BEGIN:VCALENDAR", "VERSION:2.0", *head, *lines, "END:VEVENT", "END:VCALENDAR"]
        return "\r\n".join(whole).encode()

    first = "DTSTART;VALUE=DATE:20260105"
    assert import_ics(mine, ics(first, "DURATION:P3D")) == Taken(1, 0, 0, 0)
    (leave,) = calendar_of(mine, mine.config.member).facts.leaves
    assert leave.last.isoformat() == "2026-01-07"
    assert import_ics(mine, ics(first, "DTEND:20260109T120000Z")) == Taken(0, 0, 0, 0, changed=1)
    repeats = ics(first, "RRULE:FREQ=YEARLY;COUNT=5")
    assert import_ics(mine, repeats) == Taken(1, 0, 0, 1, called_off=1), "not once any more"
    assert import_ics(mine, repeats) == Taken(0, 1, 0, 1)
    for rule in ("FREQ=SECONDLY", "FREQ=DAILY;BYHOUR=1,2", "FREQ=NEVER"):
        assert import_ics(mine, ics(first, f"RRULE:{rule}")) == Taken(0, 0, 1, 0), rule
    for odd in (ics(first, first), ics("DTSTART;VALUE=DATE:2026-13-45")):
        assert import_ics(mine, odd).passed_over == 1


REPEATS = b"""BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//x//EN
BEGIN:VEVENT
UID:fridays
DTSTAMP:20251101T000000Z
DTSTART;VALUE=DATE:20251205
RRULE:FREQ=WEEKLY;UNTIL=20260102
EXDATE;VALUE=DATE:20251219
SUMMARY:the doctor
END:VEVENT
BEGIN:VEVENT
UID:fridays
DTSTAMP:20251101T000000Z
RECURRENCE-ID;VALUE=DATE:20251212
DTSTART;VALUE=DATE:20251210
END:VEVENT
END:VCALENDAR
"""


def test_days_off_that_repeat_come_in_without_those_called_off_or_moved(mine):
    member = mine.config.member
    assert import_ics(mine, REPEATS) == Taken(4, 0, 0, 1)
    assert import_ics(mine, REPEATS) == Taken(0, 4, 0, 1)
    days = sorted(one.first.isoformat() for one in calendar_of(mine, member).facts.leaves)
    assert days == ["2025-12-05", "2025-12-10", "2025-12-26", "2026-01-02"]
    assert {one["note"] for one in hours_part(mine, member)["leave"]} == {None}
    endless = REPEATS.replace(b";UNTIL=20260102", b"").replace(b"UID:fridays", b"UID:others")
    assert import_ics(mine, endless).new == 50 - 2 + 1, "to a year from today"


def test_what_was_moved_or_called_off_there_is_so_here_too(mine):
    member = mine.config.member

    def days():
        return sorted(str(one.first) for one in calendar_of(mine, member).facts.leaves)

    for one in (REPEATS, ICS):
        import_ics(mine, one)
    assert days() == ["2025-12-05", "2025-12-10", "2025-12-22", "2025-12-26", "2026-01-02"]
    later = ICS.replace(b"DATE:20251222", b"DATE:20251223")
    assert import_ics(mine, later) == Taken(0, 1, 1, 0, changed=1)
    assert "2025-12-22" not in days()
    off = later.replace(b"SUMMARY:skiing", b"STATUS:CANCELLED")
    assert import_ics(mine, off) == Taken(0, 1, 2, 0, called_off=1)
    assert import_ics(mine, off) == Taken(0, 1, 2, 0)
    fewer = REPEATS.replace(b"DATE:20251219", b"DATE:20251219,20251226")
    fewer = fewer.replace(b"DATE:20251210", b"DATE:20251211")
    assert import_ics(mine, fewer) == Taken(0, 2, 0, 1, changed=1, called_off=1)
    assert days() == ["2025-12-05", "2025-12-11", "2026-01-02"]


def test_a_file_that_would_flood_the_record_is_refused_whole(mine):
    days = (
        f"BEGIN:VEVENT\nUID:{number}\nDTSTAMP:20251101T000000Z\n"
        "DTSTART;VALUE=DATE:20251201\nRRULE:FREQ=DAILY\nEND:VEVENT\n"
        for number in range(3)
    )
    data = f"BEGIN:VCALENDAR\nVERSION:2.0\n{''.join(days)}END:VCALENDAR\n".encode()
    with pytest.raises(HoursBad, match="too many"):
        import_ics(mine, data)
    assert not calendar_of(mine, mine.config.member).facts.leaves


def test_what_events_are_called_comes_in_where_it_is_asked_for(mine):
    import_ics(mine, REPEATS, titles=True)
    notes = [one["note"] for one in hours_part(mine, mine.config.member)["leave"]]
    assert sorted(map(str, notes)) == ["None", "the doctor", "the doctor", "the doctor"]


def test_shifts_leave_turns_and_meetings_go_out_and_the_leave_comes_back_as_it_was(mine):
    from icalendar import Calendar

    member, now_ms = mine.config.member, mine.record.now_ms()
    import_ics(mine, ICS)
    take_call(mine, now_ms, now_ms + 3_600_000)
    call_meeting(mine, "The split", now_ms + 3_600_000, now_ms + 7_200_000, [])
    data = export_ics(mine, member, days=60)
    events = list(Calendar.from_ical(data).walk("VEVENT"))
    names = [str(one["SUMMARY"]) for one in events]
    works = [one for one in events if str(one["UID"]).startswith("work-")]
    assert sum(name.endswith(" is away") for name in names) == 1
    assert sum(name.endswith(" is on call") for name in names) == 1
    assert "The split" in names
    whole_ms = sum((one["DTEND"].dt - one["DTSTART"].dt).total_seconds() for one in works) * 1000
    calendar, start_ms = calendar_of(mine, member), now_ms // 86_400_000 * 86_400_000
    assert whole_ms == calendar.working_minutes(start_ms, start_ms + 60 * 86_400_000) * 60_000
    with pytest.raises(HoursBad):
        export_ics(mine, member, days=0)


def test_me_says_who_i_am_with_which_roles_and_what_is_assumed(mine, monkeypatch):
    monkeypatch.chdir(mine.path.parent)
    answer = CliRunner().invoke(cli, ["me", "--json"], obj=Session({}))
    told = json.loads(answer.output)
    assert (told["member"], told["assumed"]) == (mine.config.member, True)
    assert told["device"] == mine.config.device
    assert told["roles"] == {"*": ["admin"]}


def asked(monkeypatch, workspace, *words):
    monkeypatch.chdir(workspace.path.parent)
    return CliRunner().invoke(cli, list(words), obj=Session({}))


def test_a_day_and_a_week_of_ones_own_are_asked_for_alone(mine, monkeypatch):
    set_zone(mine, "Europe/Berlin")
    told = json.loads(asked(monkeypatch, mine, "overlap", "--on", "2026-03-29", "--json").output)
    assert told["start_ms"] == 1_774_738_800_000
    assert told["end_ms"] - told["start_ms"] == 23 * 3_600_000, "the clock goes ahead that night"
    (who,) = told["members"]
    assert who["clock_changes"] == [{"at_ms": 1_774_746_000_000, "minutes": 60}]
    told = json.loads(asked(monkeypatch, mine, "overlap", "--week", "2026-03-25", "--json").output)
    assert told["end_ms"] == 1_774_738_800_000 + 23 * 3_600_000, "to the Sunday's end"
    assert told["end_ms"] - told["start_ms"] == (7 * 24 - 1) * 3_600_000
    for odd in (
        ["--on", "2026-03-29", "--days", "2"],
        ["--on", "2026-03-29", "--week", "2026-03-29"],
        ["--on", "9999-12-31"],
        ["--week", "Monday"],
    ):
        assert asked(monkeypatch, mine, "overlap", *odd).exit_code == 2, odd


def test_coverage_alone_tells_each_stretch_and_the_change_of_clocks_but_no_times(mine, monkeypatch):
    set_zone(mine, "Europe/Berlin")
    set_hours(mine, ["Mon-Sun 09:00-17:00"])
    lines = asked(
        monkeypatch, mine, "overlap", "--on", "2026-03-29", "--coverage"
    ).output.splitlines()
    assert [line.partition("  from")[0] for line in lines[:3]] == ["nobody ", "at work", "nobody "]
    assert ["for 8 h" in line for line in lines[:3]] == [True, True, False]
    assert "goes +60 min" in lines[3]
    assert lines[4].startswith("somebody is at work 35% of the time")
    assert len(lines) == 5


def test_the_team_says_until_when_by_the_clock_of_who_is_told_of(mine, monkeypatch):
    set_zone(mine, "Asia/Kolkata")
    set_hours(mine, ["Mon-Sun 00:00-12:00", "Mon-Sun 12:00-23:59"])
    (line,) = asked(monkeypatch, mine, "team").output.splitlines()
    assert " in Asia/Kolkata: " in line
    assert " there (in " in line
    set_hours(mine, ["Mon-Sun 08:17-08:18"])
    (line,) = asked(monkeypatch, mine, "team").output.splitlines()
    assert " 8:1" in line.partition("works")[2], line
