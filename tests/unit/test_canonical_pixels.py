"""Photographs by their pixels, and the picture of where two images differ."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from afield.replay.canonical import Look, judge
from afield.replay.limits import DIFFERENCE_PIXELS_MAX
from afield.replay.pictures import picture_writer
from afield.replay.verdict import Grade

LOOK = Look(judge=judge)
PIXELS = np.random.default_rng(1).integers(0, 255, (24, 32, 3), dtype=np.uint8)


def saved(pixels, kind="JPEG", **settings):
    made = io.BytesIO()
    Image.fromarray(pixels).save(made, kind, **settings)
    return made.getvalue()


def exif(**tags):
    made = Image.Exif()
    for tag, value in tags.items():
        made[int(tag[1:], 16)] = value
    return made


@pytest.mark.parametrize("pixels", [PIXELS, PIXELS[:, :, 0]])
def test_packing_comments_and_dates_of_a_photograph_are_not_content(pixels):
    for settings in (
        {"optimize": True},
        {"progressive": True},
        {"comment": b"made by plot"},
        {"exif": exif(x0132="2026:01:01 00:00:00", x0131="plot 1")},
    ):
        judged = judge("a.jpg", saved(pixels), saved(pixels, **settings), LOOK)
        assert (judged.grade, judged.canonicaliser) == (Grade.CONTENT, "jpeg")


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"exif": exif(x0112=6)}, "orientation 1 vs 6"),
        ({"dpi": (300, 300)}, "resolution (72, 72) vs (300, 300)"),
        ({"icc_profile": b"profile"}, "colour profile differs"),
        ({"quality": 50}, "of the pixels differ, by at most "),
    ],
)
def test_what_changes_how_a_photograph_looks_is_content(settings, told):
    judged = judge("a.jpg", saved(PIXELS), saved(PIXELS, **settings), LOOK)
    assert judged.grade is Grade.DIVERGED
    assert told in judged.detail


def test_size_and_colours_of_a_photograph_are_content():
    judged = judge("a.jpg", saved(PIXELS), saved(PIXELS[:-1]), LOOK)
    assert judged.detail == "size 32x24 vs 32x23"
    assert judge("a.jpg", saved(PIXELS), saved(PIXELS[:, :, 0]), LOOK).detail == "mode RGB vs L"


def test_damaged_photographs_are_judged_without_a_fault():
    rng, whole = np.random.default_rng(5), saved(PIXELS)
    for _ in range(100):
        damaged = bytearray(whole)
        for at in rng.integers(3, len(whole), 3):
            damaged[at] ^= 1 << int(rng.integers(8))
        assert judge("a.jpg", whole, bytes(damaged), LOOK).grade <= Grade.DIVERGED
    assert judge("a.jpg", whole, whole[:200], LOOK).canonicaliser == "bytes"
    assert judge("a.jpg", whole, whole + b"more", LOOK).canonicaliser == "bytes"


def test_where_images_differ_is_drawn_in_red():
    drawn = {}
    changed = PIXELS.copy()
    changed[3, 5] ^= 255
    look = Look(judge=judge, picture=drawn.__setitem__)
    judge("plots/a.png", saved(PIXELS, "PNG"), saved(changed, "PNG"), look)
    picture = np.asarray(Image.open(io.BytesIO(drawn["plots/a.png"])))
    red = (picture[:, :, 0] == 255) & (picture[:, :, 1] < 170)
    assert np.argwhere(red).tolist() == [[3, 5]]


def test_nothing_is_drawn_of_equal_images():
    drawn = {}
    look = Look(judge=judge, picture=drawn.__setitem__)
    old, new = (saved(PIXELS, "PNG", compress_level=level) for level in (1, 9))
    assert judge("a.png", old, new, look).grade is Grade.CONTENT
    assert not drawn


def test_a_large_picture_is_drawn_smaller_and_keeps_a_single_pixel():
    drawn = {}
    large = np.zeros((2100, 4000, 3), np.uint8)
    changed = large.copy()
    changed[1501, 2001] = 255
    look = Look(judge=judge, picture=drawn.__setitem__)
    judge("a.png", saved(large, "PNG"), saved(changed, "PNG"), look)
    with Image.open(io.BytesIO(drawn["a.png"])) as picture:
        assert picture.width * picture.height <= DIFFERENCE_PIXELS_MAX
        pixels = np.asarray(picture)
    assert (pixels[:, :, 1] != pixels[0, 0, 1]).sum() == 1


def test_a_picture_stands_beside_its_output_and_nowhere_else(tmp_path):
    folder = tmp_path / "again"
    (folder / "plots").mkdir(parents=True)
    (folder / "taken.png.diff.png").write_bytes(b"mine")
    write = picture_writer(folder)
    for name in ("plots/a.png", "taken.png", "../out.png", str(tmp_path / "b.png"), "no/such.png"):
        write(name, b"picture")
    assert (folder / "plots" / "a.png.diff.png").read_bytes() == b"picture"
    assert (folder / "taken.png.diff.png").read_bytes() == b"mine"
    files = sorted(path.name for path in tmp_path.rglob("*") if path.is_file())
    assert files == ["a.png.diff.png", "taken.png.diff.png"]
