"""How much that belongs to nothing may lie at a hub: of a member, of all, and of its disk."""

from __future__ import annotations

import contextlib
import random
import time

import pytest
from starlette.testclient import TestClient
from test_hub_config import SOUND, read, results
from tls_hub import answering

from afield.hub.app import inner_app
from afield.hub.config import Limits
from afield.kernel.ids import new_member_id
from afield.members.caller import Caller
from afield.members.roles import Role
from afield.sync.errors import RemoteForbidden, RemoteFull
from afield.sync.pace import Pace
from afield.sync.stores.http import HttpRemote
from afield.sync.stores.sliced import Slice, slice_name
from afield.testing.clock import ManualClock
from afield.workspace.hosted import Hosted
from afield.workspace.sync import Wishes, clone, sync
from afield.workspace.workspace import Workspace

MIB = 1 << 20
PACE = Pace(None, monotonic_s=time.monotonic, sleep=lambda _s: None)
DAY_S = 86_400


class As:
    """Says who asks: whom the header names, or the first of some members."""

    def __init__(self, app, members):
        self.app, self.members = app, members

    async def __call__(self, scope, receive, send):
        named = dict(scope.get("headers", ())).get(b"x-member", b"0")
        member = self.members[int(named)]
        scope["afield.caller"] = Caller(member, {"*": frozenset({Role.DEVELOPER})})
        await self.app(scope, receive, send)


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def hub(tmp_path, clock):
    """Return what makes the app of a hub with these limits."""
    Workspace.init(tmp_path / "hub").close()
    with Hosted(tmp_path / "hub", clock=clock) as hosted:
        members = [new_member_id(), new_member_id()]
        yield lambda **most: As(inner_app(hosted, limits=Limits(**most)), members)


def keep(workspace, size_bytes, count):
    """Keep objects of bytes that nothing makes smaller, in packs of their own; return them."""
    chance, vault = random.Random(1), workspace.record.vault
    found = []
    for _ in range(count):
        found.append(vault.put(chance.randbytes(size_bytes)))
        vault.flush()
    return found


def test_what_no_entry_names_has_a_bound_and_what_an_entry_names_counts_no_more(
    hub, clock, tmp_path
):
    with answering(hub(unnamed_mib=2)) as port:
        bob, remote = clone(f"http://127.0.0.1:{port}", str(tmp_path / "b"), person=lambda: "bob")
        with contextlib.closing(bob):
            sync(bob, remote, PACE, Wishes())
            refs = keep(bob, 800_000, 4)
            bob.record.journal.append("thing.named", "t", {"name": "n"}, refs)
            with pytest.raises(RemoteForbidden, match="you may have 2 MiB there that no") as met:
                sync(bob, remote, PACE, Wishes())
            assert "--data none first" in met.value.hint
            sync(bob, remote, PACE, Wishes(data="none"))
            clock.advance(60)
            for _ in range(2):  # two packs fit; once they are taken in, the others do
                clock.advance(60)
                with contextlib.suppress(RemoteForbidden):
                    sync(bob, remote, PACE, Wishes())
                list(HttpRemote(remote.url).list("heads/"))  # waits until they are
            report, whole = sync(bob, remote, PACE, Wishes())
            assert whole
            assert not report.packs_out
    with Workspace.open(tmp_path / "hub") as workspace:
        assert all(workspace.record.vault.has(ref) for ref in refs)


def pack_of(folder):
    """Return the name and the bytes of a pack of some 600 KiB."""
    with Workspace.init(folder) as workspace:
        keep(workspace, 600_000, 1)
        packs = workspace.record.vault.packs
        found = next(name for name in packs.names() if packs.size(name) > MIB // 2)
        return f"packs/data/{found}.pack", packs.read(found)


def test_slices_have_a_bound_whole_files_leave_it_and_what_nobody_goes_on_with_is_swept(
    hub, clock, tmp_path
):
    name, data = pack_of(tmp_path / "other")
    lost = [f"packs/data/{number:064x}.pack" for number in range(3)]
    app = hub(uploads=2, unfinished_mib=1, unfinished_all_mib=2)
    with TestClient(app, base_url="http://127.0.0.1") as client:

        def put(name, start, data, whole, member=0):
            part = slice_name(name, Slice(start, start + len(data), whole))
            headers = {"x-member": str(member)}
            return client.put(f"/sync/v1/files/{part}", content=data, headers=headers)

        half, most = len(data) // 2, bytes(MIB - len(data) // 2)
        for _ in range(3):  # again, and it counts once
            assert put(name, 0, data[:half], len(data)).status_code == 204
        assert put(lost[0], 0, bytes(1000), MIB).status_code == 204
        refused = put(lost[1], 0, bytes(1), MIB)  # a third
        assert (refused.status_code, refused.json()["code"]) == (413, "hub.over_quota")
        assert "afield sync" in refused.json()["hint"]
        assert "1 MiB" in put(lost[0], 1000, most, 2 * MIB).json()["detail"]
        assert put(lost[1], 0, most, MIB, member=1).status_code == 204
        assert put(lost[1], 2000, most, 2 * MIB, member=1).status_code == 413
        clock.advance(60)
        assert put(name, half, data[half:], len(data)).status_code == 204
        assert put(lost[2], 0, bytes(1000), MIB).status_code == 204  # the first is whole by now
        assert client.get(f"/sync/v1/files/{name}").content == data
        clock.advance(8 * DAY_S)
        assert put(lost[2], 1000, bytes(1000), MIB).status_code == 204  # somebody goes on
        client.get("/sync/v1/list", params={"prefix": "heads/"})
        items = client.get("/sync/v1/list", params={"prefix": "slices/"}).json()["items"]
        assert {item[0].split("!")[2] for item in items} == {lost[2].rpartition("/")[2]}


def test_a_hub_whose_disk_is_almost_full_takes_nothing_and_says_so(hub, tmp_path):
    with answering(hub(free_mib=1 << 40)) as port:
        store = HttpRemote(f"http://127.0.0.1:{port}")
        name, data = pack_of(tmp_path / "other")
        with pytest.raises(RemoteFull, match="disk is almost full") as met:
            store.put(name, data)
        assert met.value.exit_code == 14
        assert list(store.list("packs/data/")) == []
    (tmp_path / "hub" / "x").mkdir()
    text = SOUND.replace('"."', '".."') + "[limits]\nfree_mib = 1099511627776\n"
    found = results(read(tmp_path / "hub" / "x", text))["limits"]
    assert found.state == "fail"
    assert "MiB are free of 1,099,511,627,776" in found.detail
