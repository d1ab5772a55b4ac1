"""The hub as a remote: copies meet through it, and it takes nothing that does not prove itself."""

from __future__ import annotations

import contextlib
import http.server
import threading
import time

import pytest
import uvicorn
from bucket_hub import hub_toml
from starlette.testclient import TestClient

import afield
from afield.hub.accounts.accounts import Accounts
from afield.hub.accounts.database import SqliteAccounts
from afield.hub.accounts.identified import Identified
from afield.hub.accounts.keyring import Keyring
from afield.hub.accounts.who import Who
from afield.hub.app import inner_app, local_app
from afield.hub.serve import listen
from afield.hub.storage import use_storage
from afield.kernel.errors import Usage
from afield.members.actions import Action
from afield.members.caller import Caller
from afield.members.events import device_confirmed
from afield.members.query import waiting
from afield.members.roles import Role
from afield.sync.errors import RemoteForbidden, RemoteForeign, RemoteUnreachable
from afield.sync.pace import Pace
from afield.sync.stores.http import HttpRemote
from afield.testing.clock import ManualClock
from afield.workspace.hosted import Hosted
from afield.workspace.remotes import add_remote, address
from afield.workspace.sync import Wishes, clone, sync

PACE = Pace(None, monotonic_s=time.monotonic, sleep=lambda _s: None)
HERE = "http://127.0.0.1"


@contextlib.contextmanager
def answering(app):
    """Yield the address of an app that answers on loopback."""
    listener = listen("127.0.0.1", 0)
    port = listener.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="none", lifespan="on"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"{HERE}:{port}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


class As:
    """Says who asks."""

    def __init__(self, app, caller):
        self.app, self.caller = app, caller

    async def __call__(self, scope, receive, send):
        scope["afield.caller"] = self.caller
        await self.app(scope, receive, send)


@contextlib.contextmanager
def asked_by(hosted, role):
    """Yield a client of the hub with a role, or of nobody."""
    caller = role and Caller(hosted.config.member, {"*": frozenset({role})})
    with TestClient(As(inner_app(hosted), caller), base_url=HERE) as client:
        yield client


def confirm(here, other):
    """Confirm another copy's device, as `afield join` does."""
    here.refresh()
    (one,) = [one for one in waiting(here.projection) if one.id == other.config.device]
    draft = device_confirmed(one.id, public_key=one.public_key, member=one.member)
    here.record.journal.append_many([draft])


def runs(workspace):
    workspace.refresh()
    return {name for (name,) in workspace.query("SELECT name FROM runs")}


@pytest.mark.parametrize("place", ["folder", "bucket"])
def test_copies_meet_through_the_hub_and_its_page_shows_what_was_pushed(
    place, folder, tmp_path, request
):
    if place == "bucket":
        use_storage(hub_toml(folder, request.getfixturevalue("bucket"), folder.name))
    with Hosted(folder) as hosted, answering(local_app(hosted)) as url:
        bob, remote = clone(url, str(tmp_path / "bob"), person=lambda: "bob")
        with contextlib.closing(bob):
            assert sync(bob, remote, PACE, Wishes())[1]
            assert runs(bob) == {"first", "second", "third"}
            run = afield.init(project="vision", name="bobs", workspace=bob.path.parent)
            run.finish()
            sync(bob, remote, PACE, Wishes())
            list(HttpRemote(url).list("heads/"))  # waits until the hub has taken it in
            hosted.read_here(lambda here: confirm(here, bob))
            assert "bobs" in hosted.read_here(runs)
            eve, origin = clone(url, str(tmp_path / "eve"), person=lambda: "eve")
            with contextlib.closing(eve):
                sync(eve, origin, PACE, Wishes())
                assert runs(eve) == {"first", "second", "third", "bobs"}
        assert (folder / ".afield" / "remote").exists() is (place == "folder")


