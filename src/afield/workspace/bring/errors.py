"""What can go wrong when something is brought from another tool.

NotFound    |- SourceNotFound     bring.not_found
Refused     |- SourceUnreadable   bring.unreadable
Unreachable `- SourceUnreachable  bring.unreachable
"""

from __future__ import annotations

from afield.kernel.errors import NotFound, Refused, Unreachable


class SourceNotFound(NotFound):
    """Nothing of the tool is at the path, or nothing of that name."""

    code = "bring.not_found"


class SourceUnreadable(Refused):
    """What is there cannot be asked: the program it needs is missing, or says no."""

    code = "bring.unreadable"


class SourceUnreachable(Unreachable):
    """A server does not answer, or not now."""

    code = "bring.unreachable"
