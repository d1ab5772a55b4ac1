"""Names in a remote, and the two small files that say what it is and who put what there.

Pure: text and bytes. The specification is docs/format/sync.md, with vectors that tests load.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import msgspec

from afield.journal import DeviceKey, device_of, signed_by
from afield.kernel.ids import DeviceId, WorkspaceId
from afield.sync.errors import Corrupt, RemoteDamaged, RemoteForeign, RemoteTooNew
from afield.sync.limits import HEAD_BYTES_MAX, HEAD_TIPS_MAX

VERSION = 1
FORMAT = "format"
HEADS = "heads/"
PACKS = {"meta": "packs/meta/", "data": "packs/data/"}
DIGEST_CHARS = 32
_KIND = "afield.remote"
_SIGNED = b"afield head 1\n"
_SIGNATURE_CHARS = 128

_DEVICE = re.compile(r"[0-9a-f]{32}")
_CHUNK = re.compile(r"([0-9]{12,16})-([0-9]{12,16})-([0-9a-f]{32})-([0-9a-f]{32})")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_LOG_FILE = re.compile(r"journal/([0-9a-f]{32})/")
_PACK = re.compile(r"([0-9a-f]{64})\.pack")


class Format(msgspec.Struct, frozen=True, kw_only=True):
    """What a remote is: of which format, and of whose workspace.

    Attributes:
        workspace: the workspace's id.
        founder: the public key of the device that founded it.
        required: features without which it must not be read or written.
    """

    format: str = _KIND
    version: int = VERSION
    workspace: WorkspaceId
    founder: str
    required: tuple[str, ...] = ()


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What one device vouches to have put, or found, at a remote.

    Attributes:
        workspace: the workspace's id.
        device: who says so.
        public_key: its Ed25519 key.
        tips: device, number and digest of the last entry of each log and branch.
        bad: names of files that it found not to be what they are named after.
        lacks: devices whose logs it could not read to the end that others name.
    """

    v: int = VERSION
    workspace: WorkspaceId
    device: DeviceId
    public_key: str
    tips: tuple[tuple[DeviceId, int, str], ...]
    bad: tuple[str, ...] = ()
    lacks: tuple[DeviceId, ...] = ()


class Piece(NamedTuple):
    """A chunk of a log by its name: from the entry after `before` up to the entry `end`.

    The digests are the first half of those of the entries `first - 1` and `last`.
    """

    device: DeviceId
    first: int
    last: int
    before: str
    end: str

    @property
    def name(self) -> str:
        """Its name in the remote."""
        return (
            f"{log_folder(self.device)}{self.first:012d}-{self.last:012d}-{self.before}-{self.end}"
        )


def log_folder(device: DeviceId) -> str:
    """Return the folder of a device's chunks."""
    return f"journal/{device}/"


def log_device(name: str) -> DeviceId | None:
    """Return whose log's folder a name is in; None when it is in none."""
    found = _LOG_FILE.match(name)
    return DeviceId(found[1]) if found else None


def head_name(device: DeviceId) -> str:
    """Return the name of a device's head."""
    return f"{HEADS}{device}"


def head_device(name: str) -> DeviceId | None:
    """Return whose head a name is; None when it is no head's."""
    last = name.removeprefix(HEADS)
    return DeviceId(last) if _DEVICE.fullmatch(last) else None


def piece_of(device: DeviceId, name: str) -> Piece | None:
    """Return the chunk that a name stands for; None when it is no chunk's."""
    found = _CHUNK.fullmatch(name.removeprefix(log_folder(device)))
    if found is None:
        return None
    first, last = int(found[1]), int(found[2])
    return Piece(device, first, last, found[3], found[4]) if 1 <= first <= last else None


def pack_name(role: str, pack: str) -> str:
    """Return the name of a pack."""
    return f"{PACKS[role]}{pack}.pack"


def pack_of(role: str, name: str) -> str | None:
    """Return the digest that a pack is named by; None when it is no pack's name."""
    found = _PACK.fullmatch(name.removeprefix(PACKS[role]))
    return found[1] if found else None


def encode_format(found: Format) -> bytes:
    """Return the text of `format`."""
    return msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n"


def decode_format(data: bytes, address: str) -> Format:
    """Parse `format`.

    Raises:
        RemoteDamaged: it cannot be read.
        RemoteForeign: it is of something else.
        RemoteTooNew: it asks for what this version does not understand.
    """
    what = "cannot use remote"
    try:
        found = msgspec.json.decode(data, type=Format)
    except msgspec.MsgspecError as error:
        raise RemoteDamaged(what, address, "its `format` cannot be read") from error
    if not _DIGEST.fullmatch(found.founder):
        raise RemoteDamaged(what, address, "its `format` names no key")
    if found.format != _KIND:
        raise RemoteForeign(what, address, "it holds something else")
    if found.version > VERSION or found.required:
        needs = ", ".join(found.required) or f"version {found.version}"
        why = f"it needs {needs}, which this version of Afield does not know"
        raise RemoteTooNew(what, address, why, hint="pip install --upgrade afield")
    return found


def founder_of(found: Format) -> DeviceId:
    """Return the device that founded the workspace of a remote."""
    return device_of(bytes.fromhex(found.founder))


def encode_head(head: Head, key: DeviceKey) -> bytes:
    """Return a head, signed by the device that it is of."""
    assert key.device == head.device, "a device signs its own head"
    body = msgspec.json.encode(head)
    return key.sign(_SIGNED + body).hex().encode() + b" " + body + b"\n"


def decode_head(data: bytes, device: DeviceId, workspace: WorkspaceId) -> Head:
    """Parse a head and check who signed it.

    Raises:
        Corrupt: it is not what that device said of this workspace.
    """
    if len(data) > HEAD_BYTES_MAX or data[-1:] != b"\n":
        raise Corrupt("the head is cut off or too large")
    signature, _, body = data[:-1].partition(b" ")
    try:
        head = msgspec.json.decode(body, type=Head)
        public, signed = bytes.fromhex(head.public_key), bytes.fromhex(signature.decode())
    except (msgspec.MsgspecError, ValueError) as error:
        raise Corrupt("the head cannot be read") from error
    if head.device != device or device_of(public) != device:
        raise Corrupt("the head is another device's")
    if len(signature) != _SIGNATURE_CHARS or not signed_by(public, signed, _SIGNED + body):
        raise Corrupt("the head's signature is not the device's")
    if head.v != VERSION or head.workspace != workspace:
        raise Corrupt("the head is of another workspace or version")
    if len(head.tips) > HEAD_TIPS_MAX or not all(map(_is_tip, head.tips)):
        raise Corrupt("the head names what is no log")
    return head


def _is_tip(tip: tuple[DeviceId, int, str]) -> bool:
    device, seq, digest = tip
    return bool(_DEVICE.fullmatch(device) and seq > 0 and _DIGEST.fullmatch(digest))
