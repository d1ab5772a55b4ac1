"""The journal through its door, on the disk in memory."""

from __future__ import annotations

import itertools
import json
import logging
import math
import subprocess
import sys

import pytest
from blake3 import blake3

from afield.journal import (
    DeviceKey,
    Draft,
    EntryNotJson,
    EntryTooLarge,
    EntryVersionUnknown,
    Journal,
    KeyDamaged,
    KeyMissing,
    Position,
    PositionLost,
)
from afield.kernel.files import OsFileSystem
from afield.testing.clock import ManualClock
from afield.testing.disk import SimulatedDisk

ROOT = "/w/.afield/journal"
MEMBER = "m" * 16
RUN = "r" * 16
KEY = DeviceKey.from_private_bytes(bytes(range(32)))
FOLDER = f"{ROOT}/{KEY.device}"
FIRST = f"{FOLDER}/000000000001.log"


@pytest.fixture
def disk():
    return SimulatedDisk()


@pytest.fixture
def clock():
    return ManualClock(offset="+05:30")


def open_journal(disk, clock, *, key=KEY, **settings):
    return Journal(
        ROOT,
        disk,
        clock,
        key=key,
        device=KEY.device,
        member=MEMBER,
        **{"sync_within_s": None, **settings},
    )


@pytest.fixture
def journal(disk, clock):
    journal = open_journal(disk, clock)
    journal.append("device.introduced", KEY.device, {"public_key": KEY.public.hex()})
    return journal


def entries_of(journal, since=None):
    return [entry for batch in journal.read(since) for entry in batch.entries]


def positions_of(journal, since=None):
    return {batch.device: batch.position for batch in journal.read(since)}


def line_of(value):
    payload = json.dumps(value, separators=(",", ":")).encode()
    return b"%b %b\n" % (blake3(payload).hexdigest()[:32].encode(), payload)


def test_a_line_is_a_checksum_and_json_with_the_keys_in_order(journal, disk):
    entry = journal.append("run.started", RUN, {"name": "först"}, ["a" * 64])
    line = disk.read(FIRST).splitlines()[1]
    check, payload = line.split(b" ", 1)
    assert blake3(payload).hexdigest() == entry.digest
    assert entry.digest.startswith(check.decode())
    keys = ["v", "device", "seq", "prev", "at", "tz", "by", "kind", "about", "body", "refs"]
    value = json.loads(payload)
    assert list(value) == keys
    assert value["prev"] == blake3(disk.read(FIRST).splitlines()[0][33:]).hexdigest()
    assert (value["v"], value["seq"], value["tz"], value["by"]) == (1, 2, "+05:30", MEMBER)
    assert "först".encode() in payload


def test_the_first_entry_builds_on_64_zeros(journal):
    assert entries_of(journal)[0].prev == "0" * 64


def test_what_append_returns_is_what_a_reader_sees(journal):
    written = journal.append_many(
        [Draft("run.noted", RUN, {"n": n}, ("a" * 64,)) for n in range(3)]
    )
    assert entries_of(journal)[1:] == written


