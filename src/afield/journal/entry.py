"""An entry and its line: `<first 32 hex of BLAKE3 of the JSON> <JSON>` and a newline.

The one place that encodes and decodes lines. Digests are over the bytes as written; nothing
re-serialises. Order, chain and files are the business of `scan` and `log`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from blake3 import blake3
from msgspec.structs import force_setattr

from afield.journal.errors import EntryNotJson, EntryTooLarge, EntryVersionUnknown
from afield.kernel.ids import DeviceId, MemberId, ObjectId
from afield.kernel.limits import ENTRY_BYTES_MAX, REFS_MAX

VERSION = 1
CHECK_BYTES = 32
NO_PREV = "0" * 64


class Line(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The JSON of a line: these keys, in this order."""

    v: int = VERSION
    device: DeviceId
    seq: int
    prev: str
    at: int
    tz: str
    by: MemberId
    kind: str
    about: str
    body: dict[str, Any]
    refs: tuple[ObjectId, ...] = ()


class Entry(Line, frozen=True, kw_only=True, gc=False):
    """One immutable fact.

    Attributes:
        v: version of the line's format.
        device: who wrote it; the log it stands in.
        seq: its place in the device's log, from 1, without gaps.
        prev: digest of the device's entry before, 64 zeros for the first.
        at: hybrid logical clock, Unix ms << 16 | counter.
        tz: the writer's UTC offset, as `+HH:MM`.
        by: the member.
        kind: what happened, as `noun.verbed`.
        about: the subject's id.
        body: the facts; JSON values only.
        refs: the objects it names.
        digest: BLAKE3-256 of the JSON as written, 64 hex; not part of the JSON.
    """

    digest: str = ""


class Draft(msgspec.Struct, frozen=True):
    """What a caller says of an entry; the journal adds the rest."""

    kind: str
    about: str
    body: Mapping[str, Any]
    refs: Sequence[ObjectId] = ()


class _Version(msgspec.Struct):
    v: int


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Entry).decode
_decode_version = msgspec.json.Decoder(_Version).decode


def encode_line(
    draft: Draft, *, device: DeviceId, by: MemberId, seq: int, prev: str, at: int, tz: str
) -> tuple[bytes, Entry]:
    """Return the line, newline included, and the entry that a reader will see.

    Raises:
        EntryTooLarge: the line passes `ENTRY_BYTES_MAX`, or the refs `REFS_MAX`.
        EntryNotJson: the body holds what JSON cannot carry unchanged.
    """
    body = dict(draft.body)
    refs = tuple(draft.refs)
    line = Line(
        device=device,
        seq=seq,
        prev=prev,
        at=at,
        tz=tz,
        by=by,
        kind=draft.kind,
        about=draft.about,
        body=body,
        refs=refs,
    )
    try:
        payload = _encode(line)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise EntryNotJson("cannot append entry", draft.kind, str(error)) from error
    if b"null" in payload:
        _refuse_not_finite(draft.kind, body)
    digest = blake3(payload).hexdigest()
    data = b"%b %b\n" % (digest[:CHECK_BYTES].encode(), payload)
    if len(data) > ENTRY_BYTES_MAX or len(refs) > REFS_MAX:
        _refuse_large(draft.kind, len(data), len(refs))
    entry = Entry(
        device=device,
        seq=seq,
        prev=prev,
        at=at,
        tz=tz,
        by=by,
        kind=draft.kind,
        about=draft.about,
        body=body,
        refs=refs,
        digest=digest,
    )
    return data, entry


def decode_line(line: bytes) -> Entry | None:
    """Return the entry of a line without its newline, or None when it does not verify.

    Raises:
        EntryVersionUnknown: it verifies and names a version other than this one.
    """
    payload = line[CHECK_BYTES + 1 :]
    digest: str = blake3(payload).hexdigest()
    if line[: CHECK_BYTES + 1] != b"%b " % digest[:CHECK_BYTES].encode():
        return None
    try:
        entry = _decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        _refuse_version(payload)
        return None
    if entry.v != VERSION:
        _refuse_version(payload)
    force_setattr(entry, "digest", digest)
    return entry


def _refuse_large(kind: str, size_bytes: int, refs: int) -> None:
    if refs > REFS_MAX:
        why = f"{refs} objects named, more than {REFS_MAX}"
    else:
        why = f"{size_bytes} bytes, more than {ENTRY_BYTES_MAX}"
    hint = "put the large part into an object and name it in `refs`"
    raise EntryTooLarge("cannot append entry", kind, why, hint=hint, size_bytes=size_bytes)


def _refuse_not_finite(kind: str, value: object) -> None:
    """JSON would turn NaN and infinities into null without a word; say it instead."""
    if isinstance(value, float) and not math.isfinite(value):
        hint = 'spell it as text: "nan", "inf" or "-inf"'
        raise EntryNotJson("cannot append entry", kind, f"JSON has no {value}", hint=hint)
    if isinstance(value, Mapping):
        for part in value.values():
            _refuse_not_finite(kind, part)
    elif isinstance(value, list | tuple | set | frozenset):
        for part in value:
            _refuse_not_finite(kind, part)


def _refuse_version(payload: bytes) -> None:
    try:
        version = _decode_version(payload).v
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return
    if version != VERSION:
        raise EntryVersionUnknown(
            "cannot read entry",
            f"v {version}",
            f"this program knows version {VERSION} of the journal's lines",
            hint="pip install --upgrade afield",
            version=version,
        )
