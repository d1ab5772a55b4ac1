"""Passkeys (WebAuthn level 2): added by somebody logged in, then a login by themselves.

User verification is asked for, so a passkey is both factors. The protocol is `fido2`'s; here
are the one-time challenges, and which key is whose.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from afield.hub.accounts.accounts import Accounts
from afield.hub.accounts.errors import AccountRefused, LoginRefused, NoSuch
from afield.hub.accounts.limits import CHALLENGE_VALID_S, NAME_CHARS_MAX, PASSKEYS_MAX
from afield.hub.accounts.tickets import now_ms
from afield.kernel.ids import MemberId

if TYPE_CHECKING:
    from fido2.server import Fido2Server
    from fido2.webauthn import AttestedCredentialData


@dataclass(frozen=True, slots=True)
class Passkey:
    """A key of somebody's; times in Unix milliseconds."""

    id: str
    member: MemberId
    name: str
    made_ms: int
    used_ms: int | None


class Passkeys:
    """Adds, checks and drops them.

    Args:
        accounts: of this hub.
        host: the hub's name, for which keys are good, as in `hub.example.org`.
        is_ours: tells whether an origin is that of our own page.
    """

    def __init__(self, accounts: Accounts, host: str, is_ours: Callable[[str], bool]) -> None:
        self._accounts = accounts
        self._database = accounts.database
        self._host = host
        self._is_ours = is_ours

    def begin_add(self, member: MemberId) -> dict[str, Any]:
        """Return what the browser's `navigator.credentials.create` takes, and a ticket."""
        from fido2.webauthn import (
            PublicKeyCredentialUserEntity,
            ResidentKeyRequirement,
            UserVerificationRequirement,
        )

        if len(self.of(member)) >= PASSKEYS_MAX:
            raise AccountRefused("cannot add passkey", PASSKEYS_MAX, "so many are enough")
        name = self._accounts.of(member).username
        user = PublicKeyCredentialUserEntity(name=name, id=member.encode(), display_name=name)
        options, state = self._server().register_begin(
            user,
            self._keys_of(member),
            resident_key_requirement=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        data = {"state": state, "member": member}
        ticket = self._accounts.tickets.give("passkey.add", data, CHALLENGE_VALID_S)
        return {"ticket": ticket, "options": _plain(options)}

    def finish_add(
        self, member: MemberId, ticket: str, answer: Mapping[str, Any], name: str
    ) -> Passkey:
        """Keep a new key.

        Raises:
            LoginRefused: the answer is not to that challenge, or of another origin.
        """
        data = self._accounts.tickets.take("passkey.add", ticket)
        if data["member"] != member:
            _refuse("it was begun by somebody else")
        try:
            found = self._server().register_complete(data["state"], answer)
        except (ValueError, KeyError, TypeError, AttributeError):
            _refuse("the answer does not verify")
        credential = found.credential_data
        if credential is None:
            _refuse("the answer holds no key")
        id_, name = credential.credential_id.hex(), " ".join(name.split())[:NAME_CHARS_MAX]
        if self._database.query("SELECT 1 FROM passkey WHERE id = ?", (id_,)):
            _refuse("it is known already")
        now = now_ms(self._accounts.clock)
        self._database.write(
            "INSERT INTO passkey (id, member, data, counter, name, made_ms)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (id_, member, bytes(credential).hex(), found.counter, name or "passkey", now),
        )
        self._accounts.trail.note("passkey.added", member, detail=id_[:16])
        return Passkey(id_, member, name or "passkey", now, None)

    def begin_login(self) -> dict[str, Any]:
        """Return what the browser's `navigator.credentials.get` takes, and a ticket.

        It names no key: whoever asks learns nothing about accounts.
        """
        from fido2.webauthn import UserVerificationRequirement

        options, state = self._server().authenticate_begin(
            user_verification=UserVerificationRequirement.REQUIRED
        )
        data = {"state": state}
        ticket = self._accounts.tickets.give("passkey.login", data, CHALLENGE_VALID_S)
        return {"ticket": ticket, "options": _plain(options)}

    def finish_login(self, ticket: str, answer: Mapping[str, Any], *, address: str) -> MemberId:
        """Return whose key has signed the challenge.

        Raises:
            LoginRefused: nobody's, or a key whose counter went back: a copy of it may be about.
        """
        from fido2.webauthn import AuthenticationResponse

        data = self._accounts.tickets.take("passkey.login", ticket)
        try:
            said = AuthenticationResponse.from_dict(answer)
            sql = (
                "SELECT p.member, p.data, p.counter FROM passkey p"
                " JOIN account a ON a.member = p.member WHERE p.id = ? AND a.ended_ms IS NULL"
            )
            rows = self._database.query(sql, (said.raw_id.hex(),))
            keys = [_key(row[1]) for row in rows]
            self._server().authenticate_complete(data["state"], keys, said)
        except (ValueError, KeyError, TypeError, AttributeError):
            self._accounts.trail.note("login.refused", address=address, detail="passkey")
            _refuse("the answer does not verify")
        member, _, before = rows[0]
        counter = said.response.authenticator_data.counter
        if counter <= before and (counter, before) != (0, 0):
            self._accounts.trail.note("passkey.copied", member, address=address)
            _refuse("the answer does not verify")
        sql = "UPDATE passkey SET counter = ?, used_ms = ? WHERE id = ?"
        self._database.write(sql, (counter, now_ms(self._accounts.clock), said.raw_id.hex()))
        self._accounts.trail.note("login", member, address=address, detail="passkey")
        return MemberId(member)

    def of(self, member: MemberId) -> list[Passkey]:
        """Return a member's keys, in the order in which they were added."""
        sql = (
            "SELECT id, member, name, made_ms, used_ms FROM passkey WHERE member = ?"
            " ORDER BY made_ms, id"
        )
        return [Passkey(*row) for row in self._database.query(sql, (member,))]

    def drop(self, member: MemberId, id_: str) -> None:
        """Forget one of a member's own.

        Raises:
            NoSuch: the member has none of that id.
        """
        sql = "DELETE FROM passkey WHERE member = ? AND id = ?"
        if not self._database.write(sql, (member, id_)):
            raise NoSuch("no such passkey", id_)
        self._accounts.trail.note("passkey.dropped", member, detail=id_[:16])

    def _keys_of(self, member: MemberId) -> list[AttestedCredentialData]:
        sql = "SELECT data FROM passkey WHERE member = ?"
        return [_key(row[0]) for row in self._database.query(sql, (member,))]

    def _server(self) -> Fido2Server:
        from fido2.server import Fido2Server
        from fido2.webauthn import PublicKeyCredentialRpEntity

        entity = PublicKeyCredentialRpEntity(name="Afield", id=self._host)
        return Fido2Server(entity, verify_origin=self._is_ours)


def _key(data: str) -> AttestedCredentialData:
    from fido2.webauthn import AttestedCredentialData

    return AttestedCredentialData(bytes.fromhex(data))


def _plain(options: Any) -> dict[str, Any]:
    """Return options as JSON values, bytes as base64url, as browsers take them."""
    from fido2.utils import websafe_encode

    def plain(value: Any) -> Any:
        if isinstance(value, bytes):
            return websafe_encode(value)
        if isinstance(value, Mapping):
            return {str(key): plain(each) for key, each in value.items() if each is not None}
        if isinstance(value, list | tuple):
            return [plain(each) for each in value]
        return value

    found: dict[str, Any] = json.loads(json.dumps(plain(dict(options))))
    return found


def _refuse(why: str) -> NoReturn:
    raise LoginRefused("passkey refused", why=why)