def test_time_goes_on_when_the_clock_goes_back(journal, clock):
    first = journal.append("run.tagged", RUN, {})
    clock.advance(-3600)
    second = journal.append("run.tagged", RUN, {})
    assert second.at == first.at + 1
    clock.advance(7200)
    assert journal.append("run.tagged", RUN, {}).at == (clock.wall_ns() // 1_000_000) << 16


def test_time_goes_on_from_another_process_with_a_later_clock(journal, disk):
    ahead = open_journal(disk, ManualClock(2_000_000_000_000_000_000))
    later = ahead.append("run.tagged", RUN, {})
    assert journal.append("run.tagged", RUN, {}).at == later.at + 1


def test_at_least_every_thousandth_entry_is_a_seal(journal):
    for size in (1, 700, 700, 2_500, 1):
        journal.append_many([Draft("run.params", RUN, {})] * size)
    kinds = [entry.kind for entry in entries_of(journal)]
    seals = [0, *(n for n, kind in enumerate(kinds, 1) if kind == "journal.sealed"), len(kinds) + 1]
    assert max(b - a for a, b in itertools.pairwise(seals)) <= 1_000
    assert len(seals) - 2 == 3
    assert list(journal.verify()) == []


def test_a_process_that_starts_anew_counts_the_unsealed_of_those_before(disk, clock):
    for _ in range(30):
        open_journal(disk, clock).append_many([Draft("run.params", RUN, {"x": "y" * 900})] * 90)
    seqs = [e.seq for e in entries_of(open_journal(disk, clock)) if e.kind == "journal.sealed"]
    assert max(b - a for a, b in itertools.pairwise([0, *seqs, 2_700])) <= 1_000
    assert len(seqs) < 6


@pytest.mark.parametrize("line_bytes", [70_000, 900_000])
@pytest.mark.parametrize("anew", [True, False])
def test_not_much_more_than_four_mebibytes_of_lines_stand_between_two_seals(
    disk, clock, line_bytes, anew
):
    journal = open_journal(disk, clock)
    for _ in range(24_000_000 // line_bytes):
        journal = open_journal(disk, clock) if anew else journal
        journal.append("run.params", RUN, {"x": "y" * line_bytes})
    behind, seals = 0, 0
    for each in journal.lines_after(KEY.device, 0):
        behind += len(each.line)
        assert behind < 6 << 20
        if each.entry.kind == "journal.sealed":
            behind, seals = 0, seals + 1
    assert 3 <= seals <= (24 if anew else 8)  # who starts anew looks back half a mebibyte


def test_a_seal_signs_the_head_and_says_so_only_once(journal):
    head = journal.append("run.ended", RUN, {})
    seal = journal.seal()
    assert (seal.kind, seal.body["head"], seal.body["digest"]) == (
        "journal.sealed",
        head.seq,
        head.digest,
    )
    assert journal.seal() is None


def test_an_empty_journal_has_nothing_to_seal_read_or_find(disk, clock):
    journal = open_journal(disk, clock)
    assert journal.seal() is None
    journal.close()
    assert (entries_of(journal), journal.heads(), list(journal.verify())) == ([], {}, [])
    assert not journal.changed_since({})


def test_close_seals_what_was_appended_and_only_then(journal, disk, clock):
    journal.close()
    assert entries_of(journal)[-1].kind == "journal.sealed"
    before = disk.files()
    reader = open_journal(disk, clock)
    entries_of(reader)
    reader.close()
    assert disk.files() == before


def test_a_journal_can_be_used_again_after_close(journal):
    journal.close()
    journal.append("run.tagged", RUN, {})
    journal.close()
    assert [e.kind.split(".")[0] for e in entries_of(journal)] == [
        "device",
        "journal",
        "run",
        "journal",
    ]


def test_the_key_is_asked_for_only_when_a_seal_is_due(disk, clock):
    asked = []

    def key():
        asked.append(1)
        return KEY

    journal = open_journal(disk, clock, key=key)
    journal.append_many([Draft("run.params", RUN, {})] * 998)
    assert asked == []
    journal.append("run.params", RUN, {})
    journal.close()
    assert asked == [1]


def test_the_key_of_another_device_is_refused(disk, clock):
    journal = open_journal(disk, clock, key=DeviceKey.generate())
    journal.append("run.params", RUN, {})
    with pytest.raises(KeyDamaged, match="cannot sign for device"):
        journal.seal()


def test_an_entry_over_a_mebibyte_is_refused_with_its_whole_batch(journal):
    journal.append("run.params", RUN, {"x": "y" * ((1 << 20) - 500)})
    with pytest.raises(EntryTooLarge, match="more than 1048576") as caught:
        journal.append_many([Draft("run.a", RUN, {}), Draft("run.b", RUN, {"x": "y" * (1 << 20)})])
    assert "object" in caught.value.hint
    with pytest.raises(EntryTooLarge, match="objects named"):
        journal.append("run.saved", RUN, {}, ["a" * 64] * 10_001)
    assert len(entries_of(journal)) == 2
    assert journal.append("run.c", RUN, {}).seq == 3


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, {"a": [1, -math.inf]}, object(), "\ud800", {1, math.nan}]
)
def test_what_json_cannot_carry_unchanged_is_refused(journal, value):
    with pytest.raises(EntryNotJson):
        journal.append("run.summary", RUN, {"value": value})
    assert len(entries_of(journal)) == 1


