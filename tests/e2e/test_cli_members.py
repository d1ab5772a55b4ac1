"""Members and roles at the command line: two people on one machine, and a hub that answers."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from afield.kernel.ids import RunId
from afield.runs.events import tagged
from afield.workspace.workspace import Workspace


@pytest.fixture
def ann_and_bob(afield, tmp_path):
    """Ann's and Bob's copies, Bob confirmed; each asked by the first word."""

    def says(who, *words):
        return afield("--workspace", str(tmp_path / who), *words)

    for words in (["init", str(tmp_path / "ann")],):
        assert afield(*words).code == 0
    assert says("ann", "remote", "add", "team", str(tmp_path / "team")).code == 0
    assert says("ann", "sync").code == 0
    assert afield("clone", str(tmp_path / "team"), str(tmp_path / "bob")).code == 0
    assert says("bob", "sync").code == 0
    assert says("ann", "sync").code == 0
    return says


def phrase(says):
    return says("bob", "join", "--json").json["phrase"].split()


def member(says):
    found = says("ann", "join", "--json").json
    devices = [*found["devices"], *found["waiting"]]
    return devices[0]["member"]


def exchange(says):
    for who in ("ann", "bob", "ann", "bob"):
        assert says(who, "sync").code == 0


def test_who_was_invited_to_look_can_look_and_what_they_write_is_told_of(ann_and_bob, tmp_path):
    says, bob = ann_and_bob, member(ann_and_bob)
    invited = says("ann", "member", "invite", *phrase(says), "--role", "viewer", "--json")
    assert invited.code == 0, invited.err
    assert invited.json["roles"] == {"*": ["viewer"]}
    exchange(says)
    run = says("ann", "run", "python", "-c", "print(1)", "--json")
    assert run.code == 0
    exchange(says)
    name = says("bob", "runs", "--json").json["runs"][0]["id"]
    (tmp_path / "x.csv").write_text("a\n1\n")
    for words in (
        ["tag", name, "mine=yes"], ["note", name, "mine"], ["delete", name], ["restore", name],
        ["data", "add", str(tmp_path / "x.csv"), "--name", "x"],
    ):  # fmt: skip
        refused = says("bob", *words)
        assert refused.code == 12, (words, refused.err)
        assert "no role in every project allows" in refused.err
    assert says("bob", "verify", "--json").json["refused"] == []
    with Workspace.open(tmp_path / "bob") as forced:
        forced.record.journal.append_many([tagged(RunId(name), {"mine": "yes"})])
    told = says("bob", "sync")
    assert "not applied: 1 entry `run.tagged` by" in told.err
    assert (
        says("ann", "sync", "--json").json["refused"]
        == says("bob", "verify", "--json").json["refused"]
    )
    for who in ("ann", "bob"):
        assert says(who, "show", name, "--json").json["tags"] == {}
        (one,) = says(who, "verify", "--json").json["refused"]
        assert (one["member"], one["kind"], one["entries"]) == (bob, "run.tagged", 1)
    assert "not applied" in says("ann", "verify").err
    granted = says("ann", "member", "grant", bob, "developer")
    assert "holds now: developer, viewer" in granted.out
    exchange(says)
    assert says("bob", "tag", name, "mine=now").code == 0
    exchange(says)
    assert says("ann", "show", name, "--json").json["tags"] == {"mine": "now"}
    review = says("ann", "access", "review", "--json").json
    assert [one["role"] for one in review["changes"]] == ["viewer", "developer"]
    assert len(review["refused"]) == 1
    assert "granted: developer" in says("ann", "access", "review").out


def test_a_leaver_is_told_of_and_what_they_write_later_does_not_count(ann_and_bob):
    says, bob = ann_and_bob, member(ann_and_bob)
    says("ann", "member", "invite", *phrase(says), "--role", "developer")
    exchange(says)
    assert says("bob", "run", "python", "-c", "print(1)").code == 0
    exchange(says)
    left = says("ann", "member", "leave", bob, "--json").json
    assert (left["schema"], left["runs"]) == ("afield.left/1", 1)
    assert left["could_read"] == {"*": ["developer"]}
    assert len(left["copies"]) == 1
    exchange(says)
    assert says("bob", "run", "python", "-c", "print(2)").code == 0
    exchange(says)
    assert len(says("ann", "runs", "--json").json["runs"]) == 1
    listed = says("ann", "member", "list", "--json").json["members"]
    (gone,) = [one for one in listed if one["member"] == bob]
    assert gone["roles"] == {}
    assert [one["removed"] for one in gone["devices"]] == [True]
    assert "no role" in says("ann", "member", "list").out


def test_nobody_grants_what_they_do_not_manage(ann_and_bob):
    says, bob = ann_and_bob, member(ann_and_bob)
    says("ann", "join", *phrase(says))
    exchange(says)
    for words in (["grant", bob, "admin"], ["leave", bob], ["revoke", bob, "developer"]):
        refused = says("bob", "member", *words)
        assert refused.code == 12, refused.err
        assert "no role in every project allows member.manage" in refused.err
    assert says("ann", "member", "grant", bob, "king").code == 2
    assert says("ann", "member", "grant", "nobody", "admin").code == 1
    assert says("ann", "member", "revoke", bob, "auditor").code == 1
    founder = next(
        one["member"]
        for one in says("ann", "member", "list", "--json").json["members"]
        if one["source"] == "founder"
    )
    assert says("ann", "member", "leave", founder).code == 12


class Hub:
    """What answers as a hub does, and what it was asked."""

    def __init__(self):
        self.asked = []
        self.answers = {}
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def take(self):
                length = int(self.headers.get("content-length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                sent = {name.lower(): value for name, value in self.headers.items()}
                hub.asked.append((self.command, self.path, body, sent))
                key = (self.command, self.path)
                status, document, *headers = hub.answers.get(key, (404, {"title": "no"}))
                data = json.dumps(document).encode()
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_DELETE = take  # noqa: N815 - so they are called

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        thread.start()


@pytest.fixture
def hub():
    made = Hub()
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_a_hub_is_asked_with_the_token_of_the_environment(afield, hub, monkeypatch):
    monkeypatch.setenv("AFIELD_HUB_TOKEN", "afd_x_y")
    part = {"member": "m" * 16, "name": "Bob", "source": "granted", "roles": {"p": ["viewer"]},
            "devices": []}  # fmt: skip
    hub.answers["GET", "/api/v1/members"] = 200, {"members": [part]}
    listed = afield("member", "list", "--hub", hub.url)
    assert (listed.code, "Bob" in listed.out, "in p: viewer" in listed.out) == (0, True, True)
    hub.answers["POST", "/api/v1/members/Bob/roles"] = 200, part
    assert afield("member", "grant", "Bob", "viewer", "--project", "p", "--hub", hub.url).code == 0
    _, _, body, headers = hub.asked[-1]
    assert body == {"role": "viewer", "project": "p", "grant": True}
    assert headers["authorization"] == "Bearer afd_x_y"
    assert all("afd_" not in asked[1] for asked in hub.asked)
    hub.answers["POST", "/api/v1/members"] = 201, {"code": "once", "member": "m" * 16}
    invited = afield("member", "invite", "bob", "--role", "viewer:p", "--hub", hub.url)
    assert "once" in invited.out
    refusal = {"title": "Forbidden", "detail": "not allowed: `x`", "code": "members.x"}
    hub.answers["GET", "/api/v1/access-review"] = 403, refusal
    refused = afield("access", "review", "--hub", hub.url)
    assert (refused.code, "not allowed" in refused.err) == (12, True)


def test_a_hub_that_is_none_or_sends_elsewhere_gets_no_token_twice(afield, hub, monkeypatch):
    monkeypatch.setenv("AFIELD_HUB_TOKEN", "afd_x_y")
    for url in ("http://hub.example.org", "hub.example.org", "file:///x", "https://u:p@x/?a=b"):
        assert afield("member", "list", "--hub", url).code == 2, url
    elsewhere = Hub()
    moved = ("location", f"{elsewhere.url}/api/v1/members")
    hub.answers["GET", "/api/v1/members"] = (302, {}, moved)
    assert afield("member", "list", "--hub", hub.url).code == 14
    assert elsewhere.asked == []
    elsewhere.server.shutdown()
    elsewhere.server.server_close()
    assert afield("member", "list", "--hub", elsewhere.url).code == 14


def test_somebody_logs_in_for_a_token_and_out_again(afield, hub, monkeypatch):
    import click

    typed = iter(["ann", "correct horse battery"])
    monkeypatch.setattr(click, "prompt", lambda *_, **__: next(typed))
    session = ("set-cookie", "afield-session=s; Path=/; HttpOnly")
    hub.answers["POST", "/api/v1/login"] = 200, {"csrf": "c"}, session
    hub.answers["POST", "/api/v1/tokens"] = 201, {"token": "afd_new"}
    hub.answers["POST", "/api/v1/logout"] = 204, None
    made = afield("token", "create", "ci", "--hub", hub.url, "--action", "run.log")
    assert (made.code, made.out.strip()) == (0, "afd_new"), made.err
    paths = [asked[1].removeprefix("/api/v1/") for asked in hub.asked]
    assert paths == ["login", "tokens", "logout"]
    _, _, body, headers = hub.asked[1]
    assert body == {"name": "ci", "actions": ["run.log"], "project": None, "days": 90}
    assert (headers["cookie"], headers["x-afield-csrf"]) == ("afield-session=s", "c")


def test_only_admins_confirm_once_roles_were_granted(ann_and_bob, afield, tmp_path):
    says, bob = ann_and_bob, member(ann_and_bob)
    says("ann", "member", "invite", *phrase(says), "--role", "developer")
    exchange(says)
    cleo = tmp_path / "cleo"
    assert afield("clone", str(tmp_path / "team"), str(cleo)).code == 0
    assert says("cleo", "sync").code == 0
    exchange(says)
    words = says("cleo", "join", "--json").json["phrase"].split()
    refused = says("bob", "join", *words)
    assert (refused.code, "member.manage" in refused.err) == (12, True)
    assert says("bob", "verify", "--json").json["refused"] == []
    assert says("ann", "join", *words, "--as-hub").code == 0
    hubs = {
        one["member"]: [each["hub"] for each in one["devices"]]
        for one in says("ann", "member", "list", "--json").json["members"]
    }
    assert hubs.pop(bob) == [False]
    assert sorted(hubs.values()) == [[False], [True]]
