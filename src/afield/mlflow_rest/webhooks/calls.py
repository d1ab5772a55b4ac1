"""MLflow's calls about webhooks: make, get, list, change, delete, try.

Events tell of every project, so that all of it is for who manages the hub. A secret is taken and
never given back.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any

import msgspec
from starlette.types import Receive, Scope, Send

from afield.members.actions import Action
from afield.mlflow_rest.decode import decode, read_body, require
from afield.mlflow_rest.errors import invalid
from afield.mlflow_rest.names import check_length
from afield.mlflow_rest.registered import page_size
from afield.mlflow_rest.route import Call, Raw, Rpc, caller_of, send_json
from afield.mlflow_rest.search.pages import start_of, token_for
from afield.mlflow_rest.webhooks import limits
from afield.mlflow_rest.webhooks.address import Allowed
from afield.mlflow_rest.webhooks.delivery import Sender
from afield.mlflow_rest.webhooks.heard import EXAMPLES
from afield.mlflow_rest.webhooks.kept import ACTIVE, DISABLED, Event, Webhook, Webhooks
from afield.workspace.hosted import Hosted

_NAME = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9._-]{0,61}[a-zA-Z0-9])?")
_MANAGE = Action.HUB_MANAGE


class Told(msgspec.Struct, omit_defaults=True):
    """A webhook, as its client sees it."""

    webhook_id: str
    name: str
    url: str
    events: list[Event]
    status: str
    creation_timestamp: int
    last_updated_timestamp: int
    description: str | None = None


class Answer(msgspec.Struct):
    """One webhook."""

    webhook: Told


class Page(msgspec.Struct, omit_defaults=True):
    """Some webhooks."""

    webhooks: list[Told]
    next_page_token: str | None = None


class Sent(msgspec.Struct):
    """What a webhook is made with, or changed to."""

    name: str | None = None
    url: str | None = None
    events: list[Event] | None = None
    description: str | None = None
    secret: str | None = None
    status: str | None = None


class Listed(msgspec.Struct):
    """Which page of the list."""

    max_results: int | None = None
    page_token: str | None = None


class Ref(msgspec.Struct):
    """A webhook, named in the path."""


class Trial(msgspec.Struct):
    """Which event is tried."""

    event: Event | None = None


class Calls:
    """The calls of one workspace.

    Args:
        hosted: the workspace.
        kept: its webhooks.
        sender: who delivers.
        allowed: where to.
    """

    def __init__(self, hosted: Hosted, kept: Webhooks, sender: Sender, allowed: Allowed) -> None:
        self._hosted = hosted
        self._kept = kept
        self._sender = sender
        self._allowed = allowed

    def rpcs(self) -> list[Rpc]:
        """Return what is answered in a thread of the tables."""
        at = "/mlflow/webhooks"
        return [
            Rpc("POST", at, _MANAGE, Sent, self.create),
            Rpc("GET", at, _MANAGE, Listed, self.listed),
            Rpc("GET", f"{at}/{{webhook_id}}", _MANAGE, Ref, self.get),
            Rpc("PATCH", f"{at}/{{webhook_id}}", _MANAGE, Sent, self.update),
            Rpc("DELETE", f"{at}/{{webhook_id}}", _MANAGE, Ref, self.delete),
        ]

    def raws(self) -> list[Raw]:
        """Return what takes as long as somebody else's server."""
        return [Raw("POST", "/mlflow/webhooks/{webhook_id}/test", _MANAGE, self.test)]

    def create(self, call: Call, asked: Sent) -> Answer:
        """Make a webhook."""
        call.need(_MANAGE, None)
        require(name=asked.name)
        if asked.url is None:
            require(url=asked.url)
        _check(asked, events=asked.events or [])
        if self._kept.count() >= limits.KEPT_MAX:
            raise invalid(f"a workspace has at most {limits.KEPT_MAX} webhooks")
        now = call.now_ms()
        made = Webhook(
            "",
            asked.name or "",
            self._allowed.checked(asked.url or ""),
            tuple(asked.events or ()),
            asked.status or ACTIVE,
            asked.description or None,
            now,
            now,
        )
        return Answer(_told(self._kept.add(made, asked.secret or None)))

    def get(self, call: Call, _: Ref) -> Answer:
        """Return a webhook."""
        call.need(_MANAGE, None)
        return Answer(_told(self._kept.get(call.path["webhook_id"])))

    def listed(self, call: Call, asked: Listed) -> Page:
        """Return a page of webhooks, from the oldest on."""
        call.need(_MANAGE, None)
        if asked.max_results is not None and not 1 <= asked.max_results <= limits.PAGE_MAX:
            raise invalid(f"max_results must be between 1 and {limits.PAGE_MAX}.")
        size = page_size(asked.max_results, limits.PAGE, limits.PAGE_MAX)
        start = start_of(asked.page_token)
        found = self._kept.page(size + 1, start)
        more = token_for(start + size) if len(found) > size else None
        return Page([_told(one) for one in found[:size]], more)

    def update(self, call: Call, asked: Sent) -> Answer:
        """Change what is told of a webhook, and nothing else of it."""
        call.need(_MANAGE, None)
        found = self._kept.get(call.path["webhook_id"])
        _check(asked, events=asked.events or None)
        changed: dict[str, Any] = {
            name: getattr(asked, name)
            for name in ("name", "status", "description")
            if getattr(asked, name)
        }
        if asked.url:
            changed["url"] = self._allowed.checked(asked.url)
        if asked.events:
            changed["events"] = tuple(asked.events)
        changed["touched_ms"] = max(call.now_ms(), found.touched_ms + 1)
        found = msgspec.structs.replace(found, **changed)
        self._kept.change(found, asked.secret or None)
        return Answer(_told(found))

    def delete(self, call: Call, _: Ref) -> None:
        """Take a webhook away."""
        call.need(_MANAGE, None)
        self._kept.remove(call.path["webhook_id"])

    async def test(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send an example of an event, and tell what it came to."""
        caller_of(scope).need(_MANAGE, None)
        asked = decode(Trial, scope, await read_body(scope, receive))
        webhook = await asyncio.to_thread(self._kept.get, scope["path_params"]["webhook_id"])
        event = asked.event or webhook.events[0]
        _check_events([event])
        found = await asyncio.to_thread(self._sender.now, webhook.id, event, EXAMPLES[event])
        told = {
            "success": found.good,
            "response_status": found.status,
            "response_body": found.body,
            "error_message": found.error and f"Failed to test webhook: {found.error}",
        }
        result = {name: value for name, value in told.items() if value is not None}
        await send_json(msgspec.json.encode({"result": result}), send)


def _check(asked: Sent, *, events: list[Event] | None) -> None:
    if asked.name and not _NAME.fullmatch(asked.name):
        raise invalid(
            f"Webhook name {asked.name[:100]!r} is invalid. It must start and end with a letter or"
            f" digit, be at most {limits.NAME_CHARS_MAX} characters long, and contain only letters,"
            " digits, dots (.), underscores (_), and hyphens (-)."
        )
    check_length("description", asked.description or "", limits.DESCRIPTION_CHARS_MAX)
    if len(asked.secret or "") > limits.SECRET_CHARS_MAX:
        raise invalid(f"a secret has at most {limits.SECRET_CHARS_MAX} characters")
    if asked.status and asked.status not in (ACTIVE, DISABLED):
        raise invalid(f"Invalid webhook status: {asked.status[:100]!r}")
    if events is not None:
        _check_events(events)


def _check_events(events: list[Event]) -> None:
    if not events:
        raise invalid("Webhook events must be a non-empty list of WebhookEvent objects: [].")
    for each in events:
        if each not in EXAMPLES:
            valid = sorted(one.action.lower() for one in EXAMPLES if one.entity == each.entity)
            raise invalid(
                f"Invalid action {each.action[:100]!r} for entity {each.entity[:100]!r}. Valid"
                f" actions are: {valid}"
            )


def _told(found: Webhook) -> Told:
    return Told(
        found.id,
        found.name,
        found.url,
        list(found.events),
        found.status,
        found.made_ms,
        found.touched_ms,
        found.description,
    )
