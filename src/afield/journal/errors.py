"""The faults of the journal, each with its stable code."""

from __future__ import annotations

from afield.kernel.errors import Damaged, NotFound, Refused


class EntryTooLarge(Refused):
    """A line would pass the bound; more goes into an object."""

    code = "journal.entry_too_large"


class EntryNotJson(Refused):
    """A body holds what JSON cannot carry unchanged."""

    code = "journal.entry_not_json"


class EntryVersionUnknown(Refused):
    """A line verifies but is of a format this program does not know."""

    code = "journal.entry_version_unknown"


class PositionLost(Damaged):
    """The log no longer holds what a reader had read up to; it must read from the start."""

    code = "journal.position_lost"


class KeyMissing(NotFound):
    """There is no device key in the folder."""

    code = "journal.key_missing"


class KeyDamaged(Damaged):
    """The device key file does not hold a key, or holds that of another device."""

    code = "journal.key_damaged"
