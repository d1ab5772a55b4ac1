"""The routes of somebody who is logged in, about the own account: sessions, tokens, factors.

A token may see what it is; it makes no tokens and changes no account: only a person at the page
does, so that a token that leaked cannot be made into more.
"""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from afield.hub.accounts import totp
from afield.hub.accounts.accounts import Accounts
from afield.hub.accounts.endpoint import PUBLIC, Endpoint, address_of, answer, caller_of, said
from afield.hub.accounts.errors import AccountRefused, NoSuch, NotFresh
from afield.hub.accounts.limits import FRESH_S, TOKEN_DAYS
from afield.hub.accounts.routes_login import Door, Logins
from afield.hub.accounts.sessions import Session, csrf_of
from afield.hub.accounts.tickets import now_ms
from afield.hub.accounts.tokens import Token
from afield.hub.accounts.trail import Event
from afield.hub.accounts.who import headers_of, session_in
from afield.kernel.errors import NotAllowed
from afield.members.actions import Action
from afield.members.caller import Caller

_EVENTS_SHOWN = 200


class TokenBody(msgspec.Struct, forbid_unknown_fields=True):
    """What a new token is for; without `actions` and `project`: all that its member may do."""

    name: str
    actions: list[Action] | None = None
    project: str | None = None
    days: int = TOKEN_DAYS


class PasswordBody(msgspec.Struct, forbid_unknown_fields=True):
    """The password of now, and the next."""

    before: str
    after: str


class CodeBody(msgspec.Struct, forbid_unknown_fields=True):
    """A code of the second factor."""

    code: str


class PasskeyAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """What the browser answers to a challenge for a new key."""

    ticket: str
    answer: dict[str, Any]
    name: str = "passkey"


