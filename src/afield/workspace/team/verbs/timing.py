"""When one works: zone, hours, focus, holidays, leave. Everybody speaks for themselves alone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from afield.kernel.errors import Usage
from afield.workspace.team import hours
from afield.workspace.team.verbs.door import Document, Door


class Timing(Door):
    """What people say of their time; each returns it as `person` does.

    `since` is the day from which it holds (`2027-03-01`), all days unless it is said.
    """

    def zone(self, name: str, since: str | None = None) -> Document:
        """Say in which zone you are: `Europe/Berlin`.

        Raises:
            ZoneUnknown: there is no such zone.
            Usage: `since` is no day.
        """
        hours.set_zone(self._reading(), name, _day(since))
        return self._mine()

    def hours(self, rules: str | Iterable[str], since: str | None = None) -> Document:
        """Say when you work: `Mon-Fri 09:00-17:30`, or `none`.

        Raises:
            HoursBad: a rule cannot be read.
            Usage: `since` is no day.
        """
        hours.set_hours(self._reading(), _many(rules), _day(since))
        return self._mine()

    def focus(self, rules: str | Iterable[str], since: str | None = None) -> Document:
        """Say when you are not to be disturbed; rules and errors as `hours` has them."""
        hours.set_focus(self._reading(), _many(rules), _day(since))
        return self._mine()

    def holidays(self, region: str, since: str | None = None) -> Document:
        """Say whose public holidays you have: `DE-BE`, or `none`; raises as `hours`."""
        hours.set_holidays(self._reading(), region, _day(since))
        return self._mine()

    def leave(self, first: str, last: str | None = None, note: str = "") -> Document:
        """Say that you are away from a day to a day, both included.

        Raises:
            HoursBad: it ends before it begins, or the note is too long.
            Usage: one is no day.
        """
        hours.take_leave(self._reading(), _day(first), _day(last or first), note)
        return self._mine()

    def cancel_leave(self, leave: str) -> Document:
        """Take a leave back, by its id; raises HoursBad."""
        hours.cancel_leave(self._reading(), leave)
        return self._mine()

    def _mine(self) -> Document:
        self.workspace.refresh()
        return hours.hours_part(self.workspace, self.workspace.config.member)


def _many(rules: str | Iterable[str]) -> list[str]:
    return [rules] if isinstance(rules, str) else list(rules)


def _day(words: str | None) -> date:
    if words is None:
        return date.min
    try:
        return date.fromisoformat(words)
    except ValueError:
        raise Usage("not a day", words, "a day is written as 2026-12-24") from None
