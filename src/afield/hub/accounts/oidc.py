"""Login by an identity provider: OpenID Connect's code flow with state, nonce and PKCE.

An identity belongs to an account once somebody logged in has added it; a mail address that a
provider claims is never enough. What a provider answers is checked as OpenID Connect Core 1.0,
section 3.1.3.7, asks for.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn
from urllib.parse import urlencode, urlsplit

from afield.hub.accounts.accounts import Accounts
from afield.hub.accounts.errors import LoginRefused, ProviderFault
from afield.hub.accounts.limits import OIDC_ANSWER_BYTES_MAX, OIDC_TIMEOUT_S, OIDC_VALID_S
from afield.hub.accounts.secret import kept, new_secret
from afield.hub.accounts.tickets import now_ms
from afield.kernel.ids import MemberId

_ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
_LEEWAY_S = 60
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

Fetch = Callable[[str, Mapping[str, str] | None], Any]
"""Gets a URL, or posts a form to it; returns the JSON of the answer."""


@dataclass(frozen=True, slots=True, repr=False)
class Provider:
    """Whom to ask: `back` is our own address, to which the browser returns."""

    issuer: str
    client_id: str
    client_secret: str
    back: str


class Oidc:
    """Sends browsers to the provider and takes what comes back."""

    def __init__(self, accounts: Accounts, provider: Provider, fetch: Fetch | None = None) -> None:
        self._accounts = accounts
        self._provider = provider
        self._fetch = fetch or fetch_json
        self._known: dict[str, Any] | None = None

    def begin(self, *, add_to: MemberId | None = None) -> tuple[str, str]:
        """Return where to send the browser, and the state, which goes into a cookie of it.

        Args:
            add_to: somebody logged in, to whose account the identity is added.
        """
        nonce, verifier = new_secret(), new_secret()
        data = {"nonce": nonce, "verifier": verifier, "add_to": add_to}
        state = self._accounts.tickets.give("oidc", data, OIDC_VALID_S)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
        query = {
            "response_type": "code",
            "client_id": self._provider.client_id,
            "redirect_uri": self._provider.back,
            "scope": "openid",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge.rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        return f"{self._place('authorization_endpoint')}?{urlencode(query)}", state

    def finish(self, code: str, state: str, cookie: str | None, *, address: str) -> MemberId:
        """Return whose identity came back.

        Args:
            code: what the provider sent along.
            state: likewise.
            cookie: the state that this browser was given.
            address: from where.

        Raises:
            LoginRefused: it is nobody's, or another browser's flow.
            TicketRefused: the state is unknown, used or old.
            ProviderFault: the provider's answer does not hold.
        """
        if cookie is None or not hmac.compare_digest(kept(cookie), kept(state)):
            self._refuse("it was begun in another browser", address)
        data = self._accounts.tickets.take("oidc", state)
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._provider.back,
            "client_id": self._provider.client_id,
            "client_secret": self._provider.client_secret,
            "code_verifier": data["verifier"],
        }
        answer = self._fetch(self._place("token_endpoint"), form)
        subject = self._subject(answer, data["nonce"])
        if data["add_to"] is not None:
            return self._add(MemberId(data["add_to"]), subject)
        sql = (
            "SELECT i.member FROM identity i JOIN account a ON a.member = i.member"
            " WHERE i.issuer = ? AND i.subject = ? AND a.ended_ms IS NULL"
        )
        rows = self._accounts.database.query(sql, (self._provider.issuer, subject))
        if not rows:
            self._refuse("no account has this identity", address)
        self._accounts.trail.note("login", rows[0][0], address=address, detail="oidc")
        return MemberId(rows[0][0])

    def _add(self, member: MemberId, subject: str) -> MemberId:
        sql = (
            "INSERT INTO identity (issuer, subject, member) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
        )
        if not self._accounts.database.write(sql, (self._provider.issuer, subject, member)):
            raise LoginRefused("cannot add identity", why="an account has it already")
        self._accounts.trail.note("identity.added", member)
        return member

    def _subject(self, answer: Any, nonce: str) -> str:
        """Return whom the provider's answer is about, once all of it was checked."""
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        text = answer.get("id_token") if isinstance(answer, dict) else None
        if not isinstance(text, str):
            _fault("it gave no id_token")
        try:
            keys = KeySet.import_key_set(self._fetch(self._place("jwks_uri"), None))
            claims = jwt.decode(text, keys, algorithms=_ALGORITHMS).claims
        except (JoseError, ValueError, KeyError, TypeError):
            _fault("its id_token does not verify")
        now_s = now_ms(self._accounts.clock) / 1000
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        ours = self._provider.client_id
        good = {
            "issuer": claims.get("iss") == self._provider.issuer,
            "audience": ours in audiences,
            "azp": claims.get("azp", ours) == ours and (len(audiences) == 1 or "azp" in claims),
            "nonce": hmac.compare_digest(kept(str(claims.get("nonce"))), kept(nonce)),
            "exp": _number(claims.get("exp"), -1) > now_s - _LEEWAY_S,
            "iat": _number(claims.get("iat"), 1 << 60) < now_s + _LEEWAY_S,
            "sub": isinstance(claims.get("sub"), str) and bool(claims.get("sub")),
        }
        for name, holds in good.items():
            if not holds:
                _fault(f"the {name} of its id_token is wrong")
        return str(claims["sub"])

    def _place(self, name: str) -> str:
        """Return one of the provider's addresses, as its own document tells them."""
        if self._known is None:
            issuer = self._provider.issuer.rstrip("/")
            found = self._fetch(f"{issuer}/.well-known/openid-configuration", None)
            if not isinstance(found, dict) or found.get("issuer") != self._provider.issuer:
                _fault("its document is of another issuer")
            self._known = found
        place = self._known.get(name)
        if not isinstance(place, str) or not is_safe(place):
            _fault(f"its {name} is no https address")
        return place

    def _refuse(self, why: str, address: str) -> NoReturn:
        self._accounts.trail.note("login.refused", address=address, detail="oidc")
        raise LoginRefused("cannot log in", why=why)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A provider that sends us elsewhere is not followed."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follow nothing."""


def fetch_json(url: str, form: Mapping[str, str] | None) -> Any:
    """Get a URL, or post a form to it; return the JSON of the answer.

    Raises:
        ProviderFault: no https address, not reached, or no JSON.
    """
    if not is_safe(url):
        _fault("it has no https address")
    data = None if form is None else urlencode(form).encode()
    request = urllib.request.Request(url, data, {"Accept": "application/json"})  # noqa: S310 - https
    opener = urllib.request.build_opener(_NoRedirects)
    try:
        with opener.open(request, timeout=OIDC_TIMEOUT_S) as answer:
            body = answer.read(OIDC_ANSWER_BYTES_MAX + 1)
        if len(body) > OIDC_ANSWER_BYTES_MAX:
            _fault("its answer is too large")
        return json.loads(body)
    except (OSError, ValueError, urllib.error.URLError):  # the body may hold secrets: not told
        _fault("it was not reached, or its answer is no JSON")


def is_safe(url: str) -> bool:
    """Tell whether a URL is https, or plain http on this machine."""
    found = urlsplit(url)
    return found.scheme == "https" or (found.scheme == "http" and found.hostname in _LOOPBACK)


def _number(value: object, otherwise: float) -> float:
    return float(value) if isinstance(value, int | float) else otherwise


def _fault(why: str) -> NoReturn:
    raise ProviderFault("the identity provider's answer does not hold", why=why)
