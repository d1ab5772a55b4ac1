"""Passkeys, by an authenticator made of software, and login by an identity provider of ours."""

from __future__ import annotations

import hashlib
import json
import threading
from base64 import urlsafe_b64decode, urlsafe_b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from account_client import HOST, ORIGIN, Browser, claimed, hub, invited
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.webauthn import (
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)
from joserfc import jwt
from joserfc.jwk import RSAKey

from afield.hub.accounts.oidc import Oidc, Provider, is_safe
from afield.testing.clock import ManualClock

BACK = f"{ORIGIN}/api/v1/login/oidc/back"
FLAG = AuthenticatorData.FLAG
KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"}, private=True)
OTHER = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"}, private=True)


def b64(data):
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def raw(text):
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Authenticator:
    """A device that holds one key."""

    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = hashlib.sha256(b"key").digest()
        self.counter = 1

    def data(self, flags, credential=b"", host=HOST):
        digest = hashlib.sha256(host.encode()).digest()
        self.counter += 1
        return AuthenticatorData.create(digest, flags, self.counter, credential)

    def make(self, options, origin=ORIGIN, host=HOST, flags=FLAG.UP | FLAG.UV):
        client = CollectedClientData.create("webauthn.create", options["challenge"], origin)
        public = ES256.from_cryptography_key(self.key.public_key())
        credential = AttestedCredentialData.create(b"\0" * 16, self.id, public)
        data = self.data(flags | FLAG.AT, credential, host)
        return self._answer({
            "clientDataJSON": b64(client),
            "attestationObject": b64(AttestationObject.create("none", data, {})),
        })  # fmt: skip

    def sign(self, options, origin=ORIGIN, host=HOST, flags=FLAG.UP | FLAG.UV):
        client = CollectedClientData.create("webauthn.get", options["challenge"], origin)
        data = self.data(flags, host=host)
        signature = self.key.sign(data + client.hash, ec.ECDSA(SHA256()))
        return self._answer({
            "clientDataJSON": b64(client), "authenticatorData": b64(data),
            "signature": b64(signature), "userHandle": None,
        })  # fmt: skip

    def _answer(self, response):
        return {
            "id": b64(self.id), "rawId": b64(self.id), "type": "public-key", "response": response,
            "clientExtensionResults": {},
        }  # fmt: skip


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def at(tmp_path, clock):
    with hub(tmp_path, clock) as made:
        yield made


def adds(browser, key, **how):
    begun = browser.post("/api/v1/account/passkeys/begin").json
    answer = key.make(begun["options"]["publicKey"], **how)
    body = {"ticket": begun["ticket"], "answer": answer, "name": "phone"}
    return browser.post("/api/v1/account/passkeys", body)


def logs_in(browser, key, begun=None, **how):
    begun = begun or browser.post("/api/v1/login/passkey/begin").json
    answer = key.sign(begun["options"]["publicKey"], **how)
    body = {"ticket": begun["ticket"], "answer": answer}
    return browser.post("/api/v1/login/passkey/finish", body)


def test_a_passkey_is_added_and_logs_in_by_itself(at):
    ann, key = claimed(at), Authenticator()
    assert adds(ann, key).status == 201
    browser = Browser(at)
    assert logs_in(browser, key).status == 200
    assert browser.get("/api/v1/session").json["username"] == "ann"
    (one,) = ann.get("/api/v1/account/passkeys").json["passkeys"]
    assert one["name"] == "phone"
    bob, _ = invited(at, ann, "bob", "viewer")
    assert bob.delete(f"/api/v1/account/passkeys/{one['id']}").status == 404
    assert ann.delete(f"/api/v1/account/passkeys/{one['id']}").status == 204
    assert logs_in(Browser(at), key).code == "accounts.login_refused"


@pytest.mark.parametrize(
    "how",
    [
        {"origin": "https://evil.example"},
        {"origin": ORIGIN + ".evil.example"},
        {"host": "evil.example"},
        {"flags": FLAG.UP},
        {"flags": FLAG.UV},
    ],
)
def test_a_key_that_signs_for_another_site_or_for_nobody_present_is_refused(at, how):
    ann, key = claimed(at), Authenticator()
    assert adds(ann, key, **how).code == "accounts.login_refused"
    assert adds(ann, key).status == 201
    assert logs_in(Browser(at), key, **how).code == "accounts.login_refused"


