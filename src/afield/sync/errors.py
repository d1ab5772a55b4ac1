"""What can go wrong between two copies of a record.

Unreachable `- RemoteUnreachable  sync.remote_unreachable
               |- RemoteFull       sync.remote_full
               `- RemoteUntrusted  sync.remote_untrusted
Refused     |- RemoteForeign      sync.remote_foreign
            |- RemoteTooNew       sync.remote_too_new
            |- RemoteUnknown      sync.remote_unknown
            `- ExtraMissing       sync.extra_missing
NotAllowed  `- RemoteForbidden    sync.remote_forbidden
Damaged     `- RemoteDamaged      sync.remote_damaged
"""

from __future__ import annotations

from afield.kernel.errors import Damaged, NotAllowed, NotFound, Refused, Unreachable


class RemoteUnreachable(Unreachable):
    """A remote cannot be reached, or breaks off; what was transferred stays."""

    code = "sync.remote_unreachable"


class RemoteFull(RemoteUnreachable):
    """A remote has no room left: sending less at a time is of no use."""

    code = "sync.remote_full"


class RemoteUntrusted(RemoteUnreachable):
    """A server does not prove that it is the one that was asked for: nothing was sent to it."""

    code = "sync.remote_untrusted"


class RemoteForbidden(NotAllowed):
    """A remote is there and lets this person not read or write; what was transferred stays."""

    code = "sync.remote_forbidden"


class RemoteForeign(Refused):
    """What is there is no remote of Afield, or one of another workspace."""

    code = "sync.remote_foreign"


class RemoteTooNew(Refused):
    """A later version wrote the remote with features that this one lacks."""

    code = "sync.remote_too_new"


class RemoteUnknown(NotFound):
    """No remote has this name."""

    code = "sync.remote_unknown"


class ExtraMissing(Refused):
    """The library for buckets is not installed."""

    code = "sync.extra_missing"


class RemoteDamaged(Damaged):
    """The file that names the format of a remote cannot be read."""

    code = "sync.remote_damaged"


class Corrupt(ValueError):
    """Bytes of a remote that are not what they should be; inside the room only."""
