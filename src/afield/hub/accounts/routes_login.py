"""The routes by which people come in: login, claim, invitation, reset, passkey, provider.

All of them are public, refuse what other sites send, and leave a session in a cookie. The same
ways as forms of a page are in `routes_pages`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from afield.hub.accounts.accounts import Accounts
from afield.hub.accounts.endpoint import PUBLIC, Endpoint, address_of, answer, said
from afield.hub.accounts.errors import AccountRefused, NoSuch
from afield.hub.accounts.limits import OIDC_VALID_S
from afield.hub.accounts.sessions import csrf_of
from afield.hub.accounts.ways import Ways
from afield.hub.accounts.who import Who, headers_of
from afield.kernel.ids import MemberId

if TYPE_CHECKING:
    from afield.hub.accounts.oidc import Oidc
    from afield.hub.accounts.passkeys import Passkeys
    from afield.workspace.hosted import Hosted


@dataclass(frozen=True, slots=True)
class Door:
    """What the routes of this room work with; `oidc` None: there is no provider."""

    hosted: Hosted
    accounts: Accounts
    who: Who
    passkeys: Passkeys
    ways: Ways
    oidc: Oidc | None = None


class LoginBody(msgspec.Struct, forbid_unknown_fields=True):
    """A name, a password, and the code where the account asks for one."""

    username: str
    password: str
    code: str | None = None


class ClaimBody(msgspec.Struct, forbid_unknown_fields=True):
    """The code that a new hub printed, and the first admin's name and password."""

    code: str
    username: str
    password: str


class AcceptBody(msgspec.Struct, forbid_unknown_fields=True):
    """The code of an invitation, and the password to set."""

    code: str
    password: str


class ResetBody(msgspec.Struct, forbid_unknown_fields=True):
    """An admin's code, the password to set, and a code of the second factor if it is kept."""

    code: str
    password: str
    factor: str | None = None


class PasskeyBody(msgspec.Struct, forbid_unknown_fields=True):
    """What the browser answers to a challenge."""

    ticket: str
    answer: dict[str, Any]


Entry = LoginBody | ClaimBody | AcceptBody | ResetBody
"""What somebody sends to come in with a password."""