def test_a_challenge_is_answered_once_in_time_and_by_the_right_key(at, clock):
    ann, key = claimed(at), Authenticator()
    adds(ann, key)
    begun = Browser(at).post("/api/v1/login/passkey/begin").json
    assert "allowCredentials" not in begun["options"]["publicKey"], "it tells of no account"
    assert logs_in(Browser(at), key, begun).status == 200
    assert logs_in(Browser(at), key, begun).code == "accounts.code_refused"
    begun = Browser(at).post("/api/v1/login/passkey/begin").json
    clock.advance(301)
    assert logs_in(Browser(at), key, begun).code == "accounts.code_refused"
    thief = Authenticator()
    thief.counter = 99
    assert logs_in(Browser(at), thief).code == "accounts.login_refused"


def test_a_key_whose_counter_goes_back_was_copied_and_is_refused(at):
    ann, key = claimed(at), Authenticator()
    adds(ann, key)
    assert logs_in(Browser(at), key).status == 200
    key.counter -= 1
    assert logs_in(Browser(at), key).code == "accounts.login_refused"
    events = ann.get("/api/v1/account-events").json["events"]
    assert "passkey.copied" in {one["what"] for one in events}


def test_a_challenge_for_one_member_adds_no_key_to_another(at):
    ann = claimed(at)
    bob, _ = invited(at, ann, "bob", "viewer")
    key = Authenticator()
    begun = ann.post("/api/v1/account/passkeys/begin").json
    body = {"ticket": begun["ticket"], "answer": key.make(begun["options"]["publicKey"])}
    assert bob.post("/api/v1/account/passkeys", body).code == "accounts.login_refused"


@pytest.mark.parametrize("answer", [{}, {"rawId": 1}, {"id": "x", "rawId": "é", "response": []}])
def test_an_answer_that_is_none_is_refused(at, answer):
    begun = Browser(at).post("/api/v1/login/passkey/begin").json
    body = {"ticket": begun["ticket"], "answer": answer}
    assert Browser(at).post("/api/v1/login/passkey/finish", body).status == 401


class Stub:
    """An identity provider on loopback; `change` alters the claims of its next id_token."""

    def __init__(self):
        self.claims = {}
        self.key = KEY
        self.asked = {}
        self.document = {}
        self.moved = None
        self.paths = []
        self.header = {"alg": "RS256", "kid": "one"}
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                stub.paths.append(self.path)
                if stub.moved is not None:
                    self.send_response(302)
                    self.send_header("location", stub.moved + self.path)
                    self.send_header("content-length", "0")
                    self.end_headers()
                    return
                keys = {"keys": [KEY.as_dict(private=False)]}
                self.says(stub.told() if "openid" in self.path else keys)

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                form = {name: values[0] for name, values in parse_qs(body).items()}
                self.says(stub.token(form))

            def says(self, document):
                data = json.dumps(document).encode()
                self.send_response(200)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def told(self):
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            **self.document,
        }

    def visit(self, url):
        """Return the address that the browser is sent back to, as somebody who agrees."""
        assert url.startswith(f"{self.issuer}/authorize?")
        self.asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        return f"/api/v1/login/oidc/back?code=good&state={self.asked['state']}"

    def token(self, form):
        challenge = b64(hashlib.sha256(form["code_verifier"].encode()).digest())
        if challenge != self.asked["code_challenge"] or form["redirect_uri"] != BACK:
            return {"error": "invalid_grant"}
        now = ManualClock().wall_ns() // 10**9
        claims = {
            "iss": self.issuer, "aud": "afield", "sub": "ann-at-work", "iat": now,
            "exp": now + 60, "nonce": self.asked["nonce"], **self.claims,
        }  # fmt: skip
        return {"id_token": jwt.encode(self.header, claims, self.key)}

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def stub():
    made = Stub()
    yield made
    made.close()


@pytest.fixture
def with_provider(tmp_path, clock, stub):
    provider = Provider(stub.issuer, "afield", "the client's secret", BACK)
    with hub(tmp_path, clock, lambda accounts: Oidc(accounts, provider)) as made:
        yield made


def goes(browser, stub, path="/api/v1/login/oidc"):
    """Go to the provider and come back."""
    return browser.get(stub.visit(browser.post(path).json["url"]))


