"""A hub of several workers as a remote: cut links, killed workers, a killed hub, two who push."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sys
import threading
import time
from pathlib import Path

import pytest
from serving import WAIT_S, served
from test_hub_config import free_port

import afield
from afield.sync.errors import RemoteUnreachable
from afield.sync.pace import Pace
from afield.sync.stores.http import HttpRemote
from afield.workspace.remotes import add_remote
from afield.workspace.sync import Wishes, clone, sync
from afield.workspace.workspace import Workspace

sys.path.insert(0, str(Path(__file__).parents[2] / "conformance" / "bucket_server"))
from proxy import Link, proxy

PACK_BYTES, PACKS, CUT_BYTES = 300_000, 8, 1_000_000
PACE = Pace(None, monotonic_s=time.monotonic, sleep=lambda s: time.sleep(min(s, 0.05)))
pytestmark = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="not run: needs /proc to find the workers"
)


class Person:
    """A copy of the workspace, with packs that another has, too, and a run of its own."""

    def __init__(self, url, through, folder):
        self.workspace, _ = clone(url, str(folder), person=lambda: folder.name)
        self.remote = add_remote(self.workspace, "origin", through)
        chance, vault = random.Random(1), self.workspace.record.vault
        self.refs = []
        for _ in range(PACKS):
            self.refs.append(vault.put(chance.randbytes(PACK_BYTES)))
            vault.flush()
        self.workspace.record.journal.append("thing.named", "t", {"name": "n"}, self.refs)
        afield.init(name=folder.name, workspace=folder).finish()
        self.tries = 0

    def sync(self):
        """Sync until it came to its end; return the report of that time."""
        end_s = time.monotonic() + WAIT_S
        while True:
            self.tries += 1
            try:
                report, whole = sync(self.workspace, self.remote, PACE, Wishes())
            except RemoteUnreachable:
                assert time.monotonic() < end_s
                time.sleep(0.05)
                continue
            assert whole
            return report


def kill(server):
    """Kill a hub and all its workers at once."""
    pids = [server.process.pid, *server.workers()]
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    server.end()


def until(link, sent_bytes, threads):
    """Wait until so much was sent, or nobody sends any more."""
    while link.sent_bytes < sent_bytes and any(one.is_alive() for one in threads):
        time.sleep(0.01)


def test_two_push_at_once_through_cut_links_and_kills_and_nothing_half_is_ever_taken_in(tmp_path):
    hub, port = tmp_path / "hub", free_port()
    Workspace.init(hub).close()
    up = ("up", "--port", port, "--workers", 2)
    link = Link(f"http://127.0.0.1:{port}", every_bytes=CUT_BYTES)
    with contextlib.ExitStack() as ends:
        through = ends.enter_context(proxy(link))
        with served(*up, folder=hub) as server:
            server.wait()
            people = [
                Person(f"http://127.0.0.1:{port}", through, tmp_path / name)
                for name in ("ann", "bob")
            ]
            for one in people:
                ends.callback(one.workspace.close)
            threads = [threading.Thread(target=one.sync) for one in people]
            for thread in threads:
                thread.start()
            until(link, 2 * PACK_BYTES, threads)
            os.kill(server.workers()[0], signal.SIGKILL)
            until(link, 5 * PACK_BYTES, threads)
            kill(server)  # in the middle of a pack, or of several
        with served(*up, folder=hub) as server:
            server.wait()
            for thread in threads:
                thread.join(WAIT_S)
                assert not thread.is_alive()
            kill(server)  # while it takes in what the heads name
        with served(*up, folder=hub) as server:
            server.wait()
            for one in people:
                assert one.sync().packs_out == 0
            list(HttpRemote(through).list("heads/"))  # waits until all is taken in
            assert server.stop() == 0
    broke = link.breaks + sum(one.tries for one in people)
    assert link.sent_bytes <= (2 * PACKS + broke) * PACK_BYTES * 1.1
    with Workspace.open(hub) as workspace:
        assert all(workspace.record.vault.has(ref) for one in people for ref in one.refs)
        assert [found for found in workspace.verify() if found.damaged] == []
