"""The routes of accounts and members as a browser, a script and a thief meet them."""

from __future__ import annotations

import base64

import pytest
from account_client import ORIGIN, PASSWORD, Browser, claimed, hub, invited

from afield.hub.accounts import totp
from afield.members.actions import Action
from afield.testing.clock import ManualClock

TOKENS = "/api/v1/tokens"
FORMS = ("/login", "/claim", "/invite", "/reset")


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def at(tmp_path, clock):
    with hub(tmp_path, clock) as made:
        yield made


@pytest.fixture
def ann(at):
    return claimed(at)


def token_of(browser, **body):
    answer = browser.post(TOKENS, {"name": "ci", **body})
    assert answer.status == 201, answer.body
    return answer.json["token"]


def bearer(text):
    return {"authorization": f"Bearer {text}"}


def basic(name, text):
    return {"authorization": "Basic " + base64.b64encode(f"{name}:{text}".encode()).decode()}


def test_a_hub_is_claimed_once_by_the_code_that_it_printed(at):
    code = at.accounts.new_claim()
    thief = Browser(at)
    body = {"code": code, "username": "ann", "password": PASSWORD}
    assert thief.post("/api/v1/claim", {**body, "code": "x" + code}).code == "accounts.code_refused"
    assert Browser(at).post("/api/v1/claim", {**body, "password": "short"}).status == 400
    ann = Browser(at)
    assert ann.post("/api/v1/claim", body).status == 200
    assert ann.get("/api/v1/session").json["roles"] == {"*": ["admin"]}
    assert thief.post("/api/v1/claim", {**body, "username": "eve"}).status in {403, 409}
    assert at.accounts.new_claim() is None


def test_every_route_has_an_action_or_is_public_on_purpose(at):
    public = {(min(route.methods - {"HEAD"}), route.path) for route in at.routes
              if route.afield_action is None}  # fmt: skip
    assert public == {
        *((method, form) for method in ("GET", "POST") for form in FORMS),
        ("GET", "/login.js"), ("GET", "/login.css"), ("GET", "/api/v1/login/ways"),
        ("POST", "/api/v1/login"), ("POST", "/api/v1/claim"), ("POST", "/api/v1/logout"),
        ("POST", "/api/v1/invitations/accept"), ("POST", "/api/v1/reset"),
        ("POST", "/api/v1/login/passkey/begin"), ("POST", "/api/v1/login/passkey/finish"),
    }  # fmt: skip


def test_whoever_is_not_known_gets_no_further_than_the_public_routes(at):
    claimed(at)
    for route in at.routes:
        for method in route.methods - {"HEAD"}:
            path = route.path.replace("{id}", "a" * 16)
            for headers in ({}, bearer("afd_0000_0000"), basic("ann", PASSWORD)):
                answer = Browser(at).ask(method, path, {}, headers=headers)
                if route.afield_action is not None:
                    assert (answer.status, answer.code) == (401, "accounts.login_needed"), path
                else:
                    assert answer.status < 500, path


def test_a_viewer_gets_no_further_than_a_viewers_routes(at, ann):
    viewer, _ = invited(at, ann, "vic", "viewer")
    for route in at.routes:
        if route.afield_action in {Action.MEMBER_MANAGE, Action.AUDIT_READ, Action.HUB_MANAGE}:
            for method in route.methods - {"HEAD"}:
                answer = viewer.ask(method, route.path.replace("{id}", "ann"), {})
                assert (answer.status, answer.code) == (403, "members.action_not_allowed")
    assert viewer.get("/api/v1/members").status == 200
    assert viewer.get("/api/v1/session").json["roles"] == {"*": ["viewer"]}


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(at):
    code = at.accounts.new_claim()
    body = {"code": code, "username": "ann", "password": PASSWORD}
    said = Browser(at).post("/api/v1/claim", body).header("set-cookie")
    assert said.startswith("__Host-afield=")
    for flag in ("; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/"):
        assert flag in said
    assert "domain" not in said.lower()


