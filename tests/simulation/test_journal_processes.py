"""Real processes and threads of one device on a real folder: nothing lost, one chain."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from afield.journal import DeviceKey, Draft, Journal
from afield.kernel.clock import SystemClock
from afield.kernel.files import OsFileSystem

KEY = DeviceKey.from_private_bytes(bytes(range(32)))
RUN = "r" * 16
PROCESSES = 8
ROUNDS = 60

WRITER = """
import sys
from afield.journal import DeviceKey, Draft, Journal
from afield.kernel.clock import SystemClock
from afield.kernel.files import OsFileSystem

root, name, rounds, segment = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
key = DeviceKey.from_private_bytes(bytes(range(32)))
journal = Journal(
    root, OsFileSystem(), SystemClock(), key=key, device=key.device, member="m" * 16,
    segment_bytes_max=segment,
)
n = 0
for turn in range(rounds):
    drafts = [Draft("run.params", name, {"n": n + k}) for k in range(turn % 4 + 1)]
    for entry in journal.append_many(drafts, durable=turn % 20 == 0):
        print(entry.seq, entry.digest, flush=True)
    n += len(drafts)
journal.close()
"""


def open_journal(folder: Path, **settings) -> Journal:
    return Journal(
        str(folder / "journal"),
        OsFileSystem(),
        SystemClock(),
        key=KEY,
        device=KEY.device,
        member="m" * 16,
        **settings,
    )


@pytest.fixture
def journal(tmp_path):
    journal = open_journal(tmp_path)
    journal.append("device.introduced", KEY.device, {"public_key": KEY.public.hex()})
    yield journal
    journal.close()


def entries_of(journal):
    batches = list(journal.read())
    assert [batch.damage for batch in batches if batch.damage] == []
    return [entry for batch in batches for entry in batch.entries]


def start_writer(folder: Path, name: str, rounds: int, segment: int) -> subprocess.Popen[str]:
    argv = [sys.executable, "-c", WRITER, str(folder / "journal"), name, str(rounds), str(segment)]
    return subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)


def test_eight_processes_append_at_once_and_a_reader_follows(journal, tmp_path):
    writers = [start_writer(tmp_path, f"w{n}", ROUNDS, 20_000) for n in range(PROCESSES)]
    said: dict[int, str] = {}
    listeners = [threading.Thread(target=listen, args=(w, said)) for w in writers]
    for listener in listeners:
        listener.start()
    followed, positions = [], {}
    while any(listener.is_alive() for listener in listeners):
        followed += follow(journal, positions)
    followed += follow(journal, positions)
    assert [writer.wait() for writer in writers] == [0] * PROCESSES
    entries = entries_of(journal)
    assert followed == entries
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    by_seq = {entry.seq: entry.digest for entry in entries}
    assert said.items() <= by_seq.items()
    for n in range(PROCESSES):
        numbers = [entry.body["n"] for entry in entries if entry.about == f"w{n}"]
        assert numbers == list(range(sum(turn % 4 + 1 for turn in range(ROUNDS))))
    assert list(journal.verify()) == []
    assert len(list((tmp_path / "journal" / KEY.device).glob("*.log.zst"))) > 10


def listen(writer, said):
    for line in writer.stdout:
        seq, digest = line.split()
        said[int(seq)] = digest
    writer.stdout.close()


def follow(journal, positions):
    found = []
    for batch in journal.read(positions):
        assert batch.damage is None
        found += batch.entries
        positions[batch.device] = batch.position
    return found


def test_a_writer_killed_at_any_moment_leaves_a_log_that_goes_on(journal, tmp_path):
    for wait in (1, 3, 40, 90, 200):
        writer = start_writer(tmp_path, f"k{wait}", 100_000, 30_000)
        said = dict(line.split() for line, _ in zip(writer.stdout, range(wait), strict=False))
        writer.kill()
        writer.wait()
        writer.stdout.close()
        entries = {str(entry.seq): entry.digest for entry in entries_of(journal)}
        assert said.items() <= entries.items()
    journal.append("run.ended", RUN, {}, durable=True)
    assert [f for f in journal.verify() if f.what != "temporary"] == []


def test_threads_of_one_process_share_a_journal(journal):
    def work(name):
        for n in range(40):
            journal.append("run.params", name, {"n": n}, durable=n % 8 == 0)

    threads = [threading.Thread(target=work, args=(f"t{n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    entries = entries_of(journal)
    for n in range(6):
        assert [e.body["n"] for e in entries if e.about == f"t{n}"] == list(range(40))
    assert list(journal.verify()) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_forked_children_append_through_the_journal_of_their_parent(journal):
    """Threads of the parent keep appending, so that forks happen in the middle of it."""
    stop = threading.Event()

    def work():
        while not stop.is_set():
            journal.append("run.params", "parent", {})

    thread = threading.Thread(target=work)
    thread.start()
    fork = multiprocessing.get_context("fork")
    children = [fork.Process(target=append_in_child, args=(journal, n)) for n in range(6)]
    for child in children:
        child.start()
    for child in children:
        child.join(240)
    stop.set()
    thread.join()
    assert [child.exitcode for child in children] == [0] * 6
    entries = entries_of(journal)
    for n in range(6):
        assert [e.body["n"] for e in entries if e.about == f"c{n}"] == list(range(20))
    assert list(journal.verify()) == []


def append_in_child(journal, number):
    for n in range(20):
        journal.append("run.params", f"c{number}", {"n": n}, durable=n == 19)
    journal.close()


def test_json_tools_can_read_a_log_line_by_line(journal, tmp_path):
    journal.append_many([Draft("run.params", RUN, {"n": n}) for n in range(3)])
    path = tmp_path / "journal" / KEY.device / "000000000001.log"
    values = [json.loads(line[33:]) for line in path.read_bytes().splitlines()]
    assert [value["body"].get("n") for value in values] == [None, 0, 1, 2]
