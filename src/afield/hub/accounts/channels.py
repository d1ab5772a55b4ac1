"""The ways by which a hub brings its members what waits for them: kept sealed, told to nobody else.

Where a way leads is a person's own matter: it stands here and in no entry of the record, and goes
with the account. Nothing is sent from here.
"""

from __future__ import annotations

import secrets
from base64 import b64encode
from dataclasses import dataclass

import msgspec

from afield.hub.accounts.database import Database
from afield.hub.accounts.errors import AccountRefused, NoSuch
from afield.hub.accounts.keyring import Keyring
from afield.hub.accounts.limits import CHANNEL_CHARS_MAX, CHANNELS_MAX
from afield.hub.accounts.secret import new_id
from afield.hub.accounts.tickets import now_ms
from afield.hub.accounts.trail import Trail
from afield.kernel.clock import Clock
from afield.kernel.errors import Usage
from afield.kernel.ids import MemberId

WEBHOOK = "webhook"
_SECRET_BYTES = 32
_COLUMNS = "id, member, way, sealed, made_ms, tried_ms, why"


class _Sealed(msgspec.Struct, frozen=True):
    """What of a way is nobody else's business."""

    to: str
    secret: str | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A way to a member.

    Attributes:
        id: of the way.
        member: whose.
        way: `webhook`, or the name of a service of the hub's.
        to: the webhook's URL, or who is meant at the service.
        secret: what a webhook's posts are signed with, behind `whsec_`.
        made_ms: since when.
        tried_ms: when it was last asked to take something; None: never.
        why: why it did not take that; None: it did.
    """

    id: str
    member: MemberId
    way: str
    to: str
    secret: str | None
    made_ms: int
    tried_ms: int | None
    why: str | None


class Channels:
    """Adds, lists and drops them."""

    def __init__(self, database: Database, clock: Clock, keyring: Keyring, trail: Trail) -> None:
        self._database = database
        self._clock = clock
        self._keyring = keyring
        self._trail = trail

    def add(self, member: MemberId, way: str, to: str) -> Kept:
        """Keep a way; a webhook gets a secret, which is told in this answer alone.

        Raises:
            Usage: `to` is too long, or no plain text.
            AccountRefused: the member has too many.
        """
        if not 0 < len(to) <= CHANNEL_CHARS_MAX or not to.isprintable():
            raise Usage("cannot add", way, f"where to, in 1 to {CHANNEL_CHARS_MAX} characters")
        if len(self.of(member)) >= CHANNELS_MAX:
            raise AccountRefused("cannot add", way, f"{CHANNELS_MAX} ways are enough")
        id_, now, secret = new_id(), now_ms(self._clock), None
        if way == WEBHOOK:
            secret = f"whsec_{b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()}"
        with self._database.together():  # so that no rotation ends between sealing and writing
            sealed = self._seal(member, _Sealed(to, secret))
            sql = "INSERT INTO channel (id, member, way, sealed, made_ms) VALUES (?, ?, ?, ?, ?)"
            self._database.write(sql, (id_, member, way, sealed, now))
            self._trail.note("channel.added", member, detail=id_)
        return Kept(id_, member, way, to, secret, now, None, None)

    def of(self, member: MemberId) -> list[Kept]:
        """Return a member's ways, the oldest first.

        Raises:
            KeyLost: what is kept cannot be read any more.
        """
        sql = f"SELECT {_COLUMNS} FROM channel WHERE member = ? ORDER BY made_ms, id"  # noqa: S608 - a literal
        return [self._kept(row) for row in self._database.query(sql, (member,))]

    def one(self, member: MemberId, id_: str) -> Kept:
        """Return one of a member's ways.

        Raises:
            NoSuch: there is none.
        """
        for kept in self.of(member):
            if kept.id == id_:
                return kept
        raise NoSuch("no such way to you", id_)

    def members(self) -> list[MemberId]:
        """Return whoever has a way, and an account that goes on."""
        sql = (
            "SELECT DISTINCT c.member FROM channel c JOIN account a ON a.member = c.member"
            " WHERE a.ended_ms IS NULL ORDER BY c.member"
        )
        return [MemberId(member) for (member,) in self._database.query(sql)]

    def told(self, id_: str, why: str | None) -> None:
        """Note that a way was asked to take something, and why it did not."""
        sql = "UPDATE channel SET tried_ms = ?, why = ? WHERE id = ?"
        self._database.write(sql, (now_ms(self._clock), why, id_))

    def drop(self, member: MemberId, id_: str) -> None:
        """Forget a way.

        Raises:
            NoSuch: there is none.
        """
        sql = "DELETE FROM channel WHERE member = ? AND id = ?"
        if not self._database.write(sql, (member, id_)):
            raise NoSuch("no such way to you", id_)
        self._trail.note("channel.dropped", member, detail=id_)

    def drop_all(self, member: MemberId) -> None:
        """Forget all ways of somebody who leaves."""
        self._database.write("DELETE FROM channel WHERE member = ?", (member,))

    def seal_again(self) -> int:
        """Seal all of it under the key of now; return how many there are."""
        rows = self._database.query(f"SELECT {_COLUMNS} FROM channel")  # noqa: S608 - a literal
        for row in rows:
            kept = self._kept(row)
            sealed = self._seal(kept.member, _Sealed(kept.to, kept.secret))
            self._database.write("UPDATE channel SET sealed = ? WHERE id = ?", (sealed, kept.id))
        return len(rows)

    def _seal(self, member: MemberId, what: _Sealed) -> str:
        return self._keyring.seal(msgspec.json.encode(what).decode(), _about(member))

    def _kept(self, row: tuple[str, str, str, str, int, int | None, str | None]) -> Kept:
        id_, member, way, sealed, made_ms, tried_ms, why = row
        text = self._keyring.open(sealed, _about(MemberId(member)))
        found = msgspec.json.decode(text, type=_Sealed)
        return Kept(id_, MemberId(member), way, found.to, found.secret, made_ms, tried_ms, why)


def _about(member: MemberId) -> str:
    return f"channel {member}"