def test_an_identity_that_was_added_logs_in_and_no_other(with_provider, stub):
    ann = claimed(with_provider)
    assert goes(Browser(with_provider), stub).code == "accounts.login_refused"
    assert goes(ann, stub, "/api/v1/account/identity").status == 303
    browser = Browser(with_provider)
    answer = goes(browser, stub)
    assert (answer.status, answer.header("location")) == (303, "/")
    assert browser.get("/api/v1/session").json["username"] == "ann"
    assert "__Host-afield-oidc" not in browser.cookies
    stub.claims = {"sub": "somebody", "email": "ann@example.org", "email_verified": True}
    assert goes(Browser(with_provider), stub).code == "accounts.login_refused"
    assert ann.get("/api/v1/session").status == 200
    bob, _ = invited(with_provider, ann, "bob", "viewer")
    stub.claims = {}
    assert goes(bob, stub, "/api/v1/account/identity").code == "accounts.login_refused"


def test_a_flow_belongs_to_one_browser_and_is_used_once(with_provider, stub):
    ann = claimed(with_provider)
    goes(ann, stub, "/api/v1/account/identity")
    thief, victim = Browser(with_provider), Browser(with_provider)
    back = stub.visit(thief.post("/api/v1/login/oidc").json["url"])
    assert victim.get(back).code == "accounts.login_refused"
    thief.cookies["__Host-afield-oidc"] = "x"
    assert thief.get(back).code == "accounts.login_refused"
    browser = Browser(with_provider)
    back = stub.visit(browser.post("/api/v1/login/oidc").json["url"])
    kept = dict(browser.cookies)
    assert browser.get(back).status == 303
    browser.cookies = kept
    assert browser.get(back).code == "accounts.code_refused"
    assert stub.asked["code_challenge_method"] == "S256"
    assert "the client's secret" not in str(stub.asked)


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"}, {"aud": "another"}, {"aud": ["afield", "another"]},
        {"azp": "another"}, {"nonce": "another"}, {"exp": 1}, {"iat": 1 << 40}, {"sub": ""},
        {"sub": 1}, {"exp": "soon"},
    ],
)  # fmt: skip
def test_an_id_token_that_is_not_for_this_login_is_refused(with_provider, stub, claims):
    ann = claimed(with_provider)
    goes(ann, stub, "/api/v1/account/identity")
    stub.claims = claims
    assert goes(Browser(with_provider), stub).code == "accounts.provider_fault"


def test_an_id_token_that_another_key_or_none_has_signed_is_refused(with_provider, stub):
    ann = claimed(with_provider)
    goes(ann, stub, "/api/v1/account/identity")
    stub.key = OTHER
    assert goes(Browser(with_provider), stub).code == "accounts.provider_fault"
    stub.key = KEY
    head, body = (b64(json.dumps(part).encode()) for part in ({"alg": "none"}, {"sub": "x"}))
    stub.token = lambda _: {"id_token": f"{head}.{body}."}
    assert goes(Browser(with_provider), stub).code == "accounts.provider_fault"
    stub.token = lambda _: ["no object"]
    assert goes(Browser(with_provider), stub).code == "accounts.provider_fault"


@pytest.mark.parametrize(
    "document",
    [{"issuer": "https://evil.example"}, {"token_endpoint": "http://evil.example/token"},
     {"jwks_uri": "file:///etc/passwd"}, {"authorization_endpoint": None}],
)  # fmt: skip
def test_a_provider_that_sends_us_elsewhere_is_refused(with_provider, stub, document):
    claimed(with_provider)
    stub.document = document
    browser = Browser(with_provider)
    answer = browser.post("/api/v1/login/oidc")
    if answer.status == 200:
        answer = browser.get(stub.visit(answer.json["url"]))
    assert answer.code == "accounts.provider_fault"


def test_a_provider_is_not_followed_to_another_place(with_provider, stub):
    claimed(with_provider)
    elsewhere = Stub()
    stub.moved = elsewhere.issuer
    assert Browser(with_provider).post("/api/v1/login/oidc").code == "accounts.provider_fault"
    assert stub.paths
    assert elsewhere.paths == []
    elsewhere.close()


def test_only_https_and_this_machine_are_asked():
    for url in ("https://id.example.org/x", "http://127.0.0.1:1/x", "http://localhost/x"):
        assert is_safe(url)
    for url in ("http://id.example.org", "file:///etc/passwd", "ftp://x", "", "//x", "data:,x"):
        assert not is_safe(url)