@pytest.mark.parametrize(
    ("origin", "headers"),
    [
        ("https://evil.example", {}),
        ("null", {}),
        (ORIGIN + ".evil.example", {}),
        ("http://hub.example.org", {}),
        (ORIGIN, {"x-afield-csrf": None}),
        (ORIGIN, {"x-afield-csrf": "0" * 64}),
        (None, {"sec-fetch-site": "cross-site"}),
    ],
)
def test_a_write_that_another_site_sends_is_refused_though_the_cookie_comes_along(
    at, ann, origin, headers
):
    for method, path in (("POST", TOKENS), ("DELETE", "/api/v1/sessions"), ("POST", "/nowhere")):
        answer = ann.ask(method, path, {"name": "x"}, origin=origin, headers=headers)
        assert (answer.status, answer.code) == (403, "accounts.cross_site")
    assert at.accounts.tokens.of() == []
    if origin not in {ORIGIN, None}:
        body = {"username": "ann", "password": PASSWORD}
        assert Browser(at).post("/api/v1/login", body, origin=origin).code == "accounts.cross_site"


def test_a_script_with_a_token_needs_no_cookie_and_names_its_user_or_nobody(at, ann):
    text = token_of(ann)
    for headers in (bearer(text), basic("ann", text), basic("ANN", text), basic("", text)):
        answer = Browser(at).get("/api/v1/session", headers=headers)
        assert answer.status == 200
        assert (answer.json["how"], answer.json["csrf"]) == ("token", None)
    for headers in (
        basic("bob", text), basic("ann", PASSWORD), bearer(text[:-1]), bearer(""), bearer("é"),
        {"authorization": "Basic !"}, {"authorization": f"Digest {text}"},
    ):  # fmt: skip
        assert Browser(at).get("/api/v1/session", headers=headers).status == 401
        assert ann.get("/api/v1/session", headers=headers).status == 401, "whatever the cookies"


def test_a_token_never_counts_in_a_url(at, ann):
    text = token_of(ann)
    for query in (f"token={text}", f"access_token={text}", f"authorization=Bearer%20{text}"):
        assert Browser(at).get(f"/api/v1/session?{query}").status == 401


def test_a_token_does_what_it_is_for_and_makes_no_more_of_itself(at, ann):
    text = token_of(ann, actions=["token.own", "member.read"])
    script = Browser(at)
    assert script.get("/api/v1/members", headers=bearer(text)).status == 200
    assert script.get("/api/v1/access-review", headers=bearer(text)).status == 403
    for path in (TOKENS, "/api/v1/account/totp/begin", "/api/v1/account/password"):
        assert script.post(path, {"name": "x"}, headers=bearer(text)).code == "afield.not_allowed"
    one = token_of(ann, project="p")
    assert script.get("/api/v1/members", headers=bearer(one)).status == 403
    listed = ann.get(TOKENS).json["tokens"]
    assert text not in str(listed)
    for token in listed:
        assert ann.delete(f"{TOKENS}/{token['id']}").status == 204
    assert script.get("/api/v1/members", headers=bearer(text)).status == 401


def test_a_token_loses_what_its_member_loses(at, ann):
    bob, member = invited(at, ann, "bob", "auditor")
    text = token_of(bob)
    assert Browser(at).get("/api/v1/access-review", headers=bearer(text)).status == 200
    path = f"/api/v1/members/{member}/roles"
    assert ann.post(path, {"role": "viewer"}).status == 200
    assert ann.post(path, {"role": "auditor", "grant": False}).json["roles"] == {"*": ["viewer"]}
    assert Browser(at).get("/api/v1/access-review", headers=bearer(text)).status == 403