def test_null_is_json(journal):
    assert journal.append("run.params", RUN, {"x": None, "y": [None, 1.5]}).body["x"] is None


def test_a_reader_goes_on_from_its_position(journal):
    assert journal.changed_since({})
    positions = positions_of(journal)
    assert not journal.changed_since(positions)
    assert list(journal.read(positions)) == []
    new = journal.append_many([Draft("run.params", RUN, {"n": n}) for n in range(3)])
    assert journal.changed_since(positions)
    assert entries_of(journal, positions) == new


def test_positions_hold_when_segments_roll_and_are_compressed(disk, clock):
    journal = open_journal(disk, clock, segment_bytes_max=2_000)
    journal.append("device.introduced", KEY.device, {"public_key": KEY.public.hex()})
    positions, seen = [], []
    for n in range(40):
        positions.append(positions_of(journal))
        seen.append(journal.append("run.params", RUN, {"n": n}))
    assert sum(path.endswith(".log.zst") for path in disk.files()) > 3
    for n, position in enumerate(positions):
        assert entries_of(journal, position) == seen[n:]
        assert journal.changed_since(position)
    assert not journal.changed_since(positions_of(journal))
    assert list(journal.verify()) == []


def test_reading_makes_batches_of_bounded_size(journal):
    journal.append_many([Draft("run.params", RUN, {})] * 9_000)
    sizes = [len(batch.entries) for batch in journal.read()]
    assert max(sizes) <= 4_096
    assert sum(sizes) == journal.heads()[KEY.device].seq


def test_a_position_that_the_log_no_longer_holds_is_refused(journal, disk):
    journal.append("run.params", RUN, {})
    positions = positions_of(journal)
    kept = disk.read(FIRST)
    disk.overwrite(FIRST, kept[: kept.index(b"\n") + 1])
    with pytest.raises(PositionLost):
        entries_of(journal, positions)
    disk.overwrite(FIRST, kept)
    other = positions[KEY.device]._replace(digest="1" * 64)
    with pytest.raises(PositionLost):
        entries_of(journal, {KEY.device: other})
    with pytest.raises(PositionLost):
        entries_of(journal, {KEY.device: Position("000000000900", 10, 901, "1" * 64)})
    assert entries_of(journal, positions) == []


def test_a_position_behind_a_long_line_is_found_again(journal):
    journal.append("run.params", RUN, {"x": "y" * 900_000})
    assert entries_of(journal, positions_of(journal)) == []


def test_a_position_before_a_damaged_segment_can_be_read_on_from(disk, clock):
    journal = open_journal(disk, clock, segment_bytes_max=500)
    journal.append_many([Draft("run.params", RUN, {})] * 2)
    journal.append("run.params", RUN, {}, durable=True)
    path = f"{FOLDER}/000000000003.log"
    disk.overwrite(path, b"x" * len(disk.read(path)) + b"\n")
    positions = positions_of(journal)
    assert positions[KEY.device][:3] == ("000000000003", 0, 2)
    assert entries_of(journal, positions) == []
    new = open_journal(disk, clock).append("run.params", RUN, {})
    assert new.seq == 4
    assert entries_of(journal, positions)[0] == new


def test_heads_name_the_newest_entry_and_the_end_of_its_line(journal, disk):
    entry = journal.append("run.params", RUN, {})
    head = journal.heads()[KEY.device]
    assert (head.seq, head.digest, head.segment) == (2, entry.digest, "000000000001")
    assert head.offset == len(disk.read(FIRST))
    assert tuple(positions_of(journal)[KEY.device]) == (
        head.segment,
        head.offset,
        head.seq,
        head.digest,
    )


