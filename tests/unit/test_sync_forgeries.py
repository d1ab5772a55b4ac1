"""What somebody who can write to a remote may put there, and how it is told from the real thing."""

from __future__ import annotations

import contextlib
import random
import sys
from pathlib import Path

import msgspec
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from afield.journal import Draft, seals
from afield.journal.carry import Carried
from afield.journal.entry import encode_line
from afield.kernel.ids import WorkspaceId
from afield.sync import layout
from afield.sync.chunk import Top, decode_chunk, encode_chunk
from afield.sync.errors import Corrupt
from afield.sync.layout import Head, decode_head, encode_head
from afield.sync.stores.memory import MemoryRemote

sys.path.insert(0, str(Path(__file__).parents[1] / "simulation"))
from sync_world import WORKSPACE, Person, key_of

ANN, LIAR = key_of(1), key_of(8)


def lines(key, *, signs=None, count=3, prev="0" * 64, first=1):
    """Return `count` lines of a device and a seal that `signs` made."""
    found = []
    for seq in range(first, first + count + 1):
        draft = Draft("thing.named", "t", {"name": str(seq)})
        if seq == first + count:
            draft = seals.draft(signs or key, seq - 1, prev)
        line, entry = encode_line(
            draft, device=key.device, by="ann", seq=seq, prev=prev, at=seq << 16, tz="+00:00"
        )
        found.append(Carried(line, entry, opens=seq == 1))
        prev = entry.digest
    return found


def test_a_chunk_comes_out_as_it_went_in():
    ours = lines(ANN)
    piece, data = encode_chunk(ANN.public, ours)
    assert decode_chunk(piece, data) == ours
    assert layout.piece_of(ANN.device, piece.name) == piece


def test_a_seal_of_another_key_is_no_seal():
    piece, data = encode_chunk(ANN.public, lines(ANN, signs=LIAR))
    with pytest.raises(Corrupt, match="good seal"):
        decode_chunk(piece, data)


def test_a_chunk_that_shows_another_key_is_refused():
    piece, data = encode_chunk(LIAR.public, lines(ANN, signs=LIAR))
    with pytest.raises(Corrupt, match="another device's"):
        decode_chunk(piece, data)


def test_a_chunk_that_ends_before_its_seal_is_refused():
    piece, data = encode_chunk(ANN.public, lines(ANN)[:-1])
    with pytest.raises(Corrupt, match="good seal"):
        decode_chunk(piece, data)


def test_a_chunk_under_another_name_is_refused():
    ours = lines(ANN)
    piece, data = encode_chunk(ANN.public, ours)
    for wrong in (
        piece._replace(end="0" * 32),
        piece._replace(before="1" * 32),
        piece._replace(first=2),
        piece._replace(last=9),
        piece._replace(device=LIAR.device),
    ):
        with pytest.raises(Corrupt):
            decode_chunk(wrong, data)


def test_a_line_left_out_or_moved_is_noticed():
    ours = lines(ANN)
    piece, _ = encode_chunk(ANN.public, ours)
    for some in ([ours[0], *ours[2:]], [ours[1], ours[0], *ours[2:]], [*ours, ours[-1]]):
        top = Top(device=ANN.device, public_key=ANN.public.hex())
        content = msgspec.json.encode(top) + b"\n" + b"".join(each.line for each in some)
        with pytest.raises(Corrupt):
            decode_chunk(piece, zstandard.compress(content))


