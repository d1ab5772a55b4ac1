"""Seals: entries that sign the chain up to the entry before them.

A seal's body is `{"head": seq, "digest": ..., "signature": hex}`; the signature is over a
message that no other part of the format can produce. One signature vouches for all before.
"""

from __future__ import annotations

from afield.journal.entry import Draft, Entry
from afield.journal.keys import DeviceKey, device_of, signed_by
from afield.kernel.ids import DeviceId

KIND = "journal.sealed"
INTRODUCED = "device.introduced"


def message(device: DeviceId, seq: int, digest: str) -> bytes:
    """Return the bytes that a seal signs."""
    return f"afield journal seal 1\n{device}\n{seq}\n{digest}\n".encode()


def draft(key: DeviceKey, seq: int, digest: str) -> Draft:
    """Return the seal of the chain whose head is (`seq`, `digest`)."""
    signature = key.sign(message(key.device, seq, digest)).hex()
    body = {"head": seq, "digest": digest, "signature": signature}
    return Draft(KIND, key.device, body)


def public_key(entry: Entry) -> bytes | None:
    """Return the key that a log's first entry introduces, if it is that of the log's device."""
    text = entry.body.get("public_key")
    if entry.kind != INTRODUCED or not isinstance(text, str):
        return None
    try:
        public = bytes.fromhex(text)
    except ValueError:
        return None
    return public if device_of(public) == entry.device else None


def why_not_good(entry: Entry, public: bytes | None) -> str | None:
    """Return why a seal does not hold, or None when it does."""
    if public is None:
        return "cannot be checked: the log's first entry does not introduce the device's key"
    body = entry.body
    if body.get("head") != entry.seq - 1 or body.get("digest") != entry.prev:
        return "does not name the entry before it"
    try:
        signature = bytes.fromhex(str(body.get("signature")))
    except ValueError:
        signature = b""
    if not signed_by(public, signature, message(entry.device, entry.seq - 1, entry.prev)):
        return "signature is not the device's"
    return None
