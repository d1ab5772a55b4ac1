from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from afield.replay.canonical import Look, judge
from afield.replay.verdict import Grade

LOOK = Look(judge=judge)


def png(pixels, *, level=6, **texts):
    made, info = io.BytesIO(), PngImagePlugin.PngInfo()
    for name, value in texts.items():
        info.add_text(name, value)
    Image.fromarray(pixels).save(made, "PNG", pnginfo=info, compress_level=level)
    return made.getvalue()


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def with_chunk(data, kind, body):
    return data[:33] + chunk(kind, body) + data[33:]


PIXELS = np.random.default_rng(1).integers(0, 255, (20, 10, 3), dtype=np.uint8)


def grade(name, old, new):
    return judge(name, old, new, LOOK).grade


def test_texts_times_and_compression_of_an_image_are_not_content():
    plain = png(PIXELS)
    assert grade("a.png", plain, png(PIXELS, Software="plot 1.0")) is Grade.CONTENT
    assert grade("a.png", plain, png(PIXELS, level=1)) is Grade.CONTENT
    stamped = with_chunk(plain, b"tIME", bytes(7))
    assert grade("a.png", plain, stamped) is Grade.CONTENT


def test_a_changed_pixel_is_never_identical_content():
    rng = np.random.default_rng(2)
    for _ in range(30):
        changed = PIXELS.copy()
        changed[rng.integers(20), rng.integers(10), rng.integers(3)] ^= 1
        assert grade("a.png", png(PIXELS), png(changed)) is Grade.DIVERGED


def test_the_share_of_differing_pixels_is_told():
    changed = PIXELS.copy()
    changed[0, :, 0] ^= 8
    judged = judge("a.png", png(PIXELS), png(changed), LOOK)
    assert judged.detail == "5.00% of the pixels differ, by at most 8 of 255"


def test_size_resolution_and_colour_space_of_an_image_are_content():
    plain = png(PIXELS)
    assert grade("a.png", plain, png(PIXELS[:-1])) is Grade.DIVERGED
    resolution = with_chunk(plain, b"pHYs", struct.pack(">IIB", 3937, 3937, 1))
    judged = judge("a.png", plain, resolution, LOOK)
    assert judged.detail == "chunk pHYs differs"
    assert grade("a.png", plain, with_chunk(plain, b"gAMA", struct.pack(">I", 9))) is Grade.DIVERGED


def test_transparency_is_content():
    clear = np.dstack([PIXELS, np.full(PIXELS.shape[:2], 255, np.uint8)])
    other = clear.copy()
    other[3, 3, 3] = 254
    assert grade("a.png", png(clear), png(other)) is Grade.DIVERGED


def test_sixteen_bits_a_sample_are_all_compared():
    wide = np.arange(200, dtype=np.uint16).reshape(20, 10) + 40_000
    changed = wide.copy()
    changed[0, 0] += 1
    assert grade("a.png", png(wide), png(changed)) is Grade.DIVERGED
    assert grade("a.png", png(wide), png(wide, level=1)) is Grade.CONTENT


def test_an_image_with_a_broken_checksum_is_compared_by_bytes():
    plain = png(PIXELS)
    broken = plain[:40] + bytes([plain[40] ^ 1]) + plain[41:]
    assert judge("a.png", plain, broken, LOOK).canonicaliser == "bytes"


def test_an_image_of_enormous_size_is_not_decoded():
    header = struct.pack(">IIBBBBB", 1 << 20, 1 << 20, 8, 2, 0, 0, 0)
    old, new = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(data))
        + chunk(b"IEND", b"")
        for data in (b"a", b"b")
    )
    assert judge("a.png", old, new, LOOK).detail == "too large to compare by pixels"


SVG = """<?xml version="1.0"?>
<!-- Created with plot, {comment} -->
<svg xmlns="http://www.w3.org/2000/svg">
 <metadata><dc:date>{date}</dc:date></metadata>
 <defs><clipPath id="{clip}"><rect x="1" width="{width}"/></clipPath></defs>
 <g clip-path="url(#{clip})"><use xlink:href="#{mark}"/><path id="{mark}" d="M 1 2"/></g>
 <text id="title">{title}</text>
</svg>
"""