def test_a_frame_that_would_burst_is_not_unpacked():
    piece, _ = encode_chunk(ANN.public, lines(ANN))
    bomb = zstandard.compress(b"\0" * (65 << 20))
    for data in (bomb, bomb[: len(bomb) // 2]):
        with pytest.raises(Corrupt, match="too large a one"):
            decode_chunk(piece, data)
    for data in (b"", b"\0" * 40):
        with pytest.raises(Corrupt):
            decode_chunk(piece, data)


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.integers(1, 255))
def test_any_other_byte_of_a_chunk_is_noticed_or_changes_nothing(place, flip):
    ours = lines(ANN)
    piece, data = encode_chunk(ANN.public, ours)
    changed = bytearray(data)
    changed[place % len(data)] ^= flip
    with contextlib.suppress(Corrupt):
        assert decode_chunk(piece, bytes(changed)) == ours


def head_of(key, **other):
    told = {
        "workspace": WORKSPACE, "device": key.device, "public_key": key.public.hex(),
        "tips": ((ANN.device, 3, "a" * 64),),
    }  # fmt: skip
    return Head(**{**told, **other})


def test_a_head_is_what_its_device_signed():
    head = head_of(ANN)
    data = encode_head(head, ANN)
    assert decode_head(data, ANN.device, WORKSPACE) == head
    forged = LIAR.sign(b"afield head 1\n" + data.split(b" ", 1)[1][:-1]).hex().encode()
    for wrong in (
        forged + b" " + data.split(b" ", 1)[1],
        data.replace(b'"a' + b"a" * 63, b'"b' + b"a" * 63),
        data[:-1],
        b"",
        b" ",
        b"\xff\n",
        encode_head(head_of(LIAR), LIAR),
        encode_head(head_of(ANN, workspace=WorkspaceId("v" * 26)), ANN),
        encode_head(head_of(ANN, tips=((ANN.device, 0, "a" * 64),)), ANN),
        encode_head(head_of(ANN, tips=(("../../etc", 1, "a" * 64),)), ANN),
        encode_head(head_of(ANN, tips=((ANN.device, 1, "a" * 64),) * 20_001), ANN),
    ):
        with pytest.raises(Corrupt):
            decode_head(wrong, ANN.device, WORKSPACE)


def test_names_that_are_nobody_s_are_passed_over():
    assert layout.head_device("heads/x (conflicted copy)") is None
    assert layout.head_device("heads/../format") is None
    assert layout.piece_of(ANN.device, f"journal/{ANN.device}/1-2-3-4") is None
    assert layout.pack_of("meta", "packs/meta/abc.pack") is None
    assert layout.log_device("packs/meta/x") is None


def test_a_head_that_lies_about_another_log_hides_nothing_and_adds_nothing():
    remote, ann, bob = MemoryRemote(), Person(1), Person(2)
    ann.work(random.Random(1))
    ann.sync(remote)
    member = key_of(3)  # one that counts, and lies all the same
    for liar, believed in ((LIAR, set()), (member, {999, 1})):
        lie = head_of(liar, tips=((ANN.device, 1, "0" * 64), (ANN.device, 999, "f" * 64)))
        remote.files[layout.head_name(liar.device)] = encode_head(lie, liar)
        report = bob.sync(remote)
        assert {seq for _, seq in report.behind} == believed
    assert {each for each in bob.lines() if each[0] == ANN.device} == ann.lines()


def test_a_pack_that_hides_a_good_object_behind_a_bad_one_is_not_kept():
    """Its name and index are right, but what stands for the object's digest is something else."""
    from afield.vault import layout as vault_layout
    from afield.vault.builder import PackBuilder
    from afield.vault.layout import CHUNK, DATA, STORED

    remote, ann, bob = MemoryRemote(), Person(1), Person(2)
    ref = ann.vault.put(b"the truth")
    ann.vault.flush()
    ann.journal.append("thing.named", "t", {"name": "n"}, (ref,))
    builder = PackBuilder(DATA)
    builder.add(
        bytes.fromhex(ref), b"a lie, yes", kind=CHUNK, codec=STORED, raw_bytes=10, size_bytes=10
    )
    name, data, _ = builder.finish()
    assert vault_layout.read_pack_header(data) == DATA
    remote.put(layout.pack_name("data", name), data)
    report = bob.sync(remote)
    assert [each for each, _ in report.faults] == [layout.pack_name("data", name)]
    assert not bob.vault.has(ref)
    ann.sync(remote)
    bob.sync(remote)
    assert bob.vault.get(ref) == b"the truth"


def test_a_good_pack_under_the_name_of_another_is_not_kept():
    remote, bob = MemoryRemote(), Person(2)
    ann = Person(1)
    ref = ann.vault.put(b"one" * 100)
    ann.vault.flush()
    ann.journal.append("thing.named", "t", {"name": "n"}, (ref,))
    ann.sync(remote)
    (name,) = [name for name in remote.files if name.startswith("packs/data/")]
    wrong = "packs/data/" + "a" * 64 + ".pack"
    remote.files[wrong] = remote.files.pop(name)
    report = bob.sync(remote)
    assert [fault[0] for fault in report.faults] == [wrong]
    assert not bob.vault.has(ref)


def test_what_was_taken_from_a_remote_is_put_there_again():
    remote, ann, bob = MemoryRemote(), Person(1), Person(2)
    ann.work(random.Random(2))
    ann.sync(remote)
    for name in [name for name in remote.files if name.startswith(("journal/", "packs/"))]:
        remote.delete(name)
    assert bob.sync(remote).behind
    ann.sync(remote)
    assert not bob.sync(remote).behind
    assert bob.lines() >= {each for each in ann.lines() if each[0] == ANN.device}
    assert all(bob.vault.has(ref) for ref in bob.refs())


def test_entries_of_two_copies_of_a_device_wait_and_count_both():
    remote, ann, bob = MemoryRemote(), Person(1), Person(2)
    ann.sync(remote)
    bob.journal.sync()
    twin = bob.copy()
    for number, each in enumerate((bob, twin)):
        each.journal.append("thing.named", f"of{number}", {"name": "n"})
    bob.sync(remote)
    twin.sync(remote)
    bob.sync(remote)
    ann.sync(remote)
    numbers = [(device, seq) for device, seq, _ in ann.lines()]
    assert len(set(numbers)) < len(numbers)
    ann.confirm(bob)
    for each in (ann, bob, twin, ann, bob, twin):
        each.sync(remote)
    assert ann.tables() == bob.tables() == twin.tables()
    assert "of0" in ann.tables().decode()
    assert "of1" in ann.tables().decode()


def test_a_complaint_of_a_member_makes_the_log_be_written_again():
    remote, ann = MemoryRemote(), Person(1)
    ann.sync(remote)
    want = dict(remote.files)
    for name in [name for name in remote.files if name.startswith("journal/")]:
        remote.delete(name)
    ann.sync(remote)
    assert remote.files != want, "what it vouches for is not looked at each time"
    for liar in (LIAR, key_of(2)):
        head = head_of(liar, tips=(), lacks=(ANN.device,))
        remote.files[layout.head_name(liar.device)] = encode_head(head, liar)
        ann.sync(remote)
        assert (want.items() <= remote.files.items()) == (liar is not LIAR)


def test_lines_behind_a_gap_are_not_laid():
    ann, ours = Person(2), lines(ANN, count=9)
    assert ann.journal.lay(ANN.device, ours[4:]) == []
    assert ann.journal.lay(ANN.device, ours[:4]) == [each.entry for each in ours[:4]]
    assert ann.journal.lay(ANN.device, ours[2:]) == [each.entry for each in ours[4:]]
    assert ann.journal.lay(ANN.device, ours) == []
    assert list(ann.journal.lines_after(ANN.device, 0)) == ours


def test_a_pack_with_what_must_stay_is_sent_without_it_and_does_not_come_back():
    remote, ann, bob = MemoryRemote(), Person(1), Person(2)
    kept, free = (ann.vault.put(data * 50) for data in (b"stays here", b"may travel"))
    ann.vault.flush()
    ann.journal.append("thing.named", "t", {"name": "n"}, (kept, free))
    filtered = {"may_send": lambda digest: digest.hex() != kept}
    assert ann.sync(remote, **filtered).packs_out == 1
    report = ann.sync(remote, **filtered)
    assert (report.packs_in, report.packs_out, report.left) == (0, 0, 0)
    bob.sync(remote)
    assert bob.vault.has(free)
    assert not bob.vault.has(kept)
    assert not any(b"stays here" in data for data in remote.files.values())


def test_bytes_that_policy_leaves_are_counted_and_known():
    remote, ann, bob = MemoryRemote(), Person(1), Person(2)
    ref = ann.vault.put(b"large " * 1000)
    ann.vault.flush()
    ann.journal.append("thing.named", "t", {"name": "n"}, (ref,))
    ann.sync(remote)
    report = bob.sync(remote, data="none")
    assert (report.left, report.packs_in) == (1, 0)
    from afield.sync.elsewhere import Elsewhere

    assert Elsewhere("/elsewhere/r", bob.disk).holds(bytes.fromhex(ref))
    assert bob.sync(remote, data="recent").packs_in == 1
    assert bob.vault.get(ref) == b"large " * 1000
    assert not Elsewhere("/elsewhere/r", bob.disk).holds(bytes.fromhex(ref))


def test_a_log_of_many_large_entries_travels():
    remote, ann, bob = MemoryRemote(), Person(1), Person(2)
    for number in range(36):
        ann.journal.append("thing.named", f"t{number}", {"name": "x" * 1_000_000})
    assert ann.sync(remote).entries_out > 36
    bob.sync(remote)
    assert ann.lines() <= bob.lines()