class OwnAccount:
    """The handlers."""

    def __init__(self, door: Door, logins: Logins) -> None:
        self._door = door
        self._logins = logins
        self._accounts = door.accounts

    def endpoints(self) -> list[Endpoint]:
        """Return the routes."""
        own, base = Action.TOKEN_OWN, "/api/v1"
        found = [
            Endpoint("GET", f"{base}/session", own, self.session),
            Endpoint("POST", f"{base}/logout", PUBLIC, self.log_out),  # also without any role
            Endpoint("GET", f"{base}/sessions", own, self.sessions),
            Endpoint("DELETE", f"{base}/sessions", own, self.end_others),
            Endpoint("DELETE", f"{base}/sessions/{{id}}", own, self.end_session),
            Endpoint("GET", f"{base}/tokens", own, self.tokens),
            Endpoint("POST", f"{base}/tokens", own, self.make_token, TokenBody),
            Endpoint("DELETE", f"{base}/tokens/{{id}}", own, self.revoke_token),
            Endpoint("GET", f"{base}/account", own, self.account),
            Endpoint("GET", f"{base}/account/events", own, self.events),
            Endpoint("POST", f"{base}/account/password", own, self.change_password, PasswordBody),
            Endpoint("POST", f"{base}/account/totp/begin", own, self.begin_totp),
            Endpoint("POST", f"{base}/account/totp", own, self.confirm_totp, CodeBody),
            Endpoint("DELETE", f"{base}/account/totp", own, self.drop_totp, CodeBody),
            Endpoint("POST", f"{base}/account/recovery-codes", own, self.new_recovery, CodeBody),
            Endpoint("GET", f"{base}/account/passkeys", own, self.passkeys),
            Endpoint("POST", f"{base}/account/passkeys/begin", own, self.begin_passkey),
            Endpoint("POST", f"{base}/account/passkeys", own, self.add_passkey, PasskeyAnswer),
            Endpoint("DELETE", f"{base}/account/passkeys/{{id}}", own, self.drop_passkey),
        ]
        if self._door.oidc is not None:
            found.append(Endpoint("POST", f"{base}/account/identity", own, self.add_identity))
        return found

    async def session(self, request: Request) -> Response:
        """Say who asks, by what, and what a page sends along with writes."""
        caller = caller_of(request)
        value = self._door.who.cookie_of(headers_of(request.scope))
        by_session = caller.how == "session" and value is not None
        return answer(
            {
                "schema": "afield.session/1",
                "member": caller.member,
                "username": self._accounts.of(caller.member).username,
                "how": caller.how,
                "roles": {project: sorted(roles) for project, roles in caller.roles.items()},
                "csrf": csrf_of(value) if by_session and value else None,
            }
        )

    async def log_out(self, request: Request) -> Response:
        """End this session."""
        session = person_of(request)
        self._accounts.sessions.end(session.member, session.id)
        return answer(None, 204, {"set-cookie": self._door.who.cookie.clear()})

    async def account(self, request: Request) -> Response:
        """Say how one logs in: what factors there are, no secret of them."""
        member = person_of(request).member
        found = self._accounts.of(member)
        document = {
            "schema": "afield.account/1",
            "member": member,
            "username": found.username,
            "password": found.has_password,
            "second_factor": found.has_totp,
            "recovery_codes": self._accounts.factor.recovery_left(member),
            "passkeys": len(self._door.passkeys.of(member)),
        }
        return answer(document)

    async def events(self, request: Request) -> Response:
        """List what happened to the own account, the latest first."""
        found = self._accounts.trail.last(_EVENTS_SHOWN, member=person_of(request).member)
        return answer({"schema": "afield.account-events/1", "events": event_parts(found)})

    async def sessions(self, request: Request) -> Response:
        """List the own sessions."""
        here = person_of(request)
        found = self._accounts.sessions.of(here.member)
        parts = [
            {
                "id": one.id,
                "made_ms": one.made_ms,
                "used_ms": one.used_ms,
                "agent": one.agent,
                "address": one.address,
                "how": one.how,
                "this": one.id == here.id,
            }
            for one in found
        ]
        return answer({"schema": "afield.sessions/1", "sessions": parts})

    async def end_session(self, request: Request) -> Response:
        """End one of the own sessions."""
        self._accounts.sessions.end(person_of(request).member, request.path_params["id"])
        return answer(None, 204)

    async def end_others(self, request: Request) -> Response:
        """End all own sessions but this one."""
        here = person_of(request)
        return answer({"ended": self._accounts.sessions.end_all(here.member, but=here.id)})

    async def tokens(self, request: Request) -> Response:
        """List the own tokens; none of them can be read again."""
        found = self._accounts.tokens.of(caller_of(request).member)
        return answer({"schema": "afield.tokens/1", "tokens": [token_part(one) for one in found]})

    async def make_token(self, request: Request) -> Response:
        """Make a token: the one answer that holds it."""
        session = self._fresh(request)
        body = await said(request, TokenBody)
        text, token = self._accounts.tokens.make(
            session.member, body.name, actions=body.actions, project=body.project, days=body.days
        )
        self._accounts.trail.note("token.made", session.member, detail=token.id)
        document = {"schema": "afield.token/1", "token": text, **token_part(token)}
        return answer(document, 201)

    async def revoke_token(self, request: Request) -> Response:
        """Revoke one of the own tokens; a token may revoke itself."""
        caller, id_ = caller_of(request), request.path_params["id"]
        self._accounts.tokens.revoke(caller.member, id_)
        self._accounts.trail.note("token.revoked", caller.member, detail=id_)
        return answer(None, 204)

    async def change_password(self, request: Request) -> Response:
        """Set another password: all other sessions end, and this one goes on under a new cookie."""
        session = person_of(request)
        body = await said(request, PasswordBody)
        await run_in_threadpool(
            self._accounts.change_password,
            session.member,
            body.before,
            body.after,
            session=session.id,
            address=address_of(request),
        )
        return self._logins.begin(request, session.member, session.how)

    async def begin_totp(self, request: Request) -> Response:
        """Give a secret for an authenticator app."""
        session = self._fresh(request)
        account = self._accounts.of(session.member)
        if account.has_totp:
            raise AccountRefused("cannot add second factor", why="the account has one")
        secret = self._accounts.factor.begin(session.member)
        document = {"secret": secret, "uri": totp.uri(secret, account.username, "Afield")}
        return answer(document)

    async def confirm_totp(self, request: Request) -> Response:
        """Ask for codes from now on; other sessions end. The one answer with recovery codes."""
        session = self._fresh(request)
        body = await said(request, CodeBody)
        codes = self._accounts.factor.confirm(
            session.member, body.code, address=address_of(request)
        )
        self._accounts.sessions.end_all(session.member, but=session.id)
        return self._logins.begin(request, session.member, session.how, recovery_codes=codes)

    async def drop_totp(self, request: Request) -> Response:
        """Ask for no codes any more; other sessions end."""
        session = await self._with_code(request)
        self._accounts.factor.drop(session.member)
        self._accounts.sessions.end_all(session.member, but=session.id)
        return answer(None, 204)

    async def new_recovery(self, request: Request) -> Response:
        """Give new recovery codes; those before are void."""
        session = await self._with_code(request)
        codes = self._accounts.factor.new_recovery(session.member)
        self._accounts.trail.note("recovery.made", session.member, address=address_of(request))
        return answer({"schema": "afield.recovery-codes/1", "recovery_codes": codes}, 201)

    async def passkeys(self, request: Request) -> Response:
        """List the own passkeys."""
        found = self._door.passkeys.of(person_of(request).member)
        parts = [
            {"id": one.id, "name": one.name, "made_ms": one.made_ms, "used_ms": one.used_ms}
            for one in found
        ]
        return answer({"schema": "afield.passkeys/1", "passkeys": parts})

    async def begin_passkey(self, request: Request) -> Response:
        """Give a challenge for a new key."""
        return answer(self._door.passkeys.begin_add(self._fresh(request).member))

    async def add_passkey(self, request: Request) -> Response:
        """Keep a new key."""
        session = self._fresh(request)
        body = await said(request, PasskeyAnswer)
        found = self._door.passkeys.finish_add(session.member, body.ticket, body.answer, body.name)
        return answer({"id": found.id, "name": found.name}, 201)

    async def drop_passkey(self, request: Request) -> Response:
        """Forget one of the own keys."""
        self._door.passkeys.drop(self._fresh(request).member, request.path_params["id"])
        return answer(None, 204)

    async def add_identity(self, request: Request) -> Response:
        """Tell where the browser goes to, to add an identity to the own account."""
        if self._door.oidc is None:
            raise NoSuch("no identity provider")
        member = self._fresh(request).member
        url, state = await run_in_threadpool(lambda: self._door.oidc.begin(add_to=member))  # type: ignore[union-attr]
        return answer({"url": url}, headers=self._logins.state_cookie(state))

    async def _with_code(self, request: Request) -> Session:
        """Return the session of a person who has just logged in, and sent a code, used up now."""
        session = self._fresh(request)
        body = await said(request, CodeBody)
        self._accounts.factor.check(session.member, body.code, address=address_of(request))
        return session

    def _fresh(self, request: Request) -> Session:
        return fresh_person(request, self._accounts)


