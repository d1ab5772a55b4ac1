"""What every store of a remote must do, held to by all that ship."""

from __future__ import annotations

import errno
import os
import random
import socket
import sys
import threading
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette

from afield.hub.config import Limits
from afield.hub.faults import answer_afield
from afield.hub.remote.bounds import Bounds
from afield.hub.remote.routes import routes
from afield.kernel.clock import SystemClock
from afield.kernel.errors import AfieldError
from afield.kernel.files import OsFileSystem
from afield.members.caller import Caller
from afield.sync.errors import RemoteForbidden, RemoteUnreachable
from afield.sync.stores.folder import FolderRemote
from afield.sync.stores.http import HttpRemote
from afield.sync.stores.memory import MemoryRemote
from afield.testing.disk import SimulatedDisk
from afield.testing.remote import HostileRemote

sys.path.insert(0, str(Path(__file__).parents[1] / "simulation"))
from sync_world import Person

STORES = ["memory", "folder", "simulated disk", "hostile wrapper at peace", "bucket", "hub"]


class TakesAll:
    """Takes every file: what a hub refuses is tested with the hub."""

    def folder(self, _prefix):
        return True

    def bytes_max(self, _name):
        return 1 << 20

    def check(self, *_):
        """Find nothing wrong."""

    def may_go(self, *_):
        return True


class Lies:
    """A folder that is nobody's record."""

    def __init__(self, root):
        self.store = store = FolderRemote(root, OsFileSystem())
        folder = Path(root).parent.as_posix()
        limits = Limits(free_mib=0)
        self.bounds = Bounds(
            limits,
            folder,
            SystemClock(),
            named=lambda _: frozenset(),
            finish=lambda: None,
            store=store,
        )

    def begin(self):
        """Take nothing in."""

    async def fresh(self):
        return True


class Local:
    """Says of every request that the person at this machine sends it."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        scope["afield.caller"] = Caller.local("m" * 32)
        await self.app(scope, receive, send)


@pytest.fixture
def hub(tmp_path):
    """Return the address of a hub's own routes on loopback, in front of a folder."""
    lies = Lies(str(tmp_path / "remote"))
    app = Local(
        Starlette(
            routes=routes(TakesAll(), lambda: lies),
            exception_handlers={AfieldError: answer_afield},
        )
    )
    config = uvicorn.Config(app, log_level="warning", ws="none", lifespan="off")
    server, listener = uvicorn.Server(config), socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join()
    listener.close()


@pytest.fixture(params=STORES)
def store(request, tmp_path):
    if request.param == "bucket":
        from afield.sync.stores.bucket import BucketRemote

        options = request.getfixturevalue("bucket")
        return BucketRemote(f"s3://team/{tmp_path.name}", options)
    if request.param == "hub":
        return HttpRemote(request.getfixturevalue("hub"))
    if request.param == "memory":
        return MemoryRemote()
    if request.param == "folder":
        return FolderRemote(str(tmp_path / "remote"), OsFileSystem())
    if request.param == "simulated disk":
        return FolderRemote("/remote", SimulatedDisk())
    return HostileRemote(MemoryRemote(), seed=1)


def test_what_was_put_can_be_read_whole_and_in_parts(store):
    store.put("packs/meta/one", b"0123456789")
    assert store.get("packs/meta/one") == b"0123456789"
    assert store.get("packs/meta/one", 3) == b"3456789"
    assert store.get("packs/meta/one", 3, 4) == b"3456"
    assert store.get("packs/meta/one", 8, 40) == b"89"
    assert store.get("packs/meta/one", 10, 4) == b""


def test_what_is_not_there_says_so(store):
    with pytest.raises(FileNotFoundError):
        store.get("heads/none")
    assert list(store.list("heads/")) == []
    store.delete("heads/none")


def test_a_folder_lists_its_own_files_and_their_sizes_only(store):
    store.put("format", b"f")
    store.put("heads/a", b"12")
    store.put("heads/b", b"")
    store.put("heads-too/c", b"1")
    store.put("packs/meta/d", b"1")
    assert sorted(store.list("heads/")) == [("heads/a", 2), ("heads/b", 0)]


