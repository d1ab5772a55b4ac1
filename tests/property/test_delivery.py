"""Nothing is brought in quiet hours, but to who agreed to be woken: ten thousand alerts."""

from __future__ import annotations

import random
from datetime import date

from afield.members.calendar import Calendar, Facts, Interval, Leave
from afield.members.calendar.weekly import from_words
from afield.teamwork.delivery import deliver_ms

ALERTS = 10_000
ZONES = ("America/Los_Angeles", "Asia/Kolkata", "Europe/Berlin", "Australia/Lord_Howe")
HOURS = ("Mon-Fri 09:00-17:00", "Mon-Sun 20:00-04:00", "Tue,Thu 06:00-12:30", "Sun 10:00-11:00")
START_MS = 1_790_000_000_000
YEAR_MS = 365 * 86_400_000


def people(made):
    """Return calendars of people of all sorts."""
    found = []
    for zone in ZONES:
        for words in HOURS:
            begins = [START_MS + made.randrange(YEAR_MS) for _ in range(900)]
            first = date(2026, made.randint(1, 12), made.randint(1, 28))
            facts = Facts(
                zones=((date.min, zone),),
                hours=((date.min, tuple(from_words([words]))),),
                focus=((date.min, tuple(from_words(["Mon-Sun 10:00-10:30"]))),),
                leaves=(Leave(first, date.fromordinal(first.toordinal() + 20)),),
                busy=tuple(Interval(each, each + 20 * 60_000) for each in begins),
            )
            found.append(Calendar(facts))
    return found


def test_of_ten_thousand_alerts_none_comes_in_quiet_hours_but_to_who_is_on_call():
    made = random.Random(7)
    calendars = people(made)
    at_once = held_by_busy = 0
    for _ in range(ALERTS):
        calendar = made.choice(calendars)
        at_ms = START_MS + made.randrange(YEAR_MS)
        urgent, pages, on_call = (made.random() < share for share in (0.2, 0.3, 0.2))
        when = deliver_ms(calendar, at_ms, urgent=urgent, pages=pages, on_call=on_call)
        assert when is not None
        assert when >= at_ms
        if pages and on_call:
            at_once += 1
            assert when == at_ms
            continue
        presence = calendar.presence(when)
        assert presence.tier == "working"
        assert urgent or pages or not presence.focus
        assert when == at_ms or calendar.next_working(at_ms) <= when
        assert urgent or pages or not presence.busy
        held_by_busy += calendar.presence(at_ms).busy and when > at_ms
        if urgent or pages:
            assert when == calendar.next_working(at_ms)
    assert at_once > ALERTS * 0.03
    assert held_by_busy > ALERTS * 0.005
