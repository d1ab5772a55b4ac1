"""A hub brings its members what waits for them: by ways of their own, once, in their own hours."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
from msgspec.structs import replace
from starlette.testclient import TestClient

from afield.hub.accounts.passwords import Passwords
from afield.hub.accounts.ways import Ways
from afield.hub.config import ConfigOff, HubConfig, Notify, Proxy, Webhooks, read_config
from afield.hub.delivering import Delivering
from afield.hub.keeping import rotate_keys
from afield.hub.team import RolesNow, door_to, prepare, team_app
from afield.kernel.ids import MemberId
from afield.teamwork.delivery import deliver_ms
from afield.testing.clock import ManualClock
from afield.workspace.hosted import Hosted
from afield.workspace.team.asks import ask
from afield.workspace.team.hours import calendar_of
from afield.workspace.team.oncall import oncall_at, take_call
from afield.workspace.workspace import Workspace

URL = "https://hub.example.org"
PASSWORD = "correct horse battery"  # noqa: S105 - made up
QUICK = Passwords(memory_kib=8, passes=1, lanes=1)
ALWAYS = ["Mon-Sun 00:00-24:00"]
AT = "/api/v1/account/channels"
_HOUR_S = 3600


@pytest.fixture
def receiver():
    """A server that keeps what is posted to it, and answers with the next of `answers`, or 200."""
    got, answers, came = [], [], threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            got.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(answers.pop(0) if answers else 200)
            self.send_header("content-length", "0")
            self.end_headers()
            came.set()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/in"
    yield SimpleNamespace(got=got, answers=answers, came=came, url=url)
    server.shutdown()
    server.server_close()


class Person:
    """Somebody at the page of the hub."""

    def __init__(self, app, claim, username, path="claim"):
        self.client = TestClient(app, base_url=URL)
        body = {"code": claim, "password": PASSWORD}
        if path == "claim":
            body["username"] = username
        answer = self.client.post(f"/api/v1/{path}", json=body)
        assert answer.status_code == 200, answer.text
        self.headers = {"x-afield-csrf": answer.json()["csrf"], "origin": URL}
        self.member = MemberId(self.client.get("/api/v1/session").json()["member"])

    def ask(self, method, path, body=None, status=200):
        answer = self.client.request(method, path, json=body, headers=self.headers)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None


@pytest.fixture
def team(tmp_path):
    """A hub with Ada, its admin, and Bob, who is asked; its deliveries are made by hand."""
    clock = ManualClock()
    Workspace.init(tmp_path / "work", clock=clock).close()
    config = HubConfig(
        URL,
        str(tmp_path / "work"),
        accounts=str(tmp_path / "accounts.sqlite"),
        proxy=Proxy(),
        webhooks=Webhooks(("127.0.0.0/8",)),
    )
    claim = prepare(config)
    with (
        Hosted(config.workspace, clock=clock) as hosted,
        team_app(hosted, config, QUICK, delivers=False) as app,
        door_to(hosted, config, QUICK) as door,
    ):
        ada = Person(app, claim, "ada")
        found = SimpleNamespace(app=app, clock=clock, hosted=hosted, ada=ada, config=config)
        found.door = door
        found.deliver = Delivering(hosted, RolesNow(hosted), door.accounts.channels, door.ways)
        found.bob = invited(found, "bob", "developer")
        found.bob.ask("PATCH", "/api/v1/people/me", {"zone": "UTC", "hours": ALWAYS})
        yield found


def invited(team, username, role, project="*"):
    roles = [{"role": role, "project": project}]
    body = {"username": username, "roles": roles}
    code = team.ada.ask("POST", "/api/v1/members", body, 201)["code"]
    return Person(team.app, code, username, "invitations/accept")


def asked(team, title="Which split?", to="bob", **more):
    return team.ada.ask("POST", "/api/v1/asks", {"title": title, "to": to, **more}, 201)


def way_to(person, receiver):
    return person.ask("POST", AT, {"way": "webhook", "to": receiver.url}, 201)


def begun(team, receiver):
    """Give Bob a way, and let the digest of his day, in which nothing is, be over."""
    made = way_to(team.bob, receiver)
    team.deliver.turn()
    assert receiver.got == []
    return made


def titles(receiver):
    return [one["title"] for *_, body in receiver.got for one in json.loads(body).get("items", [])]


def test_what_waits_is_posted_once_signed_with_the_members_own_secret(team, receiver):
    made = begun(team, receiver)
    asked(team)
    for _ in range(3):
        team.deliver.turn()
    (path, headers, body), *others = receiver.got
    assert (path, others) == ("/in", [])
    told = json.loads(body)
    (one,) = told["items"]
    assert (told["type"], one["kind"], one["title"]) == ("afield.inbox", "asked", "Which split?")
    assert "Which split?" in told["text"]
    secret = base64.b64decode(made["secret"].removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{body}".encode()
    known = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{known}"
    asked(team, "And which seed?")
    team.deliver.turn()
    assert titles(receiver) == ["Which split?", "And which seed?"]
    (kept,) = team.bob.ask("GET", AT)["channels"]
    assert (kept["why"], kept["tried_ms"] is None) == (None, False)


def test_a_restart_brings_nothing_twice(team, receiver):
    begun(team, receiver)
    asked(team)
    team.deliver.turn()
    again = Delivering(
        team.hosted, RolesNow(team.hosted), team.door.accounts.channels, team.door.ways
    )
    again.turn()
    assert titles(receiver) == ["Which split?"]


def test_a_running_hub_delivers_by_itself(team, receiver):
    begun(team, receiver)
    asked(team)
    channels, ways = team.door.accounts.channels, team.door.ways
    with Delivering(team.hosted, RolesNow(team.hosted), channels, ways, every_s=0.01):
        assert receiver.came.wait(60)
    assert titles(receiver) == ["Which split?"]


def test_nothing_comes_in_quiet_hours_but_what_pages_who_is_on_call(team, receiver):
    """Whenever the hub looks: what it brings, and that it brings all of it once."""
    rules = {"zone": "Asia/Kolkata", "hours": ["Mon-Fri 09:00-17:00"]}
    team.bob.ask("PATCH", "/api/v1/people/me", rules)
    way_to(team.bob, receiver)
    bob, read, rng = team.bob.member, team.hosted.read_here, random.Random(7)
    number, paged = 0, 0
    for _ in range(150):
        team.clock.advance(rng.randrange(1, 9 * _HOUR_S))
        now_ms = team.clock.wall_ns() // 1_000_000
        if rng.random() < 0.2:
            until_ms = now_ms + rng.randrange(1, 20 * _HOUR_S) * 1000
            read(lambda one: take_call(one, now_ms, until_ms, by=bob))  # noqa: B023
        if rng.random() < 0.5:
            number += 1
            urgency = rng.choice(["normal", "urgent"])
            read(lambda one: ask(one, f"q{number}", bob, urgency=urgency))  # noqa: B023
        before = len(receiver.got)
        team.deliver.turn()
        free = read(lambda one: deliver_ms(calendar_of(one, bob), now_ms) == now_ms)  # noqa: B023
        on_call = read(lambda one: bob in oncall_at(one, now_ms))  # noqa: B023
        came = [json.loads(body) for *_, body in receiver.got[before:]]
        if not free:
            items = [one for document in came for one in document["items"]]
            assert on_call or not came
            assert all(one["urgent"] for one in items), "what is no page came in quiet hours"
            paged += len(items)
    assert paged, "nobody was ever paged"
    team.clock.advance(7 * 24 * _HOUR_S)
    for _ in range(24):
        team.clock.advance(_HOUR_S)
        team.deliver.turn()
    assert len(titles(receiver)) == len(set(titles(receiver))), "something came twice by itself"
    in_digests = {
        one["title"] for *_, body in receiver.got for one in json.loads(body).get("needs", [])
    }
    assert in_digests | set(titles(receiver)) == {f"q{one + 1}" for one in range(number)}


def test_who_may_not_read_a_project_is_told_nothing_of_it(team, receiver):
    eve = invited(team, "eve", "developer", "other")
    eve.ask("PATCH", "/api/v1/people/me", {"zone": "UTC", "hours": ALWAYS})
    way_to(eve, receiver)
    asked(team, "the secret plan", "eve", project="vision")
    asked(team, "the open plan", "eve", project="other")
    team.deliver.turn()
    text = json.dumps([body for *_, body in receiver.got])
    assert "the secret plan" not in text
    assert "the open plan" in text


def test_a_way_that_does_not_take_it_is_asked_again_and_its_owner_sees_why(team, receiver):
    begun(team, receiver)
    asked(team)
    receiver.answers[:] = [500]
    team.deliver.turn()
    (kept,) = team.bob.ask("GET", AT)["channels"]
    assert kept["why"] == "it answered 500"
    team.deliver.turn()
    assert len(receiver.got) == 1, "a way that failed is left alone for a while"
    later = Delivering(
        team.hosted, RolesNow(team.hosted), team.door.accounts.channels, team.door.ways
    )
    later.turn()
    assert titles(receiver) == ["Which split?"] * 2
    assert team.bob.ask("GET", AT)["channels"][0]["why"] is None


def test_a_way_that_did_not_take_the_digest_is_not_asked_for_the_rest_at_once(team, receiver):
    way_to(team.bob, receiver)
    asked(team)
    receiver.answers[:] = [503]
    team.deliver.turn()
    assert [json.loads(body)["type"] for *_, body in receiver.got] == ["afield.digest"]


def test_one_way_that_fails_keeps_nothing_from_the_others(team, receiver):
    way_to(team.bob, receiver)
    team.door.accounts.channels.add(team.bob.member, "gone-service", "bob")
    way_to(team.ada, receiver)
    team.ada.ask("PATCH", "/api/v1/people/me", {"zone": "UTC", "hours": ALWAYS})
    team.deliver.turn()
    asked(team)
    team.bob.ask("POST", "/api/v1/asks", {"title": "And you?", "to": team.ada.member}, 201)
    team.deliver.turn()
    assert sorted(titles(receiver)) == ["And you?", "Which split?"]


@pytest.mark.parametrize(
    ("way", "to"),
    [
        ("webhook", "http://169.254.169.254/latest"),
        ("webhook", "https://[::1]/x"),
        ("webhook", "file:///etc/passwd"),
        ("webhook", "https://ann:pw@example.org/"),
        ("webhook", ""),
        ("mail", "ann@example.org"),
        ("sms", "bob?to=eve"),
        ("sms", "bob&x=1"),
        ("sms", "../x"),
        ("nothing", "x"),
    ],
)
def test_a_way_that_leads_where_none_may_is_refused(team, way, to):
    with team_app(team.hosted, strict(team), QUICK, delivers=False) as app:
        found = TestClient(app, base_url=URL)
        login = {"username": "bob", "password": PASSWORD}
        csrf = found.post("/api/v1/login", json=login).json()["csrf"]
        headers = {"x-afield-csrf": csrf, "origin": URL}
        answer = found.post(AT, json={"way": way, "to": to}, headers=headers)
    assert answer.status_code == 400, answer.text
    assert team.bob.ask("GET", AT)["channels"] == []


def strict(team):
    services = Notify({"sms": "json://localhost/{to}"})
    return replace(team.config, webhooks=Webhooks(), notify=services)


def test_a_service_of_the_admins_gets_who_is_meant_and_nothing_else(team):
    pytest.importorskip("apprise")
    ways = Ways({"sms": "json://127.0.0.1:1/{to}"}, (), lambda: 0)
    assert ways.checked("sms", " bob@example.org ") == "bob@example.org"
    kept = team.door.accounts.channels.add(team.bob.member, "sms", "bob@example.org")
    assert kept.secret is None
    assert ways.open(kept).name == kept.id


def test_ways_are_ones_own_at_the_page_alone_and_go_with_the_account(team, receiver):
    made = way_to(team.bob, receiver)
    assert team.ada.ask("GET", AT)["channels"] == []
    team.ada.ask("DELETE", f"{AT}/{made['id']}", status=404)
    team.ada.ask("POST", f"{AT}/{made['id']}/try", status=404)
    token = team.bob.ask("POST", "/api/v1/tokens", {"name": "t"}, 201)["token"]
    bare = TestClient(team.app, base_url=URL, headers={"authorization": f"Bearer {token}"})
    for method in ("GET", "POST"):
        answer = bare.request(method, AT, json={"way": "webhook", "to": receiver.url})
        assert answer.status_code == 403, answer.text
    assert TestClient(team.app, base_url=URL).get(AT).status_code == 401
    (shown,) = team.bob.ask("GET", AT)["channels"]
    assert "secret" not in shown
    for _ in range(7):
        way_to(team.bob, receiver)
    team.bob.ask("POST", AT, {"way": "webhook", "to": receiver.url}, 409)
    team.door.accounts.end(team.bob.member)
    assert team.door.accounts.channels.of(team.bob.member) == []


def test_trying_a_way_sends_a_word_at_any_hour(team, receiver):
    team.bob.ask("PATCH", "/api/v1/people/me", {"hours": ["Mon 03:00-03:30"]})
    made = way_to(team.bob, receiver)
    tried = team.bob.ask("POST", f"{AT}/{made['id']}/try")
    assert tried["why"] is None
    assert json.loads(receiver.got[0][2])["type"] == "afield.hello"
    receiver.answers[:] = [404]
    refused = team.bob.ask("POST", f"{AT}/{made['id']}/try", status=409)
    assert refused["detail"] == "was not taken: `webhook`: it answered 404"
    team.bob.ask("DELETE", f"{AT}/{made['id']}", status=204)
    assert team.bob.ask("GET", AT)["channels"] == []


def test_what_is_kept_of_a_way_says_nothing_without_the_keys_and_survives_their_rotation(
    team, receiver, tmp_path
):
    made = begun(team, receiver)
    held = b"".join(path.read_bytes() for path in tmp_path.glob("accounts.sqlite*"))
    assert receiver.url.encode() not in held
    assert made["secret"].encode() not in held
    assert rotate_keys(team.config) == 1
    asked(team)
    team.deliver.turn()
    assert titles(receiver) == ["Which split?"]


@pytest.mark.parametrize(
    "lines",
    ['[notify.services]\nmail = "mailto://x"\n', '[notify.services]\nwebhook = "json://x/{to}"\n',
     '[notify.services]\n"A b" = "json://x/{to}"\n', "[notify]\nways = 3\n"],
)  # fmt: skip
def test_a_service_that_cannot_be_is_refused_with_its_place(tmp_path, lines):
    path = tmp_path / "hub.toml"
    path.write_text(f'url = "http://localhost:5151"\nworkspace = "w"\n{lines}')
    with pytest.raises(ConfigOff) as refused:
        read_config(str(path))
    assert "notify" in str(refused.value)
    assert "mailto://x" not in str(refused.value)