def test_a_login_begins_another_session_and_ends_the_one_before(at, ann):
    before = dict(ann.cookies)
    planted = Browser(at)
    planted.cookies = {"__Host-afield": "chosen.by-a-thief"}
    body = {"username": "ann", "password": PASSWORD}
    assert planted.post("/api/v1/login", body, headers={"x-afield-csrf": None}).status == 200
    assert planted.cookies["__Host-afield"] != "chosen.by-a-thief"
    assert ann.post("/api/v1/login", body).status == 200
    old = Browser(at)
    old.cookies = before
    assert old.get("/api/v1/session").status == 401
    assert ann.get("/api/v1/session").status == 200


def test_sessions_are_listed_and_ended_by_their_owner(at, ann):
    other = Browser(at, "198.51.100.9")
    other.post("/api/v1/login", {"username": "ann", "password": PASSWORD})
    listed = ann.get("/api/v1/sessions").json["sessions"]
    assert {one["address"] for one in listed} == {"192.0.2.7", "198.51.100.9"}
    (away,) = [one["id"] for one in listed if not one["this"]]
    bob, _ = invited(at, ann, "bob", "viewer")
    assert bob.delete(f"/api/v1/sessions/{away}").status == 404
    assert ann.delete(f"/api/v1/sessions/{away}").status == 204
    assert other.get("/api/v1/session").status == 401
    gone = dict(ann.cookies)
    assert ann.post("/api/v1/logout").status == 204
    ann.cookies = gone
    assert ann.get("/api/v1/session").status == 401


def test_another_password_ends_the_other_sessions(at, ann):
    other = Browser(at)
    other.post("/api/v1/login", {"username": "ann", "password": PASSWORD})
    new = "another horse battery"
    path = "/api/v1/account/password"
    assert ann.post(path, {"before": "wrong", "after": new}).code == "accounts.login_refused"
    assert ann.post(path, {"before": PASSWORD, "after": "short"}).status == 400
    assert ann.post(path, {"before": PASSWORD, "after": new}).status == 200
    assert ann.get("/api/v1/session").status == 200
    assert other.get("/api/v1/session").status == 401
    body = {"username": "ann", "password": PASSWORD}
    assert Browser(at).post("/api/v1/login", body).status == 401
    assert Browser(at).post("/api/v1/login", {**body, "password": new}).status == 200


