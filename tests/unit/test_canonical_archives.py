from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile

import numpy as np
import pytest

from afield.replay.canonical import Look, judge
from afield.replay.verdict import Grade

LOOK = Look(judge=judge)
MEMBERS = {"a.csv": b"x,y\n1,2\n", "b/c.bin": b"\0\1\2"}


def zipped(members=MEMBERS, *, year=1990, method=zipfile.ZIP_DEFLATED, comment=b""):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        archive.comment = comment
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, (year, 1, 1, 0, 0, 0)), data, method)
    return made.getvalue()


def tarred(members=MEMBERS, *, mtime=1, mode=0o644, owner="ada", link=None):
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime, info.mode, info.uname = len(data), mtime, mode, owner
            archive.addfile(info, io.BytesIO(data))
        if link:
            info = tarfile.TarInfo("link")
            info.type, info.linkname = tarfile.SYMTYPE, link
            archive.addfile(info)
    return made.getvalue()


def npz(**arrays):
    made = io.BytesIO()
    np.savez_compressed(made, **arrays)
    return made.getvalue()


def npy(array):
    made = io.BytesIO()
    np.save(made, array)
    return made.getvalue()


def grade(name, old, new, look=LOOK):
    return judge(name, old, new, look).grade


def mutated(members):
    """Every archive that differs from `members` in one thing that is content."""
    for name, data in members.items():
        for at in range(len(data)):
            changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
            yield f"{name} at {at}", {**members, name: changed}
        yield f"without {name}", {key: value for key, value in members.items() if key != name}
        yield f"{name} longer", {**members, name: data + b"\n1"}
        yield (
            f"{name} renamed",
            {(f"{key}x" if key == name else key): members[key] for key in members},
        )
    yield "one more", {**members, "z": b""}
    yield "order", dict(reversed(list(members.items())))


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_the_times_of_members_are_not_content(pack):
    later = pack(year=2000) if pack is zipped else pack(mtime=99, owner="bob")
    name = "out.zip" if pack is zipped else "out.tar"
    assert pack() != later
    assert grade(name, pack(), later) is Grade.CONTENT


def test_how_a_member_is_compressed_is_not_content():
    assert grade("a.zip", zipped(), zipped(method=zipfile.ZIP_STORED)) is Grade.CONTENT


@pytest.mark.parametrize(("pack", "name"), [(zipped, "a.zip"), (tarred, "a.tar")])
def test_a_changed_member_is_never_identical_content(pack, name):
    for what, members in mutated(MEMBERS):
        assert grade(name, pack(), pack(members)) > Grade.CONTENT, what


def test_the_comment_of_a_zip_is_content():
    assert grade("a.zip", zipped(), zipped(comment=b"hello")) is Grade.DIVERGED


def test_mode_and_link_target_in_a_tar_are_content():
    assert grade("a.tar", tarred(), tarred(mode=0o755)) is Grade.DIVERGED
    assert grade("a.tar", tarred(link="x"), tarred(link="y")) is Grade.DIVERGED
    assert grade("a.tar", tarred(link="x"), tarred(link="x", mtime=7)) is Grade.CONTENT


def test_the_member_that_differs_is_named():
    changed = {**MEMBERS, "a.csv": b"x,y\n1,3\n"}
    judged = judge("a.zip", zipped(), zipped(changed), LOOK)
    assert judged.detail == "a.csv: row 2, column y: 2 vs 3"


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("a.gz", gzip.compress(b"hello", mtime=1), gzip.compress(b"hello", 1, mtime=2)),
        ("a.bz2", bz2.compress(b"hello" * 999, 1), bz2.compress(b"hello" * 999, 9)),
        ("a.xz", lzma.compress(b"hello"), lzma.compress(b"hello", check=lzma.CHECK_CRC32)),
    ],
)
def test_compressed_files_are_compared_by_what_they_hold(name, old, new):
    assert old != new
    assert grade(name, old, new) is Grade.CONTENT


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_changed_byte_in_a_compressed_file_is_told(pack):
    assert grade("a.bin.gz", pack(b"\0hello"), pack(b"\0hellp")) is Grade.DIVERGED


def test_the_format_within_a_compressed_file_is_recognised():
    old, new = gzip.compress(b'{"a": 1.0}', mtime=1), gzip.compress(b'{"a": 1.00}', mtime=1)
    judged = judge("metrics.json.gz", old, new, LOOK)
    assert (judged.grade, judged.canonicaliser) == (Grade.CONTENT, "gzip, json")


def test_a_tar_within_a_gzip_is_looked_into():
    old, new = gzip.compress(tarred(), mtime=1), gzip.compress(tarred(mtime=5), mtime=9)
    assert grade("a.tgz", old, new) is Grade.CONTENT
    assert grade("a.tar.gz", old, new) is Grade.CONTENT


