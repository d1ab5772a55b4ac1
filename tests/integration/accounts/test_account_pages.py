"""The pages to come in by: forms that need no script, and what others make of them."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import urlencode

import pytest
from account_client import ORIGIN, PASSWORD, Browser, claimed, hub

from afield.hub.accounts import totp
from afield.testing.clock import ManualClock

PAGES = ("/login", "/claim", "/invite", "/reset")
FORM = {"content-type": "application/x-www-form-urlencoded"}
NEW = "another horse battery"
MARKUP = "\"'><script>alert(1)</script>"


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def at(tmp_path, clock):
    with hub(tmp_path, clock) as made:
        yield made


def send(browser, path, *, origin=ORIGIN, headers=None, **fields):
    body = urlencode(fields).encode()
    return browser.ask("POST", path, body, origin=origin, headers={**FORM, **(headers or {})})


class Seen(HTMLParser):
    """What of a page counts for somebody who hears it, or has a keyboard alone."""

    def __init__(self, html):
        super().__init__()
        self.tags = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def all(self, tag):
        return [attrs for each, attrs in self.tags if each == tag]


def test_a_team_comes_in_by_forms_alone(at):
    ann = Browser(at)
    code = at.accounts.new_claim()
    answer = send(ann, "/claim", code=code, username="ann", password=PASSWORD)
    assert (answer.status, answer.header("location")) == (303, "/")
    assert ann.get("/api/v1/session").json["roles"] == {"*": ["admin"]}
    ann.csrf = ann.get("/api/v1/session").json["csrf"]
    roles = [{"role": "viewer"}]
    made = ann.post("/api/v1/members", {"username": "bob", "roles": roles}).json
    bob = Browser(at)
    assert send(bob, "/invite", code=made["code"], password=PASSWORD).status == 303
    assert bob.get("/api/v1/session").json["username"] == "bob"
    path = f"/api/v1/members/{made['member']}/reset"
    reset = ann.post(path, {}).json["code"]
    assert send(Browser(at), "/reset", code=reset, password=NEW).status == 303
    assert bob.get("/api/v1/session").status == 401
    assert send(bob, "/login", username="bob", password=PASSWORD, code="").status == 401
    assert send(bob, "/login", username="bob", password=NEW, code="").status == 303
    assert send(bob, "/login", username="ann", password=PASSWORD).status == 303, "somebody else"
    assert bob.get("/api/v1/session").json["username"] == "ann"
    assert ann.post(path, {}, headers={"x-afield-csrf": "0" * 64}).status == 403


def test_a_second_factor_is_asked_for_by_the_form(at, clock):
    ann = claimed(at)
    secret = ann.post("/api/v1/account/totp/begin").json["secret"]

    def code():
        clock.advance(totp.STEP_S)
        return totp.code_at(secret, clock.wall_ns() // 10**9 // totp.STEP_S)

    shown = ann.post("/api/v1/account/totp", {"code": code()}).json["recovery_codes"]
    told = ann.get("/api/v1/account").json
    assert (told["second_factor"], told["recovery_codes"]) == (True, len(shown))
    other = Browser(at)
    answer = send(other, "/login", username="ann", password=PASSWORD)
    assert (answer.status, b"second factor: type its code" in answer.body) == (401, True)
    assert send(other, "/login", username="ann", password=PASSWORD, code=shown[0]).status == 303
    fresh = ann.post("/api/v1/account/recovery-codes", {"code": code()})
    assert (fresh.status, set(fresh.json["recovery_codes"]) & set(shown)) == (201, set())
    assert ann.post("/api/v1/account/recovery-codes", {"code": shown[1]}).status == 401
    assert ann.ask("DELETE", "/api/v1/account/totp", {"code": code()}).status == 204
    assert other.get("/api/v1/session").status == 401, "its factor is another now"
    whats = [one["what"] for one in ann.get("/api/v1/account/events").json["events"]]
    assert {"totp.added", "recovery.used", "recovery.made", "totp.dropped"} <= set(whats)


def test_nobody_but_an_admin_who_has_just_logged_in_gives_a_reset_code(at, clock):
    ann = claimed(at)
    token = ann.post("/api/v1/tokens", {"name": "t", "actions": ["member.manage"]}).json["token"]
    member = ann.get("/api/v1/session").json["member"]
    path = f"/api/v1/members/{member}/reset"
    bearer = {"authorization": f"Bearer {token}"}
    assert Browser(at).post(path, {}, headers=bearer).code == "afield.not_allowed"
    clock.advance(16 * 60)
    assert ann.post(path, {}).code == "accounts.not_fresh"


@pytest.mark.parametrize(
    ("origin", "headers"),
    [
        *((other, {}) for other in ("https://evil.example", "null", "http://hub.example.org")),
        *((None, headers) for headers in ({}, {"sec-fetch-site": "cross-site"})),
        (None, {"sec-fetch-site": "same-site"}),
        (ORIGIN, {"content-type": "text/plain"}),
        (ORIGIN, {"content-type": "multipart/form-data; boundary=x"}),
        (ORIGIN, {"content-type": "application/json"}),
    ],
)
def test_a_form_of_another_site_logs_nobody_in(at, origin, headers):
    claimed(at)
    victim = Browser(at)
    fields = {"username": "ann", "password": PASSWORD}
    answer = send(victim, "/login", origin=origin, headers=headers, **fields)
    assert answer.status in (400, 403)
    assert answer.header("set-cookie") is None
    assert victim.cookies == {}


def test_after_a_slip_all_but_the_password_stands_there_again(at):
    code = at.accounts.new_claim()
    answer = send(Browser(at), "/claim", code=code, username="Ann", password="1234" * 3)
    fields = {field["name"]: field for field in Seen(answer.body.decode()).all("input")}
    assert (fields["code"]["value"], fields["username"]["value"]) == (code, "Ann")
    assert ("value" in fields["password"], "autofocus" in fields["password"]) == (False, True)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_repeats_no_secret_and_no_markup(at, path):
    typed = {"code": "my-code", "username": MARKUP, "password": "my-pass-word-12"}
    answer = send(Browser(at), path, **typed)
    assert 400 <= answer.status < 500
    text = answer.body.decode()
    for secret in ("my-code", "my-pass-word-12", "<script>alert", MARKUP):
        assert secret not in text


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff\xfe", b"%ff%fe=1", b"a=1&" * 9999, b"username=a&username=b&password=c",
     b"username=a", b"x" * (1 << 20), "username=\ud800&password=b".encode("utf-8", "surrogatepass"),
     b"username=%00&password=%ED%A0%80", b"[" * 5000],
)  # fmt: skip
def test_a_form_that_is_none_is_refused_in_words(at, body):
    for path in PAGES:
        answer = Browser(at).ask("POST", path, body, headers=FORM)
        assert (answer.status, 'role="alert"' in answer.body.decode()) == (400, True)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_used_by_keyboard_and_heard_whole(at, path):
    for html in (Browser(at).get(path).body, send(Browser(at), path, username="x").body):
        seen = Seen(html.decode())
        (lang,) = [attrs["lang"] for attrs in seen.all("html")]
        assert lang == "en"
        assert len(seen.all("h1")) == len(seen.all("main")) == 1
        ids = [attrs["id"] for _, attrs in seen.tags if "id" in attrs]
        assert len(ids) == len(set(ids))
        labelled = {attrs["for"] for attrs in seen.all("label")}
        for field in seen.all("input"):
            assert field["id"] in labelled
            assert set(field.get("aria-describedby", "").split()) <= set(ids)
            assert "tabindex" not in field
            assert "autocomplete" in field
        for field in seen.all("input"):
            if field["name"] == "password":
                assert field["type"] == "password"
        assert not [attrs for _, attrs in seen.tags if any(key.startswith("on") for key in attrs)]
        assert "style" not in {tag for tag, _ in seen.tags}
        assert re.fullmatch(rb"(?s).*</html>", html)


@pytest.mark.parametrize("path", [*PAGES, "/login.js", "/login.css"])
def test_a_page_is_kept_nowhere_framed_nowhere_and_loads_nothing_of_others(at, path):
    answer = Browser(at).get(path)
    policy = answer.header("content-security-policy")
    for words in ("default-src 'none'", "frame-ancestors 'none'", "form-action 'self'"):
        assert words in policy
    assert "unsafe" not in policy
    assert answer.header("cache-control") == "no-store"
    assert answer.header("x-content-type-options") == "nosniff"
    assert answer.header("referrer-policy") == "same-origin"
    assert b"//" not in re.sub(rb"// .*\n", b"", answer.body).replace(b"\\//g", b"")