@pytest.fixture
def files(client):
    """Return the files of the hub's remote, by name."""
    found = {}
    for folder in ("heads/", "packs/meta/", "packs/data/"):
        for name, _ in client.get("/sync/v1/list", params={"prefix": folder}).json()["items"]:
            found[name] = client.get(f"/sync/v1/files/{name}").content
    device = next(name for name in found if name.startswith("heads/")).removeprefix("heads/")
    page = client.get("/sync/v1/list", params={"prefix": f"journal/{device}/"}).json()
    for name, _ in page["items"]:
        found[name] = client.get(f"/sync/v1/files/{name}").content
    return found


def test_what_is_not_what_its_name_says_is_not_taken(client, files):
    for name, data in files.items():
        for wrong in (data[:-1], data[:9] + bytes([data[9] ^ 1]) + data[10:], b""):
            answer = client.put(f"/sync/v1/files/{name}", content=wrong)
            assert (answer.status_code, answer.json()["code"]) == (422, "hub.not_admitted"), name
        assert client.get(f"/sync/v1/files/{name}").content == data


def test_a_log_is_not_filed_under_another_device(client, files):
    name = next(name for name in files if name.startswith("journal/"))
    _, device, piece = name.split("/")
    other = "0" * len(device)
    assert (
        client.put(f"/sync/v1/files/journal/{other}/{piece}", content=files[name]).status_code
        == 422
    )
    head = files[f"heads/{device}"]
    assert client.put(f"/sync/v1/files/heads/{other}", content=head).status_code == 422


def test_a_head_does_not_go_back_and_nothing_sound_is_removed(client, hosted, files):
    name = next(name for name in files if name.startswith("heads/"))
    afield.init(name="more", workspace=hosted.read_here(lambda one: one.path.parent)).finish()
    client.get("/sync/v1/list", params={"prefix": "heads/"})
    now = client.get(f"/sync/v1/files/{name}").content
    assert now != files[name]
    assert client.put(f"/sync/v1/files/{name}", content=files[name]).status_code == 422
    for each in files:
        assert client.delete(f"/sync/v1/files/{each}").status_code == 204
        assert client.get(f"/sync/v1/files/{each}").status_code == 200


@pytest.mark.parametrize("name", [
    "../config.toml", "%2e%2e/keys", "heads/..%2f..%2fkeys", "packs%2fmeta%2f..%2f..%2fformat",
    "keys",
    "/etc/passwd", "heads/a", "packs/meta/x.pack", "heads%5c..%5ckeys", "slices/a!0-1-2",
])  # fmt: skip
def test_names_that_no_remote_has_are_refused(client, files, name):
    for ask in (client.get, client.delete, lambda url: client.put(url, content=b"x")):
        assert ask(f"/sync/v1/files/{name}").status_code in {400, 404, 405}
    assert client.get("/sync/v1/list", params={"prefix": name}).status_code == 400


def test_a_body_larger_than_its_name_may_hold_is_not_read(client, files):
    name = next(name for name in files if name.startswith("heads/"))
    assert client.put(f"/sync/v1/files/{name}", content=bytes(5 << 20)).status_code == 413
    parts = (bytes(1 << 20) for _ in range(5))
    assert client.put(f"/sync/v1/files/{name}", content=parts).status_code == 413


def test_who_may_only_read_pushes_nothing_and_nobody_reads_nothing(hosted):
    name = "/sync/v1/files/packs/meta/" + "0" * 64 + ".pack"
    with asked_by(hosted, Role.VIEWER) as viewer:
        assert viewer.get("/sync/v1/list", params={"prefix": "heads/"}).status_code == 200
        assert viewer.put(name, content=b"x").status_code == 403
        assert viewer.delete(name).status_code == 403
    with asked_by(hosted, None) as nobody:
        assert nobody.get(name).status_code == 401
        assert nobody.put(name, content=b"x").status_code == 401