def test_put_replaces_and_put_if_absent_does_not(store):
    store.put("heads/a", b"one")
    store.put("heads/a", b"two")
    assert store.get("heads/a") == b"two"
    assert not store.put_if_absent("heads/a", b"three")
    assert store.put_if_absent("heads/b", b"four")
    assert (store.get("heads/a"), store.get("heads/b")) == (b"two", b"four")
    store.delete("heads/a")
    assert [item.name for item in store.list("heads/")] == ["heads/b"]


def test_a_probe_leaves_nothing_behind(store):
    store.probe()
    assert list(store.list("")) == []


def test_copies_meet_in_a_bucket(bucket):
    from afield.sync.stores.bucket import BucketRemote

    chance = random.Random(1)
    ann, bob = Person(1), Person(2)
    for person in (ann, bob, ann, bob, ann):
        person.work(chance)
        person.sync(BucketRemote("s3://team/met/there", bucket))
    bob.sync(BucketRemote("s3://team/met/there", bucket))
    assert {each for each in ann.lines() if each[0] == ann.key.device} <= bob.lines()
    assert all(bob.vault.has(ref) for ref in bob.refs())


def test_a_bucket_that_is_not_there_is_unreachable(bucket):
    from afield.sync.stores.bucket import BucketRemote

    with pytest.raises(RemoteUnreachable, match="no such bucket") as raised:
        BucketRemote("s3://nobody/x", bucket).probe()
    assert raised.value.__cause__ is None  # not the library's forty lines
    nowhere = BucketRemote("s3://team/x", {**bucket, "endpoint": "http://127.0.0.1:9"})
    with pytest.raises(RemoteUnreachable):
        nowhere.get("format")


def test_half_written_and_foreign_files_of_a_folder_do_no_harm(tmp_path):
    store = FolderRemote(str(tmp_path), OsFileSystem())
    store.put("heads/a", b"one")
    (tmp_path / "heads" / "a.tmp-12-34").write_bytes(b"on")
    (tmp_path / "heads" / "a (Ann's conflicted copy)").write_bytes(b"o")
    names = [item.name for item in store.list("heads/")]
    assert names == ["heads/a", "heads/a (Ann's conflicted copy)"]


def test_a_folder_that_fails_is_unreachable_and_not_a_bug():
    disk = SimulatedDisk(fail_at={4: 5})
    with pytest.raises(RemoteUnreachable):
        FolderRemote("/remote", disk).put("heads/a", b"1")


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM, errno.EROFS])
def test_a_folder_that_may_not_be_written_is_not_tried_again(number):
    with pytest.raises(RemoteForbidden) as raised:
        FolderRemote("/remote", SimulatedDisk(fail_at={1: number})).put("heads/a", b"1")
    assert raised.value.exit_code == 12
    assert "rights" in raised.value.hint


def test_a_bucket_says_in_few_words_what_is_wrong(bucket):
    from afield.sync.stores.bucket import BucketRemote

    nowhere = BucketRemote("s3://team/x", {**bucket, "endpoint": "http://127.0.0.1:9"})
    with pytest.raises(RemoteUnreachable, match="nothing answers there") as raised:
        nowhere.put("format", b"1")
    assert raised.value.__cause__ is None


def test_a_folder_in_the_place_of_a_file_is_unreachable(tmp_path):
    (tmp_path / "heads").write_bytes(b"a file")
    store = FolderRemote(str(tmp_path), OsFileSystem())
    with pytest.raises(RemoteUnreachable):
        store.put("heads/a", b"1")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="not run: no pipes in folders here")
def test_a_pipe_or_a_folder_under_a_name_of_ours_is_not_waited_for(tmp_path):
    (tmp_path / "heads" / "folder").mkdir(parents=True)
    os.mkfifo(tmp_path / "heads" / "pipe")
    store = FolderRemote(str(tmp_path), OsFileSystem())
    assert store.get("heads/pipe") == b""
    with pytest.raises(FileNotFoundError):
        store.get("heads/folder")
