"""What can go wrong in the vault, with the stable codes.

Refused   |- FormatUnknown    vault.format_unknown
          |- NotAFile         vault.not_a_file
          `- ChunkerSlow      vault.chunker_slow
NotFound  `- ObjectMissing    vault.object_missing
Damaged   |- ObjectDamaged    vault.object_damaged
          `- HeaderDamaged    vault.header_damaged
Unreachable `- StorageUnreachable  vault.storage_unreachable
"""

from __future__ import annotations

from afield.kernel.errors import Damaged, NotFound, Refused, Unreachable


class FormatUnknown(Refused):
    """The objects were written by a later version with features that this one lacks."""

    code = "vault.format_unknown"


class NotAFile(Refused):
    """A path that was to be stored is a folder, a pipe or a device."""

    code = "vault.not_a_file"


class ChunkerSlow(Refused):
    """Only the pure-Python chunker is there: some 200 times slower."""

    code = "vault.chunker_slow"


class ObjectMissing(NotFound):
    """No pack here holds the object, though the record names it."""

    code = "vault.object_missing"
    exit_code = Damaged.exit_code


class ObjectDamaged(Damaged):
    """The stored bytes of an object do not match its digest."""

    code = "vault.object_damaged"


class HeaderDamaged(Damaged):
    """The header that names the format of the objects cannot be read."""

    code = "vault.header_damaged"


class StorageUnreachable(Unreachable):
    """The bucket that the objects lie in does not answer, or does not let us in.

    Attributes:
        told: what others than whoever runs the server are told of it.
    """

    code = "vault.storage_unreachable"
    status = 503
    told = "the server cannot reach its storage"


class Corrupt(ValueError):
    """Bytes that are not what they should be; inside the room only, worded by its door."""