def test_an_unfinished_line_is_not_there_yet_and_cut_by_the_next_append(
    journal, disk, clock, caplog
):
    journal.append("run.params", RUN, {}, durable=True)
    torn = b'0123456789abcdef0123456789abcdef {"v":1,"dev'
    disk.overwrite(FIRST, disk.read(FIRST) + torn)
    assert [batch.damage for batch in journal.read()] == [None]
    (finding,) = journal.verify()
    assert not finding.damaged
    assert "44 bytes" in finding.why
    with caplog.at_level(logging.WARNING, "afield.journal"):
        assert open_journal(disk, clock).append("run.params", RUN, {}).seq == 3
    assert "cut off 44 torn bytes" in caplog.text
    assert torn not in disk.read(FIRST)
    assert list(journal.verify()) == []


@pytest.mark.parametrize("tail", [bytes(5_000), b"\n" * 40, b"\xff\n" * 300, bytes(700) + b"\n"])
def test_zeros_or_garbage_behind_the_last_entry_are_cut(journal, disk, clock, tail):
    journal.append("run.params", RUN, {}, durable=True)
    whole = disk.read(FIRST)
    disk.overwrite(FIRST, whole + tail)
    assert open_journal(disk, clock).append("run.params", RUN, {}).seq == 3
    assert disk.read(FIRST).startswith(whole)
    assert b"\xff" not in disk.read(FIRST)
    assert list(journal.verify()) == []


def test_a_damaged_entry_that_was_on_disk_is_kept_and_its_number_not_used_again(
    journal, disk, clock, caplog
):
    journal.append("run.ended", RUN, {}, durable=True)
    data = bytearray(disk.read(FIRST))
    data[-20] ^= 1
    disk.overwrite(FIRST, bytes(data))
    new = open_journal(disk, clock).append("run.params", RUN, {}, durable=True)
    assert new.seq == 3
    assert disk.read(FIRST).startswith(bytes(data))
    assert [entry.seq for entry in entries_of(journal)][:2] == [1, 3]
    assert [f.name for f in journal.verify() if f.damaged] == [f"{KEY.device}/2"]
    assert "no longer verify" in caplog.text


def test_a_newer_format_is_refused_by_its_version(journal, disk):
    first = entries_of(journal)[0]
    value = {"v": 2, "seq": 2, "prev": first.digest, "device": KEY.device, "new": True}
    disk.overwrite(FIRST, disk.read(FIRST) + line_of(value))
    with pytest.raises(EntryVersionUnknown, match="version 1") as caught:
        entries_of(journal)
    assert "v 2" in str(caught.value)
    with pytest.raises(EntryVersionUnknown):
        journal.append("run.params", RUN, {})
    (finding,) = journal.verify()
    assert (finding.damaged, finding.what) == (False, "entry")


def test_kinds_and_keys_that_nobody_knows_are_kept(journal, disk):
    first = entries_of(journal)[0]
    value = json.loads(disk.read(FIRST)[33:])
    value |= {"seq": 2, "prev": first.digest, "kind": "moon.landed", "at": first.at + 1, "x": 1}
    disk.overwrite(FIRST, disk.read(FIRST) + line_of(value))
    assert entries_of(journal)[1].kind == "moon.landed"
    assert journal.append("run.params", RUN, {}).prev == entries_of(journal)[1].digest
    assert list(journal.verify()) == []


def test_verify_names_objects_that_are_not_there(journal):
    journal.append("run.saved", RUN, {}, ["a" * 64, "b" * 64])
    (finding,) = journal.verify(known=lambda ref: ref == "a" * 64)
    assert (finding.what, finding.name) == ("reference", f"{KEY.device}/2")
    assert "b" * 64 in finding.why


