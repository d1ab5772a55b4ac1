"""The witness: a small file that says up to where a log is known to be on disk.

Written after each fsync of the log, itself without one: it may be missing or old, but never
claims more than is there. It tells a torn tail (never acknowledged, may be cut) from a
damaged one (acknowledged, is kept and named), and a shortened log from a short one.
"""

from __future__ import annotations

import msgspec
from blake3 import blake3

from afield.journal.limits import WITNESS_BYTES_MAX
from afield.journal.places import WITNESS, Head
from afield.kernel.files import FileSystem
from afield.kernel.ids import DeviceId


class Witness(msgspec.Struct, frozen=True):
    """An entry whose line, and all before it, was synced."""

    device: DeviceId
    seq: int
    digest: str
    at: int
    segment: str
    offset: int

    @property
    def head(self) -> Head:
        """The head of the log as it was then."""
        return Head(self.seq, self.digest, self.segment, self.offset)


_decode = msgspec.json.Decoder(Witness).decode


def read_witnesses(files: FileSystem, folder: str, device: DeviceId) -> list[Witness]:
    """Return what verifies of the witness file, oldest first."""
    try:
        data = files.read(f"{folder}/{WITNESS}")
    except FileNotFoundError:
        return []
    found = []
    for line in data.split(b"\n"):
        witness = _witness_in(line)
        if witness is not None and witness.device == device:
            found.append(witness)
    return found


def good_lines(files: FileSystem, folder: str) -> bytes:
    """Return the witness file as it is without what does not verify."""
    lines = files.read(f"{folder}/{WITNESS}").split(b"\n")
    return b"".join([b"\n%b\n" % line for line in lines if _witness_in(line)])


def _witness_in(line: bytes) -> Witness | None:
    """Return what a line says; None when it does not verify, or is a line of another file."""
    if line[:33] != blake3(line[33:]).hexdigest()[:32].encode() + b" ":
        return None
    try:
        return _decode(line[33:])
    except msgspec.MsgspecError:
        return None


def damaged_lines(files: FileSystem, folder: str) -> int:
    """Return how many whole lines of the witness file do not verify; a torn one may be there."""
    try:
        lines = files.read(f"{folder}/{WITNESS}").split(b"\n")
    except FileNotFoundError:
        return 0
    whole = [line for line in lines if line.endswith(b"}")]
    return sum(_witness_in(line) is None for line in whole)


def newest_witness(files: FileSystem, folder: str, device: DeviceId) -> Witness | None:
    """Return the witness that got furthest, if there is any."""
    found = read_witnesses(files, folder, device)
    return max(found, key=lambda witness: witness.seq) if found else None


def write_witness(files: FileSystem, folder: str, witness: Witness) -> None:
    """Add a line to the witness file, which starts anew when it has grown over its bound."""
    payload = msgspec.json.encode(witness)
    check = blake3(payload).hexdigest()[:32].encode()
    file = files.open_append(f"{folder}/{WITNESS}")
    try:
        if file.size() > WITNESS_BYTES_MAX:
            file.truncate(0)
        file.write(b"\n%b %b\n" % (check, payload))  # a torn line before stays apart
    finally:
        file.close()
