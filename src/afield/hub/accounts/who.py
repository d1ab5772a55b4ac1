"""Who asks: from a request's headers to a `Caller`, by a session's cookie or a token.

A token comes as `Bearer`, or as the password of `Basic` (what MLflow's client sends). A write
that comes with a cookie must come from a page of ours: by its Origin, and with the session's own
word in a header, which other sites can neither read nor send.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Collection, Mapping, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any, NamedTuple

from afield.hub.accounts.accounts import Accounts
from afield.hub.accounts.errors import CrossSite, FactorNeeded
from afield.hub.accounts.limits import BODY_BYTES_MAX, SESSION_AGE_S
from afield.hub.accounts.sessions import Session, csrf_right
from afield.kernel.ids import MemberId
from afield.members.caller import Caller
from afield.members.roles import Role

CSRF_HEADER = "x-afield-csrf"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
FORMS = frozenset({"/login", "/claim", "/invite", "/reset", "/login/provider"})
"""Forms by which somebody comes in: nobody yet, whatever session the browser still has."""
SETTING_UP = frozenset(
    {
        "/api/v1/session",
        "/api/v1/logout",
        "/api/v1/account",
        "/api/v1/account/totp/begin",
        "/api/v1/account/totp",
        "/api/v1/account/passkeys/begin",
        "/api/v1/account/passkeys",
    }
)
"""All that somebody may do who came with a password alone, where that does not do."""

_TOLD, _LOGIN = "/api/v1/", "/api/v1/login"
RolesOf = Callable[[MemberId], Mapping[str, frozenset[Role]]]
"""Tells which roles a member holds now."""


class Cookie(NamedTuple):
    """How the session's cookie is called and kept; `secure`: the hub is reached by TLS."""

    secure: bool

    @property
    def name(self) -> str:
        """The name; its prefix makes browsers insist on what it says."""
        return "__Host-afield" if self.secure else "afield-session"

    def set(self, value: str) -> str:
        """Return the header that sets it."""
        return f"{self.name}={value}; Max-Age={SESSION_AGE_S}; {self._flags}"

    def clear(self) -> str:
        """Return the header that takes it back."""
        return f"{self.name}=; Max-Age=0; {self._flags}"

    @property
    def _flags(self) -> str:
        return f"Path=/; HttpOnly; SameSite=Lax{'; Secure' if self.secure else ''}"


class Who:
    """Finds out who asks.

    Attributes:
        cookie: how the session's cookie is called.

    Args:
        accounts: of this hub.
        roles_of: tells which roles a member holds.
        origins: those of our own page, as in `https://hub.example.org`.
        secure: whether the hub is reached by TLS.
        second_factor: whether a password alone is not enough.
    """

    def __init__(
        self,
        accounts: Accounts,
        roles_of: RolesOf,
        *,
        origins: Collection[str],
        secure: bool = True,
        second_factor: bool = False,
    ) -> None:
        self.cookie = Cookie(secure)
        self._second_factor = second_factor
        self._accounts = accounts
        self._roles_of = roles_of
        self._origins = frozenset(origins)

    def identify(self, scope: MutableMapping[str, Any]) -> Caller | None:
        """Return who asks; None: nobody that is known. The session is left in the scope.

        Raises:
            CrossSite: a cookie came with a write that no page of ours sent.
            FactorNeeded: it is somebody who has to set up a second factor first.
        """
        headers = headers_of(scope)
        authorization = headers.get("authorization")
        if authorization is not None:  # a client that names a token means it, whatever its cookies
            return self._by_token(authorization)
        value = self.cookie_of(headers)
        if value is None or (scope["method"] == "POST" and scope["path"] in FORMS):
            return None
        session = self._accounts.sessions.find(value)
        if session is None:
            return None
        if scope["method"] not in SAFE:
            self.check_origin(headers)
            if not csrf_right(value, headers.get(CSRF_HEADER, "")):
                raise CrossSite("write refused", why=f"no right {CSRF_HEADER} header came with it")
        if self._is_too_little(session) and scope["path"] not in SETTING_UP:
            if not scope["path"].startswith(_TOLD) or scope["path"].startswith(_LOGIN):
                return None
            why, hint = "a password alone lets nobody in here", "afield member second-factor"
            raise FactorNeeded("set up a second factor first", why=why, hint=f"{hint} --hub URL")
        scope["afield.session"] = session
        return Caller(session.member, self._roles_of(session.member), how="session")

    def _is_too_little(self, session: Session) -> bool:
        """Tell whether somebody came with a password alone, where that is not enough.

        A passkey is more than that by itself, and a provider has rules of its own.
        """
        by_password = self._second_factor and session.how == "password"
        return by_password and not self._accounts.of(session.member).has_totp

    def cookie_of(self, headers: Mapping[str, str]) -> str | None:
        """Return the value of the session's cookie, if there is one."""
        try:
            morsel = SimpleCookie(headers.get("cookie", "")).get(self.cookie.name)
        except CookieError:
            return None
        return None if morsel is None else morsel.value

    def check_origin(self, headers: Mapping[str, str]) -> None:
        """Do nothing when a write comes from a page of ours, or from no page at all.

        Raises:
            CrossSite: it comes from another one.
        """
        origin = headers.get("origin")
        site = headers.get("sec-fetch-site")
        if (origin is not None and origin not in self._origins) or (
            origin is None and site not in {None, "same-origin", "none"}
        ):
            raise CrossSite("write refused", why="it comes from another site")

    def _by_token(self, authorization: str) -> Caller | None:
        scheme, _, rest = authorization.partition(" ")
        name, text = "", rest.strip()
        if scheme.lower() == "basic":
            try:
                name, _, text = base64.b64decode(text, validate=True).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError, ValueError):
                return None
        elif scheme.lower() != "bearer":
            return None
        token = self._accounts.tokens.find(text)
        if token is None:
            return None
        if name and name.casefold() != self._accounts.of(token.member).username:
            return None
        return Caller(
            token.member, self._roles_of(token.member), token.actions, "token", token.project
        )


def headers_of(scope: Mapping[str, Any]) -> dict[str, str]:
    """Return a request's headers by lower-case name; of several the last."""
    return {name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in scope["headers"]}  # fmt: skip


def session_in(scope: Mapping[str, Any]) -> Session | None:
    """Return the session that `identify` found, or None for other ways."""
    found = scope.get("afield.session")
    return found if isinstance(found, Session) else None


async def body_of(receive: Callable[[], Any]) -> bytes:
    """Return a request's body; empty for one over the bound, which no route of ours takes."""
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            break
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        more = message.get("more_body", False)
        if size > BODY_BYTES_MAX:
            return b""
    return b"".join(parts)