def test_a_token_is_good_for_its_actions_and_until_it_expires(hosted, tmp_path):
    clock, member = ManualClock(), hosted.config.member
    held = {"*": frozenset({Role.DEVELOPER})}
    with contextlib.closing(SqliteAccounts(str(tmp_path / "accounts.sqlite"))) as database:
        accounts = Accounts(database, clock, Keyring(str(tmp_path / "accounts.keys")))
        accounts.make(member, "ada", None)
        text, _ = accounts.tokens.make(member, "laptop", days=1, actions=[Action.SYNC_PULL])
        who = Who(accounts, lambda _: held, origins=[])
        with answering(Identified(inner_app(hosted), who)) as url:
            store = HttpRemote(url, text)
            assert list(store.list("heads/"))
            with pytest.raises(RemoteForbidden):
                store.put("packs/meta/" + "0" * 64 + ".pack", b"x")
            clock.advance(2 * 86400)
            with pytest.raises(RemoteForbidden) as caught:
                list(store.list("heads/"))
            assert text not in str(caught.value)


def test_a_server_that_nobody_syncs_with_keeps_no_second_copy(client, hosted):
    client.get("/health")
    assert not hosted.read_here(lambda one: (one.path / "remote").exists())


@pytest.mark.parametrize("url", [
    "https://ann:secret@hub.example", "https://hub.example/?token=secret", "http://hub.example",
    "https://hub.example/#secret", "http://127.0.0.1.evil.example", "https://",
])  # fmt: skip
def test_no_secret_stands_in_an_address_and_no_token_goes_in_the_clear(url):
    with pytest.raises(Usage) as caught:
        address(url)
    assert "secret" not in str(caught.value) + (caught.value.hint or "")


class Bad(http.server.BaseHTTPRequestHandler):
    """A hub behind a bad link: sends `per_answer` bytes of each answer, or another status."""

    protocol_version = "HTTP/1.1"
    status, per_answer, data = 200, 10, bytes(range(100))
    seen = ()

    def do_GET(self):
        self.seen.append(self.headers["Range"])
        if self.status != 200:
            self.send_response(self.status)
            self.send_header("Location", "https://evil.example/")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        start = int((self.headers["Range"] or "bytes=0-").removeprefix("bytes=").split("-")[0])
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(self.data) - start))
        self.end_headers()
        self.wfile.write(self.data[start : start + self.per_answer])
        self.close_connection = True

    def log_message(self, *_):
        """Say nothing."""


@contextlib.contextmanager
def bad_hub(**wishes):
    kind = type("Kind", (Bad,), {**wishes, "seen": []})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), kind)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    store = HttpRemote(f"{HERE}:{server.server_port}", "afd_x")
    try:
        yield store, kind
    finally:
        store.close()
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_read_that_breaks_off_goes_on_from_where_it_was():
    with bad_hub() as (store, kind):
        assert store.get("format") == Bad.data
        assert kind.seen == [None, *(f"bytes={at}-" for at in range(10, 100, 10))]


@pytest.mark.parametrize(("wishes", "error"), [
    ({"per_answer": 0}, RemoteUnreachable), ({"status": 503}, RemoteUnreachable),
    ({"status": 401}, RemoteForbidden), ({"status": 403}, RemoteForbidden),
    ({"status": 302}, RemoteForeign), ({"status": 307}, RemoteForeign),
])  # fmt: skip
def test_each_fault_of_a_hub_is_told_by_its_kind_and_redirects_are_not_followed(wishes, error):
    with bad_hub(**wishes) as (store, kind), pytest.raises(error) as caught:
        store.get("format")
    assert "afd_x" not in str(caught.value)
    assert len(kind.seen) <= 3


def test_a_hub_can_be_named_as_a_remote(hosted):
    with answering(local_app(hosted)) as url:
        assert HttpRemote(url).probe().exclusive
        remote = hosted.read_here(lambda one: add_remote(one, "hub", url + "/", ["eu"]))
        assert (remote.url, remote.labels) == (url, {"eu"})
