"""What this room refuses; the rest of the tree is in `kernel.errors`."""

from __future__ import annotations

from afield.kernel.errors import NotAllowed


class ActionNotAllowed(NotAllowed):
    """No role of the member, or not its token, allows what was asked for."""

    code = "members.action_not_allowed"
