"""PDF and PostScript: pages and fonts, without dates, ids, producer and how streams are packed.

A PDF is cut into streams and what stands between them. Streams are unpacked; of the rest the
dates, the document's id, lengths and the table of offsets are dropped. Both are then compared
in order, numbers by tolerance. Encrypted files are compared by bytes.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from itertools import zip_longest

from afield.replay.canonical.look import Canonicaliser, Look
from afield.replay.text import clip, compare_text
from afield.replay.verdict import Grade, Judged

NAME = "pdf"
_STREAM = re.compile(rb"stream\r?\n")
_STRING = rb"(?:\((?:\\[\s\S]|[^()\\]){0,512}\)|<[0-9A-Fa-f\s]{0,1024}>)"
_DATES = re.compile(rb"/(CreationDate|ModDate|Producer)\s*" + _STRING)
_ID = re.compile(rb"/ID\s*\[\s*" + _STRING + rb"\s*" + _STRING + rb"\s*\]")
_LENGTH = re.compile(rb"/Length1?\s+\d+(?:\s+\d+\s+R)?")
_LENGTH_OBJECT = re.compile(rb"(\d+) 0 obj\s+\d+\s+endobj")
_LENGTH_REFERENCE = re.compile(rb"/Length\s+(\d+) 0 R")
_XREF = re.compile(rb"xref\s+(?:\d+ \d+\s+(?:\d{10} \d{5} [fn]\s{1,2})*)+")
_STARTXREF = re.compile(rb"startxref\s+\d+")
_XMP = re.compile(
    rb"<(xmp:(?:CreateDate|ModifyDate|MetadataDate)|xmpMM:(?:DocumentID|InstanceID)|pdf:Producer)>"
    rb"[^<]{0,256}</\1>"
)
_COMMENTS = re.compile(rb"^%%(CreationDate|Creator|Title|For):.*$", re.MULTILINE)


def compare_pdf(old: bytes, new: bytes, look: Look) -> Judged | None:
    """Compare two documents stream by stream."""
    if b"/Encrypt" in old or b"/Encrypt" in new:
        return None
    parts = zip_longest(_parts(old, look.budget_bytes), _parts(new, look.budget_bytes))
    bad = Judged(Grade.CONTENT, NAME)
    for number, (one, other) in enumerate(parts, start=1):
        if one is None or other is None:
            return Judged(Grade.DIVERGED, NAME, "another number of objects")
        if one == other:
            continue
        if b"\0" in one or b"\0" in other:
            return Judged(Grade.DIVERGED, NAME, f"part {number}: binary content differs")
        found = compare_text(one.decode("latin-1"), other.decode("latin-1"), look.tolerance)
        if found.grade > bad.grade:
            bad = Judged(found.grade, NAME, clip(f"part {number}, {found.detail}"))
    return bad


def compare_postscript(old: bytes, new: bytes, look: Look) -> Judged | None:
    """Compare two PostScript files without their dated comments."""
    left, right = (_COMMENTS.sub(rb"%%\1:", data).decode("latin-1") for data in (old, new))
    found = compare_text(left, right, look.tolerance)
    return Judged(found.grade, "postscript", found.detail)


def _parts(data: bytes, budget_bytes: int) -> Iterator[bytes]:
    lengths = frozenset(_LENGTH_REFERENCE.findall(data))
    at = 0
    while (found := _STREAM.search(data, at)) is not None:
        end = data.find(b"endstream", found.end())
        if end < 0:
            break
        header = data[at : found.start()]
        yield _without_names(header, lengths)
        body = data[found.end() : end]
        if b"/XRef" not in header:
            body = _unpacked(body, header, budget_bytes)
            budget_bytes -= len(body)
            named = _without_names(body, lengths) if b"/ObjStm" in header else body
            yield _XMP.sub(rb"<\1></\1>", named)
        at = end
    yield _without_names(data[at:], lengths)


def _unpacked(body: bytes, header: bytes, budget_bytes: int) -> bytes:
    if b"/FlateDecode" not in header or budget_bytes <= 0:
        return body
    try:
        unpacker = zlib.decompressobj()
        plain = unpacker.decompress(body, budget_bytes)
    except zlib.error:
        return body
    whole = unpacker.eof and not unpacker.unconsumed_tail and not unpacker.unused_data.strip()
    return plain if whole else body


def _without_names(part: bytes, lengths: frozenset[bytes]) -> bytes:
    part = _STARTXREF.sub(b"startxref", _XREF.sub(b"xref\n", part))
    part = _LENGTH_OBJECT.sub(lambda found: b"" if found[1] in lengths else found[0], part)
    part = _LENGTH.sub(b"/Length", part)
    return _ID.sub(b"/ID", _DATES.sub(rb"/\1", part))


PDF = Canonicaliser(NAME, compare_pdf, magic=(b"%PDF-",))
POSTSCRIPT = Canonicaliser("postscript", compare_postscript, magic=(b"%!PS",))
