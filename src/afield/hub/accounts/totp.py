"""Time-based one-time codes (RFC 6238 over RFC 4226: SHA-1, six digits, thirty seconds).

Pure: the time and the last step that was used are handed in.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import struct
from urllib.parse import quote

STEP_S = 30
DIGITS = 6
_SECRET_BYTES = 20
_DRIFT = (0, -1, 1)
_LOW_NIBBLE, _NO_SIGN = 0x0F, 0x7FFFFFFF


def new_totp() -> str:
    """Return a new secret, base32 as authenticator apps take it."""
    return base64.b32encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def code_at(secret: str, step: int, digits: int = DIGITS) -> str:
    """Return the code of a step: RFC 4226's HOTP with the step as counter."""
    key = base64.b32decode(secret)
    mac = hmac.new(key, struct.pack(">Q", step), hashlib.sha1).digest()
    offset = mac[-1] & _LOW_NIBBLE
    number = struct.unpack(">I", mac[offset : offset + 4])[0] & _NO_SIGN
    return str(number % 10**digits).zfill(digits)


def step_of(secret: str, code: str, now_s: int, last_step: int) -> int | None:
    """Return the step that a code is of; None when it is wrong or was used.

    Args:
        secret: base32.
        code: what was typed.
        now_s: Unix time; one step to either side counts as well.
        last_step: the last one used: it and those before are refused, so that no code that was
            looked at over a shoulder works again.
    """
    typed = "".join(code.split())
    found = None
    for drift in _DRIFT:
        step = now_s // STEP_S + drift
        same = hmac.compare_digest(code_at(secret, step).encode(), typed.encode("utf-8", "replace"))
        if same and step > last_step and found is None:
            found = step
    return found


def uri(secret: str, username: str, issuer: str) -> str:
    """Return the `otpauth:` URI that apps read from a QR code."""
    label = quote(f"{issuer}:{username}", safe="")
    return f"otpauth://totp/{label}?secret={secret}&issuer={quote(issuer, safe='')}"