def fresh_person(request: Request, accounts: Accounts) -> Session:
    """Return the session of a person who has just logged in.

    Raises:
        NotAllowed: a token asks.
        NotFresh: that was a while ago; whoever sits there by now has to show who it is.
    """
    session = person_of(request)
    if now_ms(accounts.clock) - session.made_ms > FRESH_S * 1000:
        raise NotFresh("log in again", why="this changes what people log in with")
    return session


def event_parts(events: list[Event]) -> list[dict[str, Any]]:
    """Return what is told of what happened."""
    return [
        {
            "at_ms": one.at_ms,
            "what": one.what,
            "member": one.member,
            "address": one.address,
            "detail": one.detail,
        }
        for one in events
    ]


def token_part(token: Token) -> dict[str, Any]:
    """Return what is told of a token."""
    return {
        "id": token.id,
        "member": token.member,
        "name": token.name,
        "actions": None if token.actions is None else sorted(token.actions),
        "project": token.project,
        "made_ms": token.made_ms,
        "expires_ms": token.expires_ms,
        "used_ms": token.used_ms,
    }


def person_of(request: Request) -> Session:
    """Return the session of a person at the page.

    Raises:
        NotAllowed: a token asks.
    """
    caller: Caller = caller_of(request)
    session = session_in(request.scope)
    if session is None or session.member != caller.member:
        raise NotAllowed("not with a token", why="only a person who is logged in may do this")
    return session
