"""What stands in `bundle.json`, and who signed it."""

from __future__ import annotations

from typing import Annotated

import msgspec

from afield.journal import DeviceKey, device_of, signed_by
from afield.workspace.errors import BundleDamaged

SUFFIX = ".afield"
NAME = "bundle.json"
SCHEMA = "afield.bundle/1"
CONTENTS_BYTES_MAX = 16 << 20

Hex = Annotated[str, msgspec.Meta(pattern="^([0-9a-f]{2})+$")]


class Source(msgspec.Struct, frozen=True):
    """An entry of the original journal that the bundle states again."""

    device: str
    seq: int
    digest: str


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """What a bundle holds.

    Args:
        run: the run's id.
        name: its name.
        made_ms: when the bundle was made, in Unix milliseconds.
        device: who made it; signs the rest.
        public_key: that device's Ed25519 key.
        log: the device whose log in the bundle states the run's entries again; made for it.
        head: the digest of the last entry of that log.
        sources: where those entries stand in the journal that they come from.
        wheels: distribution to object, for rebuilding the environment offline.
        absent: what the run needs and the bundle lacks, in words.
        signature: over this document as JSON without the signature.
    """

    schema: str = SCHEMA
    run: str
    name: str
    made_ms: int
    device: str
    public_key: Hex
    log: str
    head: str
    sources: tuple[Source, ...] = ()
    wheels: dict[str, str] = {}
    absent: tuple[str, ...] = ()
    signature: str = ""

    def signed(self, key: DeviceKey) -> Contents:
        """Return the same with the signature of the device that `device` names."""
        return msgspec.structs.replace(self, signature=key.sign(_message(self)).hex())


def encode(contents: Contents) -> bytes:
    """Return the text of `bundle.json`."""
    return msgspec.json.format(msgspec.json.encode(contents), indent=2) + b"\n"


def decode(data: bytes, path: str) -> Contents:
    """Parse `bundle.json` and check who signed it.

    Raises:
        BundleDamaged: it is not one, or was changed since it was signed.
    """
    try:
        found = msgspec.json.decode(data, type=Contents)
        public, signature = bytes.fromhex(found.public_key), bytes.fromhex(found.signature)
    except (msgspec.MsgspecError, ValueError) as error:
        raise BundleDamaged("cannot open bundle", path, f"its {NAME} cannot be read") from error
    if device_of(public) != found.device or not signed_by(public, signature, _message(found)):
        why = f"its {NAME} is not what device {found.device} signed"
        raise BundleDamaged("cannot open bundle", path, why)
    return found


def _message(contents: Contents) -> bytes:
    return msgspec.json.encode(msgspec.structs.replace(contents, signature=""), order="sorted")