class Logins:
    """The handlers."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._accounts = door.accounts

    def endpoints(self) -> list[Endpoint]:
        """Return the routes."""
        found = [
            Endpoint("POST", "/api/v1/login", PUBLIC, self.log_in, LoginBody),
            Endpoint("POST", "/api/v1/claim", PUBLIC, self.claim, ClaimBody),
            Endpoint("POST", "/api/v1/invitations/accept", PUBLIC, self.accept, AcceptBody),
            Endpoint("POST", "/api/v1/reset", PUBLIC, self.reset, ResetBody),
            Endpoint("POST", "/api/v1/login/passkey/begin", PUBLIC, self.begin_passkey),
            Endpoint(
                "POST", "/api/v1/login/passkey/finish", PUBLIC, self.finish_passkey, PasskeyBody
            ),
            Endpoint("GET", "/api/v1/login/ways", PUBLIC, self.ways),
        ]
        if self._door.oidc is not None:
            found.append(Endpoint("POST", "/api/v1/login/oidc", PUBLIC, self.begin_oidc))
        return found

    async def ways(self, _: Request) -> Response:
        """Say how one can come in; nothing of who can."""
        ways = ["password", "passkey"] + (["oidc"] if self._door.oidc else [])
        return answer({"schema": "afield.login-ways/1", "ways": ways})

    async def log_in(self, request: Request) -> Response:
        """Log in with a password."""
        self.own_site(request)
        return await self.enter(request, await said(request, LoginBody))

    async def claim(self, request: Request) -> Response:
        """Make the first admin: the hub's own member."""
        self.own_site(request)
        return await self.enter(request, await said(request, ClaimBody))

    async def accept(self, request: Request) -> Response:
        """Set the first password of an account that somebody was invited to."""
        self.own_site(request)
        return await self.enter(request, await said(request, AcceptBody))

    async def reset(self, request: Request) -> Response:
        """Set another password by an admin's code."""
        self.own_site(request)
        return await self.enter(request, await said(request, ResetBody))

    async def enter(self, request: Request, body: Entry, status: int = 200) -> Response:
        """Let somebody in by what they sent, and answer with a new session.

        Raises:
            AfieldError: it is not right, in the words for whoever sent it.
        """
        member = await run_in_threadpool(self._member, body, address_of(request))
        return self.begin(request, member, "password", status)

    def _member(self, body: Entry, address: str) -> MemberId:
        accounts = self._accounts
        match body:
            case LoginBody():
                return accounts.log_in(body.username, body.password, body.code, address=address)
            case ClaimBody():
                accounts.tickets.look("claim", body.code)  # before work that costs something
                accounts.check_new(body.username, body.password)  # a slip does not use up the code
                accounts.tickets.take("claim", body.code)
                if accounts.every():
                    raise AccountRefused("cannot claim", why="the hub has an admin already")
                member = self._door.hosted.config.member
                return accounts.make(member, body.username, body.password).member
            case AcceptBody():
                data = accounts.tickets.look("invite", body.code)
                accounts.check_new(data["username"], body.password)
                accounts.tickets.take("invite", body.code)
                member = MemberId(data["member"])
                return accounts.make(member, data["username"], body.password).member
            case ResetBody():
                return accounts.reset(body.code, body.password, body.factor, address=address)

    async def begin_passkey(self, request: Request) -> Response:
        """Give a challenge; it names no account."""
        self.own_site(request)
        return answer(self._door.passkeys.begin_login())

    async def finish_passkey(self, request: Request) -> Response:
        """Log in with a passkey."""
        self.own_site(request)
        body = await said(request, PasskeyBody)
        member = self._door.passkeys.finish_login(
            body.ticket, body.answer, address=address_of(request)
        )
        return self.begin(request, member, "passkey")

    async def begin_oidc(self, request: Request) -> Response:
        """Tell where the browser goes to; its way back is bound to it by a cookie."""
        self.own_site(request)
        url, state = await run_in_threadpool(self.to_provider)
        return answer({"url": url}, headers=self.state_cookie(state))

    def to_provider(self) -> tuple[str, str]:
        """Return where the browser goes to, and the state that its cookie keeps."""
        return self._oidc().begin()

    async def finish_oidc(self, request: Request) -> Response:
        """Take what the provider sent back, and go to the page."""
        query, state = request.query_params, request.cookies.get(self._state_name)
        member = await run_in_threadpool(
            self._oidc().finish,
            query.get("code", ""),
            query.get("state", ""),
            state,
            address=address_of(request),
        )
        found = self.begin(request, member, "oidc", status=303)
        found.headers["location"] = "/"
        found.headers.append("set-cookie", f"{self._state_name}=; Max-Age=0; {self._state_flags}")
        return found

    def state_cookie(self, state: str) -> dict[str, str]:
        """Return the header that binds a flow to this browser."""
        value = f"{self._state_name}={state}; Max-Age={OIDC_VALID_S}; {self._state_flags}"
        return {"set-cookie": value}

    def begin(
        self, request: Request, member: MemberId, how: str, status: int = 200, **more: object
    ) -> Response:
        """Begin a new session, end the one that the browser had, and say so, with `more`."""
        headers = headers_of(request.scope)
        before = self._door.who.cookie_of(headers)
        old = self._accounts.sessions.find(before) if before else None
        if old is not None:
            self._accounts.sessions.end(old.member, old.id)
        value = self._accounts.sessions.begin(
            member, how=how, agent=headers.get("user-agent", ""), address=address_of(request)
        )
        document = {"schema": "afield.session/1", "member": member, "csrf": csrf_of(value), **more}
        return answer(document, status, {"set-cookie": self._door.who.cookie.set(value)})

    def own_site(self, request: Request) -> None:
        """Refuse what a page of another site sends, with `CrossSite`."""
        self._door.who.check_origin(headers_of(request.scope))

    def _oidc(self) -> Oidc:
        if self._door.oidc is None:
            raise NoSuch("no identity provider")
        return self._door.oidc

    @property
    def _state_name(self) -> str:
        return "__Host-afield-oidc" if self._door.who.cookie.secure else "afield-oidc"

    @property
    def _state_flags(self) -> str:
        secure = "; Secure" if self._door.who.cookie.secure else ""
        return f"Path=/; HttpOnly; SameSite=Lax{secure}"
