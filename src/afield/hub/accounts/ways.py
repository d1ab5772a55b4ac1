"""How a hub reaches a member: signed posts to public addresses, and services that its admin names.

A member says where to; what may be reached at all is the admin's word in `hub.toml`. The address is
judged as the connection is made, and nobody follows an answer elsewhere.
"""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from afield.hub.accounts.channels import WEBHOOK, Kept
from afield.kernel.errors import Usage
from afield.mlflow_rest.errors import Rest
from afield.mlflow_rest.webhooks.address import Allowed, Forbidden
from afield.mlflow_rest.webhooks.delivery import post
from afield.workspace.team.notify import (
    Channel,
    ChannelMissing,
    ChannelUnreachable,
    by_apprise,
    secret_of,
    signed_headers,
)

_TITLE = "Afield"
_WHO = re.compile(r"[A-Za-z0-9][A-Za-z0-9._%+@#-]{0,200}")


class Ways:
    """Judges and opens them.

    Args:
        services: names, and addresses of Apprise with `{to}`.
        private: networks that are not public and that webhooks may lead into all the same.
        now_s: the time in seconds, for signatures.
    """

    def __init__(
        self, services: Mapping[str, str], private: Sequence[str], now_s: Callable[[], int]
    ) -> None:
        self._services = services
        self._allowed = Allowed(private)
        self._now_s = now_s

    @property
    def names(self) -> list[str]:
        """The ways that there may be."""
        return [WEBHOOK, *sorted(self._services)]

    def checked(self, way: str, to: str) -> str:
        """Return where a way is to lead, if it may.

        Raises:
            Usage: there is no such way, or it leads nowhere.
        """
        to = to.strip()
        if way not in self.names:
            raise Usage("cannot add", way, "no such way", hint=f"one of: {', '.join(self.names)}")
        if way != WEBHOOK:
            if _WHO.fullmatch(to) is None:
                raise Usage("cannot add", way, "nobody is meant", hint="as in ann@example.org")
            return to
        try:
            return self._allowed.checked(to)
        except Rest as error:
            raise Usage("cannot add", way, error.message) from None

    def open(self, kept: Kept) -> Channel:
        """Return what sends by a way; its name tells it from all others of the hub.

        Raises:
            ChannelMissing: the service is not there any more, or what it needs is not installed.
        """
        if kept.way == WEBHOOK:
            return Channel(kept.id, self._poster(kept))
        address = self._services.get(kept.way)
        if address is None:
            raise ChannelMissing("cannot send", kept.way, "the hub has no such service any more")
        found = by_apprise([address.replace("{to}", quote(kept.to, safe=""))], _TITLE)
        return found._replace(name=kept.id)

    def _poster(self, kept: Kept) -> Callable[[dict[str, Any], str], None]:
        secret = secret_of((kept.secret or "").encode())

        def send(document: dict[str, Any], text: str) -> None:
            body = json.dumps({**document, "text": text})
            headers = {"User-Agent": "afield", **signed_headers(secret, body, self._now_s())}
            try:
                found = post(kept.to, self._allowed, body.encode(), headers)
            except Forbidden as error:
                raise ChannelUnreachable("was not taken", kept.way, str(error)) from None
            except (OSError, http.client.HTTPException, ValueError) as error:
                why = (isinstance(error, OSError) and error.strerror) or type(error).__name__
                raise ChannelUnreachable("was not taken", kept.way, why) from None
            if not found.good:
                why = f"it answered {found.status}"
                raise ChannelUnreachable("was not taken", kept.way, why)

        return send