def svg(**changes):
    values = {
        "comment": "a",
        "date": "2026-01-01T00:00:00",
        "clip": "p0123456789",
        "mark": "mabcdef0123",
        "width": "446.4",
        "title": "loss",
    }
    return SVG.format(**values | changes).encode()


def test_dates_comments_and_generated_ids_of_a_drawing_are_not_content():
    other = svg(comment="b", date="2027-02-02", clip="pffffffffff", mark="m9999999999")
    assert grade("a.svg", svg(), other) is Grade.CONTENT


@pytest.mark.parametrize(
    "changes",
    [{"width": "447.4"}, {"title": "gain"}, {"clip": "mabcdef0123"}, {"mark": "another"}],
)
def test_a_changed_drawing_is_never_identical_content(changes):
    assert grade("a.svg", svg(), svg(**changes)) is Grade.DIVERGED


def test_coordinates_of_a_drawing_are_compared_by_tolerance():
    assert grade("a.svg", svg(), svg(width="446.40000001")) is Grade.TOLERANCE


def pdf(
    content=b"1 0 0 RG 10 20 m", *, date=b"D:20260101", producer=b"plot 1", level=6, ident=b"aa"
):
    packed = zlib.compress(content, level)
    info = b"<< /Producer (" + producer + b") /CreationDate (" + date + b") /Title (loss) >>"
    return (
        b"%PDF-1.4\n1 0 obj\n" + info + b"\nendobj\n"
        b"2 0 obj\n<< /Filter /FlateDecode /Length 3 0 R >>\nstream\n"
        + packed
        + b"\nendstream\nendobj\n"
        b"3 0 obj\n" + str(len(packed)).encode() + b"\nendobj\n4 0 obj\n7\nendobj\n"
        b"xref\n0 1\n0000000000 65535 f \ntrailer\n<< /ID [<" + ident + b"> <" + ident + b">] >>\n"
        b"startxref\n" + str(200 + len(packed)).encode() + b"\n%%EOF\n"
    )


def test_dates_producer_ids_and_packing_of_a_document_are_not_content():
    other = pdf(date=b"D:20270202", producer=b"plot 2", level=1, ident=b"bb")
    assert pdf() != other
    assert grade("a.pdf", pdf(), other) is Grade.CONTENT


def test_a_changed_document_is_never_identical_content():
    content = b"1 0 0 RG 10 20 m"
    for at in range(len(content)):
        changed = content[:at] + bytes([content[at] ^ 2]) + content[at + 1 :]
        assert grade("a.pdf", pdf(content), pdf(changed)) > Grade.CONTENT
    whole = pdf()
    for old, new in (
        (b"loss", b"gain"),
        (b"\n7\nendobj", b"\n8\nendobj"),
        (b"4 0 obj", b"5 0 obj"),
    ):
        assert grade("a.pdf", whole, whole.replace(old, new)) is Grade.DIVERGED


def test_a_document_that_unpacks_without_end_is_bounded():
    bomb = pdf(bytes(8 << 20))
    small = Look(judge=judge, budget_bytes=1 << 16)
    assert judge("a.pdf", bomb, pdf(bytes(8 << 20) + b"1"), small).grade is Grade.DIVERGED


def test_an_encrypted_document_is_compared_by_bytes():
    old = pdf().replace(b"/Title", b"/Encrypt 9 0 R /Title")
    judged = judge("a.pdf", old, old + b"\n", LOOK)
    assert judged.grade is Grade.DIVERGED
    assert judged.canonicaliser != "pdf"


def test_dated_comments_of_postscript_are_not_content():
    old = b"%!PS-Adobe-3.0\n%%CreationDate: Mon\n1 2 moveto\n"
    assert grade("a.eps", old, old.replace(b"Mon", b"Tue")) is Grade.CONTENT
    assert grade("a.eps", old, old.replace(b"2 moveto", b"3 moveto")) is Grade.DIVERGED
