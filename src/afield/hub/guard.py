"""Who may speak to a server on loopback: the check of Host and Origin, before anything else.

A page of another site can make a browser send requests to this machine. It cannot make it send
our name as Host (DNS rebinding sends its own) nor hide its Origin when it writes (CSRF).
"""

from __future__ import annotations

from collections.abc import Collection

from afield.hub.asgi import App, Receive, Scope, Send, problem

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
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
        why = self._refuses(scope)
        if why is None:
            await self._app(scope, receive, send)
        else:
            await problem(send, 403, "not_allowed", why)

    def _refuses(self, scope: Scope) -> str | None:
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        origins = [value for name, value in scope["headers"] if name == b"origin"]
        if len(hosts) != 1 or without_port(hosts[0]) not in self._hosts:
            return "the Host header names another machine than this server"
        own = str(scope.get("scheme", "http")).encode() + b"://" + hosts[0].lower()
        site = [value for name, value in scope["headers"] if name == b"sec-fetch-site"]
        for origin in origins:
            if origin.lower() != own and origin.lower() not in self._origins:
                return "a page of another site sent this request"
        if scope["method"] not in _SAFE and any(value == b"cross-site" for value in site):
            return "a page of another site sent this request"
        return None


def without_port(host: bytes) -> str:
    """Return the name or address of a Host header, lower case; brackets of IPv6 stay."""
    text = host.decode("latin-1").lower()
    if text.startswith("["):
        return text.partition("]")[0] + "]"
    return text.partition(":")[0]
