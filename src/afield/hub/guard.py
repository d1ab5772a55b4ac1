"""Who may speak to a server: the check of Host, Origin and Fetch Metadata, before anything else.

A page of another site can make a browser send requests to this machine. It cannot make it send
our name as Host (DNS rebinding sends its own) nor hide its Origin when it writes (CSRF), nor,
in browsers of today, that it is another site that asks at all. Answers that say nothing of it
are kept by nobody, guessed at by no browser, and no part of another site's page.
"""

from __future__ import annotations

from collections.abc import Collection

from afield.hub.asgi import App, Message, Receive, Scope, Send, problem

_TOLD = frozenset({b"host", b"origin", b"content-length", b"transfer-encoding"})
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_SITE = frozenset({b"same-origin", b"none"})
_FRAMES = frozenset({b"iframe", b"frame", b"object", b"embed"})
_CAREFUL = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
"""What an answer says unless it says otherwise itself."""

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


class Guard:
    """Refuses requests that name another host, or that another site's page sends.

    Args:
        app: what answers the others.
        hosts: the names and addresses, without port, under which the server is known.
        origins: those of its page, besides what the request's own Host says.
    """

    def __init__(self, app: App, hosts: Collection[str], origins: Collection[str] = ()) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)
        self._origins = frozenset(origin.lower().encode() for origin in origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 403 with the reason, or hand the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def careful(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                said = {bytes(name).lower() for name, _ in headers}
                message["headers"] = headers + [one for one in _CAREFUL if one[0] not in said]
            await send(message)

        async def closing(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"connection", b"close")]
            await careful(message)

        why = self._refuses(scope)
        if why is None:
            await self._app(scope, receive, careful)
        else:
            await problem(closing, 403, "not_allowed", why)

    def _refuses(self, scope: Scope) -> str | None:
        told: dict[bytes, list[bytes]] = {}
        for name, value in scope["headers"]:
            if name in _TOLD or name.startswith(b"sec-fetch-"):
                told.setdefault(name, []).append(value)
        hosts = told.get(b"host", [])
        if len(hosts) != 1 or without_port(hosts[0]) not in self._hosts:
            return "the Host header names another machine than this server"
        if b"transfer-encoding" in told and b"content-length" in told:
            return (
                "it says in two ways how long it is, of which a server in front may take the other"
            )
        own = str(scope.get("scheme", "http")).encode() + b"://" + hosts[0].lower()
        for origin in told.get(b"origin", ()):
            if origin.lower() != own and origin.lower() not in self._origins:
                return "a page of another site sent this request"
        if any(site not in _OWN_SITE for site in told.get(b"sec-fetch-site", ())):
            to_us = scope["method"] in _SAFE and told.get(b"sec-fetch-mode") == [b"navigate"]
            if not to_us or not _FRAMES.isdisjoint(told.get(b"sec-fetch-dest", ())):
                return "a page of another site sent this request"
        return None


def without_port(host: bytes) -> str:
    """Return the name or address of a Host header, lower case; brackets of IPv6 stay."""
    text = host.decode("latin-1").lower()
    if text.startswith("["):
        return text.partition("]")[0] + "]"
    return text.partition(":")[0]
