"""A hub that lies, over HTTP: clients find it out, take nothing of it, and lose nothing by it."""

from __future__ import annotations

import contextlib
import json

import pytest
from test_hub_remote import PACE, confirm, runs
from tls_hub import answering

import afield
from afield.hub.app import local_app
from afield.sync.stores.http import HttpRemote
from afield.workspace.sync import Wishes, clone, sync

FILES = "/sync/v1/files/"
KNOWN = {"first", "second", "third"}


class Liar:
    """Answers what `lie` makes of the path and body of a good answer."""

    def __init__(self, app):
        self.app, self.lie = app, lambda _path, body: body

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start, parts = {}, []

        async def held(message):
            if message["type"] == "http.response.start":
                start.update(message)
                return
            parts.append(message.get("body", b""))
            if message.get("more_body"):
                return
            body = b"".join(parts)
            if start["status"] in {200, 206} and scope["method"] == "GET":
                body = self.lie(scope["path"], body)
            others = [pair for pair in start["headers"] if pair[0] != b"content-length"]
            length = (b"content-length", str(len(body)).encode())
            await send({**start, "headers": [*others, length]})
            await send({"type": "http.response.body", "body": body})

        await self.app(scope, receive, held)


def changes(folder):
    """Return a lie: another byte in each file of a folder."""

    def lie(path, body):
        at = len(body) // 2
        is_meant = path.startswith(FILES + folder) and body
        return body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :] if is_meant else body

    return lie


@pytest.fixture
def hub(hosted, tmp_path):
    """Yield a hub, its address, and the device of a colleague who counts and has synced."""
    liar = Liar(local_app(hosted))
    with answering(liar) as port:
        url = f"http://127.0.0.1:{port}"
        bob, remote = clone(url, str(tmp_path / "bob"), person=lambda: "bob")
        with contextlib.closing(bob):
            sync(bob, remote, PACE, Wishes())
            list(HttpRemote(url).list("heads/"))
            hosted.read_here(lambda here: confirm(here, bob))
            sync(bob, remote, PACE, Wishes())
            yield liar, url, bob


@pytest.fixture
def eve(hub, tmp_path):
    """Yield a new copy that has only heard of the hub so far, and its remote."""
    copy, remote = clone(hub[1], str(tmp_path / "eve"), person=lambda: "eve")
    with contextlib.closing(copy):
        yield copy, remote


@pytest.mark.parametrize("part", ["journal/", "packs/meta/", "heads/"])
def test_bytes_that_a_hub_changes_are_named_and_taken_by_nobody(hub, eve, part):
    hub[0].lie = changes(part)
    report, _ = sync(*eve, PACE, Wishes())
    assert {name.partition("/")[0] for name, _ in report.faults} == {part.partition("/")[0]}
    if part != "packs/meta/":
        assert runs(eve[0]) == set()
    wrong = {found.what for found in eve[0].verify() if found.damaged}
    assert wrong == ({"reference"} if part == "packs/meta/" else set())  # not here yet
    hub[0].lie = lambda _path, body: body
    sync(*eve, PACE, Wishes())
    assert runs(eve[0]) == KNOWN


def test_entries_that_a_hub_offers_under_anothers_name_are_no_entries(hub, eve, hosted):
    liar, url, bob = hub
    own, other = hosted.config.device, bob.config.device
    store = HttpRemote(url)
    (theirs, *_) = store.list(f"journal/{other}/")
    forged = store.get(theirs.name)
    liar.lie = lambda path, body: forged if path.startswith(f"{FILES}journal/{own}/") else body
    report, _ = sync(*eve, PACE, Wishes())
    assert any(name.startswith(f"journal/{own}/") for name, _ in report.faults)
    assert runs(eve[0]) == set()


def test_a_log_whose_end_a_hub_leaves_out_is_missed_and_an_old_head_hides_nothing(hub, eve, hosted):
    liar, url, bob = hub
    own, store = hosted.config.device, HttpRemote(url)
    old, known = store.get(f"heads/{own}"), list(store.list(f"journal/{own}/"))
    place = hosted.read_here(lambda here: here.path.parent)
    afield.init(name="fourth", workspace=place).finish()
    sync(bob, eve[1], PACE, Wishes())  # whose head vouches for what he has seen
    assert "fourth" in runs(bob)

    def without_end(path, body):
        if path == "/sync/v1/list" and f"journal/{own}/".encode() in body:
            return json.dumps({"items": known, "next": None}).encode()
        return body

    liar.lie = without_end
    report, _ = sync(*eve, PACE, Wishes())
    assert own in {device for device, _ in report.behind}
    assert runs(eve[0]) <= KNOWN
    liar.lie = lambda path, body: old if path == f"{FILES}heads/{own}" else body
    for _ in range(2):  # by the first she knows that bob counts, whose head names more
        sync(*eve, PACE, Wishes())
    assert runs(eve[0]) == KNOWN | {"fourth"}