def test_a_second_factor_is_asked_for_after_the_password(at, ann, clock):
    secret = ann.post("/api/v1/account/totp/begin").json["secret"]

    def code():
        clock.advance(totp.STEP_S)
        return totp.code_at(secret, clock.wall_ns() // 10**9 // totp.STEP_S)

    assert ann.post("/api/v1/account/totp", {"code": code()}).status == 200
    body = {"username": "ann", "password": PASSWORD}
    assert Browser(at).post("/api/v1/login", body).code == "accounts.code_needed"
    wrong = {"username": "ann", "password": "wrong horse battery", "code": code()}
    assert Browser(at).post("/api/v1/login", wrong).code == "accounts.login_refused"
    assert Browser(at).post("/api/v1/login", {**body, "code": code()}).status == 200
    assert ann.ask("DELETE", "/api/v1/account/totp", {"code": code()}).status == 204


def test_what_one_logs_in_with_changes_only_soon_after_a_login(at, ann, clock):
    clock.advance(16 * 60)
    paths = (TOKENS, "/api/v1/account/totp/begin", "/api/v1/account/passkeys/begin")
    for path in paths:
        assert ann.post(path, {"name": "x"}).code == "accounts.not_fresh"
    assert ann.get("/api/v1/sessions").status == 200
    assert ann.post("/api/v1/login", {"username": "ann", "password": PASSWORD}).status == 200
    assert ann.post(TOKENS, {"name": "x"}).status == 201


def test_who_tries_too_often_is_told_for_how_long_to_wait(at):
    claimed(at)
    thief = Browser(at)
    body = {"username": "ann", "password": "wrong horse battery"}
    answers = [thief.post("/api/v1/login", body) for _ in range(6)]
    assert [one.status for one in answers] == [401] * 5 + [429]
    assert int(answers[-1].header("retry-after")) > 0


def test_a_leaver_has_nothing_left_and_the_report_says_what_could_be_read(at, ann):
    bob, member = invited(at, ann, "bob", "viewer")
    text = token_of(bob)
    left = ann.post(f"/api/v1/members/{member}/leave").json
    assert left["schema"] == "afield.left/1"
    assert left["could_read"] == {"*": ["viewer"]}
    assert (left["sessions"], left["tokens"]) == (1, 1)
    assert bob.get("/api/v1/session").status == 401
    assert Browser(at).get("/api/v1/session", headers=bearer(text)).status == 401
    body = {"username": "bob", "password": PASSWORD}
    assert Browser(at).post("/api/v1/login", body).status == 401
    review = ann.get("/api/v1/access-review").json
    (part,) = [one for one in review["members"] if one["member"] == member]
    assert part["roles"] == {}
    (founder,) = [one for one in review["members"] if one["source"] == "founder"]
    assert ann.post(f"/api/v1/members/{founder['member']}/leave").status == 403


def test_who_left_before_coming_in_comes_in_no_more(at, ann):
    roles = [{"role": "viewer"}]
    invited_ = ann.post("/api/v1/members", {"username": "bob", "roles": roles}).json
    other = ann.post("/api/v1/members", {"username": "cat", "roles": roles}).json
    assert ann.post(f"/api/v1/members/{invited_['member']}/leave").status == 200
    body = {"code": invited_["code"], "password": PASSWORD}
    path = "/api/v1/invitations/accept"
    assert Browser(at).post(path, body).code == "accounts.code_refused"
    assert Browser(at).post(path, {**body, "code": other["code"]}).status == 200


def test_the_review_says_who_holds_what_and_no_secret(at, ann):
    bob, member = invited(at, ann, "bob", "developer", "p")
    text = token_of(bob, project="p", actions=["run.log"])
    found = ann.get("/api/v1/access-review").json
    assert found["schema"] == "afield.access/1"
    (part,) = [one for one in found["members"] if one["member"] == member]
    assert (part["name"], part["roles"], part["source"]) == ("bob", {"p": ["developer"]}, "granted")
    assert "run.log" in part["in_projects"]["p"]
    assert "run.log" not in part["everywhere"]
    assert [one["role"] for one in found["changes"]] == ["developer"]
    assert found["refused"] == []
    assert {one["username"] for one in found["accounts"]} == {"ann", "bob"}
    assert text.rpartition("_")[2] not in str(found)
    events = ann.get("/api/v1/account-events").json["events"]
    assert {"account.made", "member.invited", "token.made"} <= {one["what"] for one in events}


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b'{"username": 1, "password": ""}', b"\xff", b"[" * 5000,
     b'{"username": "a", "password": "b", "admin": true}', b"x" * (1 << 20)],
)  # fmt: skip
def test_a_body_that_is_not_what_is_asked_for_is_refused(at, body):
    answer = Browser(at).post("/api/v1/login", body)
    assert (answer.status, answer.header("content-type")) == (400, "application/problem+json")


def test_answers_are_kept_nowhere_and_the_page_runs_nothing_of_others(at, ann):
    for path in ("/api/v1/session", "/login", "/login.js", TOKENS):
        answer = ann.get(path)
        assert answer.header("cache-control") == "no-store"
        assert answer.header("x-content-type-options") == "nosniff"
    policy = ann.get("/login").header("content-security-policy")
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert b"<script>" not in ann.get("/login").body


def test_no_secret_gets_into_a_log(at, caplog):
    caplog.set_level(0)
    ann = claimed(at)
    text = token_of(ann)
    Browser(at).get("/api/v1/session", headers=bearer(text))
    Browser(at).post("/api/v1/login", {"username": "ann", "password": "typed wrong password"})
    for secret in (PASSWORD, text, ann.cookies["__Host-afield"], "typed wrong password"):
        assert secret not in caplog.text
