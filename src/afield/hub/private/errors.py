"""Faults of private endpoints."""

from __future__ import annotations

from afield.kernel.errors import Refused


class NotServed(Refused):
    """An `afield://` address names no workspace, or it cannot be opened."""

    code = "hub.not_served"
