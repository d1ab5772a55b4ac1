"""Whom a client trusts to be the hub that it was told, and what it says when nobody is.

Nothing here turns verification off: an organisation's own certificates are trusted by a file.
"""

from __future__ import annotations

import ssl

from afield.kernel.errors import Usage
from afield.sync.errors import RemoteUntrusted

CERTIFICATES = "AFIELD_CA_FILE"
"""The variable that names the file with certificates of whom is trusted besides."""

_HINTS = (
    (frozenset({9, 10}), "it has to be renewed there, or the clock of this machine is wrong"),
    (frozenset({62, 64}), "look at the address: afield remote list"),
)
"""By OpenSSL's numbers: what to do about a certificate. Of all others somebody unknown signed."""

_UNKNOWN = f"if it is your organisation's own: export {CERTIFICATES}=ca.pem"


def trusting(file: str | None) -> ssl.SSLContext:
    """Return how a server has to prove who it is: as this machine's other programs ask it to.

    Args:
        file: certificates (PEM) of whom is trusted besides; None: of nobody.

    Raises:
        Usage: the file cannot be read, or holds none.
    """
    found = ssl.create_default_context()
    if file is None:
        return found
    try:
        found.load_verify_locations(file)
    except ssl.SSLError:
        raise _unread(file, "no certificate (PEM) stands in it") from None
    except OSError as error:
        raise _unread(file, (error.strerror or "it cannot be read").lower()) from None
    return found


def untrusted(error: ssl.SSLCertVerificationError, address: str) -> RemoteUntrusted:
    """Return in words why a certificate proves nothing, and what to do about it."""
    why = f"its certificate is not good: {error.verify_message}"
    hint = next((hint for codes, hint in _HINTS if error.verify_code in codes), _UNKNOWN)
    return RemoteUntrusted("cannot trust hub", address, why, hint=hint)


def _unread(file: str, why: str) -> Usage:
    return Usage("cannot read certificates", file, why, hint=f"look at {CERTIFICATES}")
