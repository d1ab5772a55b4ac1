"""The routes of somebody who is logged in, about the ways by which the hub tells them what waits.

A person's own, and at the page alone: no token makes a way out of the hub.
"""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from afield.hub.accounts.channels import WEBHOOK, Kept
from afield.hub.accounts.endpoint import Endpoint, answer, said
from afield.hub.accounts.errors import AccountRefused
from afield.hub.accounts.routes_account import person_of
from afield.hub.accounts.routes_login import Door
from afield.kernel.errors import AfieldError
from afield.members.actions import Action


class ChannelBody(msgspec.Struct, forbid_unknown_fields=True):
    """A new way: `webhook` or the name of a service, and the URL or who is meant there."""

    way: str
    to: str


class OwnChannels:
    """The handlers."""

    def __init__(self, door: Door) -> None:
        self._accounts = door.accounts
        self._ways = door.ways

    def endpoints(self) -> list[Endpoint]:
        """Return the routes."""
        own, at = Action.TOKEN_OWN, "/api/v1/account/channels"
        return [
            Endpoint("GET", at, own, self.channels),
            Endpoint("POST", at, own, self.add, ChannelBody),
            Endpoint("DELETE", f"{at}/{{id}}", own, self.drop),
            Endpoint("POST", f"{at}/{{id}}/try", own, self.attempt),
        ]

    async def channels(self, request: Request) -> Response:
        """List the own ways, without their secrets, and which there may be."""
        found = self._accounts.channels.of(person_of(request).member)
        document = {
            "schema": "afield.channels/1",
            "ways": self._ways.names,
            "channels": [_part(one) for one in found],
        }
        return answer(document)

    async def add(self, request: Request) -> Response:
        """Add a way; the one answer that holds a webhook's secret."""
        session = person_of(request)
        body = await said(request, ChannelBody)
        to = self._ways.checked(body.way, body.to)
        kept = self._accounts.channels.add(session.member, body.way, to)
        return answer({"schema": "afield.channel/1", **_part(kept), "secret": kept.secret}, 201)

    async def drop(self, request: Request) -> Response:
        """Forget one of the own ways."""
        self._accounts.channels.drop(person_of(request).member, request.path_params["id"])
        return answer(None, 204)

    async def attempt(self, request: Request) -> Response:
        """Send a word by one of the own ways now, whatever the hour: somebody asked for it."""
        member = person_of(request).member
        channels = self._accounts.channels
        kept = channels.one(member, request.path_params["id"])
        document, text = {"type": "afield.hello"}, "Afield brings here what waits for you."
        try:
            await run_in_threadpool(lambda: self._ways.open(kept).send(document, text))
        except AfieldError as error:
            why = error.why or error.message
            channels.told(kept.id, why)
            hint = "see to it that it answers, or add another way"
            raise AccountRefused("was not taken", kept.way, why, hint=hint) from None
        channels.told(kept.id, None)
        return answer(_part(channels.one(member, kept.id)))


def _part(one: Kept) -> dict[str, Any]:
    to = one.to.split("?")[0] if one.way == WEBHOOK else one.to  # a query may hold a secret
    return {
        "id": one.id,
        "way": one.way,
        "to": to,
        "made_ms": one.made_ms,
        "tried_ms": one.tried_ms,
        "why": one.why,
    }
