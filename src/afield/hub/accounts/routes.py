"""All routes of accounts and members, and the pages to come in by: what the hub mounts."""

from __future__ import annotations

from starlette.routing import Route

from afield.hub.accounts.endpoint import Endpoint, as_route
from afield.hub.accounts.routes_account import OwnAccount
from afield.hub.accounts.routes_channels import OwnChannels
from afield.hub.accounts.routes_login import Door, Logins
from afield.hub.accounts.routes_members import Members
from afield.hub.accounts.routes_pages import Pages


def endpoints(door: Door) -> list[Endpoint]:
    """Return the routes, each with the action that it needs."""
    logins = Logins(door)
    return [
        *Pages(logins, provider=door.oidc is not None).endpoints(),
        *logins.endpoints(),
        *OwnAccount(door, logins).endpoints(),
        *OwnChannels(door).endpoints(),
        *Members(door).endpoints(),
    ]


def routes(door: Door) -> list[Route]:
    """Return the routes as Starlette takes them; each asks `decide` before it answers."""
    return [as_route(endpoint) for endpoint in endpoints(door)]
