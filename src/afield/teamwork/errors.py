"""What can be wrong with things of the team, with the stable codes.

Usage     `- ItemBad         team.item_bad
NotFound  `- ItemNotFound    team.not_found
Refused   `- MoveRefused     team.move_refused
"""

from __future__ import annotations

from afield.kernel.errors import NotFound, Refused, Usage


class ItemBad(Usage):
    """A field or a move cannot be as it was given."""

    code = "team.item_bad"


class ItemNotFound(NotFound):
    """There is no such item, or several begin so."""

    code = "team.not_found"


class MoveRefused(Refused):
    """The item is not in a state, or the person has not the part, in which this can be done."""

    code = "team.move_refused"
