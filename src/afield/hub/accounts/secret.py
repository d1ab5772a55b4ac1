"""Random secrets and how they are kept: only their digests, compared in constant time.

For secrets of 256 random bits, which nobody can guess; people's passwords are in `passwords`.
"""

from __future__ import annotations

import hmac
import secrets

from afield.kernel.digest import digest

_BYTES = 32


def new_secret() -> str:
    """Return 256 random bits as text for URLs and headers."""
    return secrets.token_urlsafe(_BYTES)


def new_id() -> str:
    """Return an id of 80 random bits, which is no secret."""
    return secrets.token_hex(10)


def kept(secret: str) -> str:
    """Return what is kept of a secret."""
    return digest(secret.encode("utf-8", "surrogatepass"))


def same(secret: str, kept_before: str) -> bool:
    """Tell whether this is the secret of which that was kept, in constant time."""
    return hmac.compare_digest(kept(secret), kept_before)
