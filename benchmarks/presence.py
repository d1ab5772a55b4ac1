"""How long it takes to say of 200 people how they can be met: CPU time, in milliseconds.

`python -m benchmarks.presence`. Bound, also for the first call of a process, which looks
through the zones: 5 ms; 1 is returned where it takes longer. Making the calendars is not counted.
"""

from __future__ import annotations

import sys
import time
from datetime import date

from afield.members.calendar import Calendar, Facts, Leave, Span
from afield.members.calendar.clocks import zone_names

PEOPLE, ZONES, LIMIT_MS = 200, 40, 5.0
SINCE, AT_MS = date(2026, 1, 1), 1_795_431_600_000
AWAY = Leave(date(2026, 12, 24), date(2027, 1, 2))


def calendars() -> list[Calendar]:
    """Return the calendars of people in many zones, with hours and leave."""
    zones = [zone for zone in zone_names() if "/" in zone][::3][:ZONES]
    found = []
    for number in range(PEOPLE):
        start, end = 480 + number % 5 * 30, 1000 + number % 7 * 10
        hours = tuple(Span(day, start, end) for day in range(5))
        zone = zones[number % ZONES]
        facts = Facts(zones=((SINCE, zone),), hours=((SINCE, hours),), leaves=(AWAY,))
        found.append(Calendar(facts))
    return found


def took_ms(people: list[Calendar], at_ms: int) -> float:
    """Return how long it takes to ask for everybody's presence once."""
    began = time.process_time_ns()
    for one in people:
        one.presence(at_ms)
    return (time.process_time_ns() - began) / 1e6


def main() -> int:
    """Measure, and say whether it holds."""
    people = calendars()
    first = took_ms(people, AT_MS)
    print(f"first time, zones read too: {first:.1f} ms")
    fresh = min(took_ms(calendars(), AT_MS) for _ in range(9))
    print(f"calendars just made:        {fresh:.1f} ms")
    again = min(took_ms(people, AT_MS + 60_000 * minute) for minute in range(9))
    print(f"calendars at hand:          {again:.1f} ms")
    return int(max(first, fresh, again) > LIMIT_MS)


if __name__ == "__main__":
    sys.exit(main())