def test_verify_names_a_witness_that_was_changed_and_forgives_a_torn_one(journal, disk):
    journal.append("run.params", RUN, {}, durable=True)
    witness = f"{FOLDER}/synced"
    whole = disk.read(witness)
    disk.overwrite(witness, whole + whole[: len(whole) // 2])
    assert list(journal.verify()) == []
    changed = bytearray(whole)
    changed[len(whole) // 2] ^= 1
    disk.overwrite(witness, bytes(changed))
    (finding,) = journal.verify()
    assert (finding.what, finding.damaged) == ("witness", True)


def test_a_line_of_another_file_in_the_witness_is_damage_and_no_bug(journal, disk):
    first = journal.append("test.kind", "a", {}, durable=True)
    body = b'{"format":"afield.objects","version":1}'
    line = blake3(body).hexdigest()[:32].encode() + b" " + body + b"\n"
    disk.overwrite(f"{FOLDER}/synced", line)
    assert [found.what for found in journal.verify() if found.damaged] == ["witness"]
    assert journal.append("test.kind", "a", {}).seq == first.seq + 1


def test_verify_wants_the_key_that_seals_are_checked_with(disk, clock):
    journal = open_journal(disk, clock)
    journal.append("run.params", RUN, {})
    journal.close()
    (finding,) = journal.verify()
    assert (finding.what, finding.damaged) == ("seal", True)
    assert "introduce" in finding.why


def test_a_reader_without_the_open_form_reads_the_sealed_one_and_the_other_way_round(disk, clock):
    journal = open_journal(disk, clock, segment_bytes_max=1_000)
    journal.append("device.introduced", KEY.device, {"public_key": KEY.public.hex()})
    for n in range(12):
        journal.append("run.params", RUN, {"n": n})
    path = FIRST + ".zst"
    before = entries_of(journal)
    content = b"".join(  # as after a stop between making the one and removing the other
        line_of(json.loads(line[33:])) for line in open_segment(disk.read(path)).splitlines()
    )
    disk.open_append(FIRST)
    disk.overwrite(FIRST, content)
    assert entries_of(journal) == before
    disk.overwrite(path, disk.read(path)[:-9])
    assert entries_of(journal) == before
    assert [f.what for f in journal.verify()] == ["segment"]


def open_segment(data):
    import zstandard

    return zstandard.ZstdDecompressor().decompress(data)


def test_a_key_is_saved_for_its_owner_only_and_never_replaced(tmp_path):
    folder = tmp_path / "keys"
    key = DeviceKey.generate()
    key.save(str(folder))
    path = folder / "device.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in folder.iterdir()] == ["device.key"]
    with pytest.raises(FileExistsError):
        DeviceKey.generate().save(str(folder))
    found = DeviceKey.load(str(folder))
    assert (found.device, found.public) == (key.device, key.public)
    assert found.device == blake3(key.public).hexdigest()[:32]


def test_a_missing_or_damaged_key_is_named(tmp_path):
    with pytest.raises(KeyMissing, match="device key"):
        DeviceKey.load(str(tmp_path))
    (tmp_path / "device.key").write_text("no key\n", encoding="utf-8")
    with pytest.raises(KeyDamaged):
        DeviceKey.load(str(tmp_path))
    (tmp_path / "device.key").write_bytes(b"\xff" * 32)
    with pytest.raises(KeyDamaged):
        DeviceKey.load(str(tmp_path))


def test_importing_the_room_loads_neither_cryptography_nor_zstandard():
    code = "import sys, afield.journal; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"cryptography", "zstandard", "numpy"} & set(found.stdout.split())


def test_on_the_real_disk_entries_are_synced_by_a_thread(tmp_path, clock):
    journal = Journal(
        str(tmp_path / "journal"),
        OsFileSystem(),
        clock,
        key=KEY,
        device=KEY.device,
        member=MEMBER,
        sync_within_s=0.02,
    )
    journal.append("device.introduced", KEY.device, {"public_key": KEY.public.hex()})
    witness = tmp_path / "journal" / KEY.device / "synced"
    journal.append("run.params", RUN, {})
    deadline = 12_000
    while b'"seq":2,' not in witness.read_bytes() and deadline:
        deadline -= 1
        pause(0.01)
    assert deadline
    journal.close()
    assert list(journal.verify()) == []


def pause(seconds):
    import threading

    threading.Event().wait(seconds)
