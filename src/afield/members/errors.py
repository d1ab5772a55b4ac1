"""What this room refuses; the rest of the tree is in `kernel.errors`."""

from __future__ import annotations

from afield.kernel.errors import NotAllowed, Refused


class ActionNotAllowed(NotAllowed):
    """No role of the member, or not its token, allows what was asked for."""

    code = "members.action_not_allowed"


class ZoneUnknown(Refused):
    """This machine knows no time zone of that name."""

    code = "members.zone_unknown"


class HoursBad(Refused):
    """What was given is no hours, dates, holidays or calendar of a member."""

    code = "members.hours_bad"
