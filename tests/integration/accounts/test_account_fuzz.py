"""Whatever is sent to the routes of accounts and members: an answer or a refusal, never a fault."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from account_client import PASSWORD, Browser, claimed, hub, invited

from afield.testing.clock import ManualClock

LONE = "\ud800"
ODD = (
    *("", " ", "\0", "../..", "é" * 500, "' OR 1=1 --", "%", "_", "a\r\nset-cookie: x=y", "*"),
    *(-1, 0, 2**63, 10**400, 1e308, True, None, [], {}, [[]] * 50, {"a": {"b": []}}),
)
BODIES = (
    *(b"", b"null", b"[]", b"{", b"\xff", b"[" * 20_000, b'{"a":' * 5_000, b"1e999", b'"\\ud800"'),
    json.dumps({"x": "y" * 60_000}).encode(),
    json.dumps({LONE: LONE}).encode(),
)
FIELDS = {
    "/api/v1/tokens": {"name": "t", "actions": ["run.read"], "project": "p", "days": 1},
    "/api/v1/members": {"username": "new", "roles": [{"role": "viewer"}], "name": "N"},
    "/api/v1/members/{id}/roles": {"role": "viewer", "project": "p", "grant": True},
    "/api/v1/members/{id}/reset": {"drop_second_factor": False},
    "/api/v1/account/password": {"before": PASSWORD, "after": "another horse battery"},
    "/api/v1/account/totp": {"code": "1"},
    "/api/v1/account/recovery-codes": {"code": "1"},
    "/api/v1/account/passkeys": {"ticket": "t", "answer": {"id": "x"}, "name": "n"},
    "/api/v1/login": {"username": "ann", "password": PASSWORD, "code": "1"},
    "/api/v1/login/passkey/finish": {"ticket": "t", "answer": {"id": "x"}},
    "/api/v1/claim": {"code": "x", "username": "eve", "password": PASSWORD},
    "/api/v1/invitations/accept": {"code": "x", "password": PASSWORD},
    "/api/v1/reset": {"code": "x", "password": PASSWORD, "factor": "1"},
}


@pytest.fixture(scope="module")
def at(tmp_path_factory):
    with hub(tmp_path_factory.mktemp("hub"), ManualClock()) as made:
        yield made


@pytest.fixture(scope="module")
def ann(at):
    return claimed(at)


def answered(answer, *where):
    assert answer.status < 500, (where, answer.body)
    for name, value in answer.headers:
        assert name.lower() != "x-evil"
        assert "\r" not in value
        assert "\n" not in value
    if answer.status >= 400:
        assert answer.header("content-type") == "application/problem+json", where
        assert len(answer.body) < 20_000, where
    return answer


def test_no_body_meets_a_fault_of_ours(at, ann):
    for route in at.routes:
        for method in route.methods - {"HEAD", "GET"}:
            if route.path in {"/login", "/claim", "/invite", "/reset", "/api/v1/logout"}:
                continue  # pages, which test_account_pages has
            if route.path == "/api/v1/sessions":
                continue  # ends sessions, whatever comes with it
            for body in BODIES:
                path = route.path.replace("{id}", "0" * 20)
                answered(ann.ask(method, path, body), method, path, body[:20])


@pytest.mark.parametrize("path", FIELDS)
def test_no_value_of_a_field_meets_a_fault_of_ours(at, ann, path):
    browser, where = ann, path.replace("{id}", ann.get("/api/v1/session").json["member"])
    if not path.startswith(("/api/v1/tokens", "/api/v1/members", "/api/v1/account")):
        browser = Browser(at, "2001:db8::1")
    for name, good in FIELDS[path].items():
        for odd in ODD:
            body = {**FIELDS[path], name: odd}
            answered(browser.post(where, body), path, name, odd)
        assert good is not None


def test_no_id_in_a_path_meets_a_fault_or_reaches_others(at, ann):
    bob, member = invited(at, ann, "bob", "viewer")
    token = bob.post("/api/v1/tokens", {"name": "t"}).json["id"]
    session = bob.get("/api/v1/sessions").json["sessions"][0]["id"]
    odd = [each for each in ODD if isinstance(each, str) and each.strip()]
    for route in at.routes:
        for method in route.methods - {"HEAD"}:
            if "{id}" not in route.path:
                continue
            for id_ in (*odd, "9" * 5000, "..%2f..", LONE.encode("utf-8", "replace").decode()):
                path = route.path.replace("{id}", quote(id_, safe=""))
                answered(ann.ask(method, path, {}), method, path)
    eve, _ = invited(at, ann, "eve", "viewer")
    for path in (f"/api/v1/tokens/{token}", f"/api/v1/sessions/{session}"):
        assert eve.delete(path).status == 404
    for path in (f"/api/v1/members/{member}/{what}" for what in ("roles", "leave", "reset")):
        assert eve.post(path, {"role": "admin"}).status == 403
    assert bob.get("/api/v1/session").status == 200
