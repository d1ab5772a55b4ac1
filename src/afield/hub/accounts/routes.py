"""All routes of accounts and members, and the page to log in at: what the hub mounts."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from afield.hub.accounts.endpoint import PUBLIC, Endpoint, as_route
from afield.hub.accounts.login_page import CONTENT_SECURITY, PAGE, SCRIPT
from afield.hub.accounts.routes_account import OwnAccount
from afield.hub.accounts.routes_login import Door, Logins
from afield.hub.accounts.routes_members import Members


def endpoints(door: Door) -> list[Endpoint]:
    """Return the routes, each with the action that it needs."""
    logins = Logins(door)
    pages = [
        Endpoint("GET", "/login", PUBLIC, _page),
        Endpoint("GET", "/login.js", PUBLIC, _script),
    ]
    return [
        *pages,
        *logins.endpoints(),
        *OwnAccount(door, logins).endpoints(),
        *Members(door).endpoints(),
    ]


def routes(door: Door) -> list[Route]:
    """Return the routes as Starlette takes them; each asks `decide` before it answers."""
    return [as_route(endpoint) for endpoint in endpoints(door)]


async def _page(_: Request) -> Response:
    return _file(PAGE, "text/html; charset=utf-8")


async def _script(_: Request) -> Response:
    return _file(SCRIPT, "text/javascript; charset=utf-8")


def _file(text: str, type_: str) -> Response:
    headers = {
        "content-security-policy": CONTENT_SECURITY,
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cache-control": "no-store",
    }
    return Response(text, headers=headers, media_type=type_)
