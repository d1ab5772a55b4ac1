"""Weekly hours as wall-clock rules, read from and written in the words that people use.

`Mon-Fri 09:00-17:30`, `Tue,Thu 22:00-02:00`: the days on which a span begins, and times of the
wall clock; a span that ends before it begins ends on the next day. Knows no zone and no date.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from afield.kernel.late import late
from afield.members.errors import HoursBad

DAY_MINUTES = 1440
SPANS_MAX = 42
HINT = 'afield hours set "Mon-Thu 09:00-17:30" "Fri 09:00-12:00"'

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_RULE = late(r"([A-Za-z,\s\-]+?)\s+(\d{1,2}:\d{2}(?:\s*-\s*\d{1,2}:\d{2})(?:\s*,.*)?)")
_SPAN = late(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")


class Span(msgspec.Struct, frozen=True, order=True):
    """A span of a weekday that comes every week.

    Args:
        day: the weekday on which it begins; 0 is Monday.
        start: minutes of the wall clock since 00:00 of that day.
        end: the same; over 1440 is on the next day, and a whole day at most after `start`.
    """

    day: int
    start: int
    end: int


def from_words(words: Sequence[str]) -> tuple[Span, ...]:
    """Return the spans of rules such as `Mon-Fri 09:00-12:00, 13:00-17:30`; `none` is no span.

    Raises:
        HoursBad: a rule is no such thing.
    """
    rules = [part.strip() for one in words for part in one.split(";") if part.strip()]
    if [rule.casefold() for rule in rules] == ["none"]:
        return ()
    if not rules:
        raise HoursBad("no hours are given", hint=HINT)
    found = {span for rule in rules for span in _spans(rule)}
    if len(found) > SPANS_MAX:
        raise HoursBad("too many spans in a week", len(found), f"at most {SPANS_MAX}", hint=HINT)
    return tuple(sorted(found))


def to_words(spans: Iterable[Span]) -> list[str]:
    """Return spans as rules that `from_words` reads, those of equal times together."""
    days: dict[tuple[int, int], list[int]] = {}
    for span in sorted(spans):
        days.setdefault((span.start, span.end), []).append(span.day)
    alike: dict[tuple[int, ...], list[str]] = {}
    for (start, end), found in days.items():
        alike.setdefault(tuple(found), []).append(f"{clock_words(start)}-{clock_words(end)}")
    return [f"{_days_in_words(found)} {', '.join(times)}" for found, times in alike.items()]


def to_body(spans: Iterable[Span]) -> list[list[int]]:
    """Return spans as they stand in an entry: `[day, start, end]`."""
    return [[span.day, span.start, span.end] for span in sorted(spans)]


def from_body(said: Any) -> tuple[Span, ...]:
    """Return the spans of an entry.

    Raises:
        ValueError: they are none.
    """
    if not isinstance(said, list) or len(said) > SPANS_MAX:
        raise ValueError("its hours are no list of spans")
    return tuple(sorted({_checked(one) for one in said}))


def minute_of(words: str) -> int:
    """Return a time of the wall clock, `09:30` or `24:00`, as minutes since 00:00.

    Raises:
        HoursBad: there is no such time.
    """
    hour, colon, minute = words.strip().partition(":")
    if colon and hour.isdecimal() and minute.isdecimal() and len(minute) == 2:  # noqa: PLR2004
        found = int(hour) * 60 + int(minute)
        if int(minute) < 60 and found <= DAY_MINUTES:  # noqa: PLR2004
            return found
    raise HoursBad("no such time of the day", words, "between 00:00 and 24:00", hint=HINT)


def clock_words(minute: int) -> str:
    """Return minutes since 00:00 as `09:30`; the end of the day as `24:00`."""
    shown = minute if minute <= DAY_MINUTES else minute - DAY_MINUTES
    return f"{shown // 60:02d}:{shown % 60:02d}"


def _spans(rule: str) -> list[Span]:
    parts = _RULE().fullmatch(rule)
    if parts is None:
        raise HoursBad("not a rule of weekly hours", rule, hint=HINT)
    found = []
    for times in parts[2].split(","):
        span = _SPAN().fullmatch(times.strip())
        if span is None:
            raise HoursBad("not a span of time", times.strip(), hint=HINT)
        start, end = minute_of(f"{span[1]}:{span[2]}"), minute_of(f"{span[3]}:{span[4]}")
        if start == DAY_MINUTES:
            raise HoursBad("nothing begins at the end of a day", times.strip(), hint=HINT)
        end += DAY_MINUTES if end <= start else 0
        found += [Span(day, start, end) for day in _days(parts[1])]
    return found


def _days(words: str) -> list[int]:
    found: list[int] = []
    for part in words.replace(" - ", "-").replace(",", " ").split():
        first, dash, last = part.partition("-")
        begin = _day(first)
        end = _day(last) if dash else begin
        found += [(begin + ahead) % 7 for ahead in range((end - begin) % 7 + 1)]
    return found


def _day(word: str) -> int:
    asked = word[:3].title()
    whole = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    for number, name in enumerate(whole):
        if asked == name[:3] and name.casefold().startswith(word.casefold()):
            return number
    raise HoursBad("no such weekday", word, f"one of {', '.join(_DAYS)}", hint=HINT)


def _days_in_words(days: Sequence[int]) -> str:
    runs: list[list[int]] = []
    for day in days:
        if runs and day == runs[-1][-1] + 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ",".join(
        f"{_DAYS[run[0]]}-{_DAYS[run[-1]]}" if len(run) > 2 else ",".join(_DAYS[d] for d in run)  # noqa: PLR2004
        for run in runs
    )


def _checked(said: Any) -> Span:
    if not isinstance(said, list) or [type(one) for one in said] != [int, int, int]:
        raise ValueError("a span is no `[day, start, end]`")
    span = Span(*said)
    fits = 0 <= span.day <= 6 and 0 <= span.start < DAY_MINUTES  # noqa: PLR2004
    if not fits or not span.start < span.end <= span.start + DAY_MINUTES:
        raise ValueError("a span is not within a day and the next")
    return span