def test_a_bomb_is_not_unpacked():
    bomb = gzip.compress(bytes(40 << 20), mtime=1)
    small = Look(judge=judge, budget_bytes=1 << 20)
    judged = judge("a.gz", bomb, gzip.compress(bytes(40 << 20), mtime=2), small)
    assert judged.grade is Grade.DIVERGED
    assert "unpacks to more than 1 MB" in judged.detail


def test_a_zip_bomb_is_not_unpacked():
    old = zipped({"a": bytes(8 << 20)})
    new = zipped({"a": bytes(8 << 20)}, year=2001)
    judged = judge("a.zip", old, new, Look(judge=judge, budget_bytes=1 << 20))
    assert judged.grade is Grade.DIVERGED
    assert "unpacks to 8 MB" in judged.detail


def test_archives_within_archives_are_opened_only_so_deep():
    old, new = tarred(), tarred(mtime=2)
    for _ in range(8):
        old, new = gzip.compress(old, mtime=1), gzip.compress(new, mtime=2)
    assert grade("a.gz", old, new) is Grade.DIVERGED


@pytest.mark.parametrize("name", ["a.zip", "a.npz", "a.tar", "a.gz", "a.png", "a.pdf", "a.json"])
def test_a_damaged_file_is_diverged_and_no_fault(name):
    end_of_tar = 1024 * len(MEMBERS) + 1024  # what follows is padding, and may be missing
    whole = {"a.tar": tarred()[:end_of_tar], "a.gz": gzip.compress(b"x" * 99, mtime=0)}.get(
        name, zipped()
    )
    for cut in range(0, len(whole), 7):
        assert grade(name, whole, whole[:cut]) is Grade.DIVERGED


def test_arrays_are_compared_by_value():
    values = np.linspace(0, 1, 50)
    assert grade("a.npz", npz(x=values), npz(x=values.copy())) <= Grade.CONTENT
    assert grade("a.npz", npz(x=values), npz(x=values * (1 + 1e-9))) is Grade.TOLERANCE
    assert grade("a.npz", npz(x=values), npz(x=values + 1)) is Grade.DIVERGED


def test_order_in_memory_is_not_content_but_type_and_shape_are():
    grid = np.arange(6.0).reshape(2, 3)
    assert grade("a.npy", npy(grid), npy(np.asfortranarray(grid))) is Grade.CONTENT
    assert grade("a.npy", npy(grid), npy(grid.astype("f4"))) is Grade.DIVERGED
    assert grade("a.npy", npy(grid), npy(grid.reshape(3, 2))) is Grade.DIVERGED
    assert grade("a.npy", npy(grid), npy(grid.T.copy())) is Grade.DIVERGED


def test_a_changed_element_of_an_array_is_never_identical_content():
    values = np.array([0.0, 1.0, np.nan, np.inf, 5e-324])
    for at in range(len(values)):
        changed = values.copy()
        changed[at] = 7.0
        assert grade("a.npy", npy(values), npy(changed)) is Grade.DIVERGED
    flipped = values.copy()
    flipped[0] = -0.0
    assert grade("a.npy", npy(values), npy(flipped)) is Grade.TOLERANCE


def test_the_first_differing_element_is_named():
    old, new = np.zeros((2, 2)), np.zeros((2, 2))
    new[1, 0] = 3
    judged = judge("a.npy", npy(old), npy(new), LOOK)
    assert judged.detail == "at [1, 0]: 0.0 vs 3.0 (1 of 4 differ)"


def test_whole_numbers_of_an_array_have_no_tolerance():
    old = np.array([10**9])
    assert grade("a.npy", npy(old), npy(old + 1)) is Grade.DIVERGED


def test_an_array_whose_header_lies_is_compared_by_bytes():
    whole = npy(np.zeros(4))
    lying = whole.replace(b"(4,)", b"(9,)")
    judged = judge("a.npy", whole, lying, LOOK)
    assert (judged.grade, judged.canonicaliser) == (Grade.DIVERGED, "bytes")


def test_an_array_whose_header_is_no_header_is_compared_by_bytes():
    whole = npy(np.zeros(4))
    for byte in (b"[", b"\0", b"'", b"("):
        broken = whole[:100] + byte + whole[101:]
        assert judge("a.npy", whole, broken, LOOK).canonicaliser == "bytes"


def test_arrays_of_objects_are_not_loaded_here():
    old, new = npy(np.array([{1}], dtype=object)), npy(np.array([{2}], dtype=object))
    assert judge("a.npy", old, new, LOOK).canonicaliser == "bytes"
