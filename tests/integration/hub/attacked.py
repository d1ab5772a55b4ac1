"""A team's hub with people who hold different roles, and the ways to ask it that attackers take."""

from __future__ import annotations

import re
from contextlib import contextmanager

from starlette.routing import Mount, Route
from starlette.testclient import TestClient

import afield
from afield.hub.accounts.passwords import Passwords
from afield.hub.api.app import PREFIX, routers
from afield.hub.app import local_app
from afield.hub.config import HubConfig, Proxy
from afield.hub.team import prepare, team_app
from afield.workspace.hosted import Hosted
from afield.workspace.workspace import Workspace

URL = "https://hub.example.org"
LOCAL = "http://127.0.0.1:5151"
PASSWORD = "correct horse battery"  # noqa: S105 - made up
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE")
_PART = re.compile(r"\{(\w+)(?::\w+)?\}")


class Hub:
    """A hub, its admin's browser, and clients that come without cookies.

    Attributes:
        hosted: the record.
        admin: the client that holds the first admin's session.
        csrf: the headers of a write by that admin's page.
    """

    def __init__(self, hosted, app, admin, claim):
        self.hosted = hosted
        self.admin = admin
        self._app = app
        body = {"code": claim, "username": "ada", "password": PASSWORD}
        answer = admin.post("/api/v1/claim", json=body)
        assert answer.status_code == 200, answer.text
        self.csrf = {"origin": URL, "x-afield-csrf": answer.json()["csrf"]}

    def stranger(self, token=None):
        """Return a client without a cookie, and with a token if one is given."""
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        return TestClient(
            self._app, base_url=URL, headers=headers, raise_server_exceptions=False,
            follow_redirects=False,
        )  # fmt: skip

    def invite(self, name, role, project="*"):
        """Return (the member, a token of theirs) of somebody invited with a role."""
        said = {"username": name, "roles": [{"role": role, "project": project}]}
        answer = self.admin.post("/api/v1/members", json=said, headers=self.csrf)
        assert answer.status_code == 201, answer.text
        member, code = answer.json()["member"], answer.json()["code"]
        page = self.stranger()
        accepted = page.post(
            "/api/v1/invitations/accept", json={"code": code, "password": PASSWORD}
        )
        assert accepted.status_code == 200, accepted.text
        csrf = {"origin": URL, "x-afield-csrf": accepted.json()["csrf"]}
        made = page.post("/api/v1/tokens", json={"name": "t", "days": 1}, headers=csrf)
        assert made.status_code == 201, made.text
        return member, made.json()["token"]

    def routes(self):
        """Return (method, path, whether it needs nobody known) of every route, parts filled."""
        return sorted(set(_walked(self._inner().routes)))

    def _inner(self):
        app = self._app
        while not hasattr(app, "routes"):
            app = app._app
        return app

    def position(self):
        """Return how far the record has come."""
        return self.hosted.position()


def _walked(routes):
    for route in routes:
        if isinstance(route, Mount):
            for inner in (each for router in routers() for each in router.routes):
                for method in inner.methods:
                    yield method, PREFIX + _filled(inner.path), False
        elif isinstance(route, Route):
            action = getattr(route, "afield_action", "public")
            for method in route.methods or ():
                yield method, _filled(route.path), action in (None, "public")


def _filled(path):
    return _PART.sub(lambda part: {"rest": "no-such"}.get(part[1], "first"), path)


@contextmanager
def hub(folder):
    """Yield the hub of a new workspace with one run, `first`, in project `vision`."""
    Workspace.init(folder).close()
    run = afield.init(project="vision", name="first", config={"lr": 0.1}, workspace=folder)
    run.log({"loss": 0.5}, step=0)
    run.finish()
    config = HubConfig(URL, str(folder), accounts=str(folder / "accounts.sqlite"), proxy=Proxy())
    claim = prepare(config)
    quick = Passwords(memory_kib=8, passes=1, lanes=1)
    with (
        Hosted(folder) as hosted,
        team_app(hosted, config, quick) as app,
        TestClient(app, base_url=URL) as admin,
    ):
        yield Hub(hosted, app, admin, claim)


@contextmanager
def up(folder):
    """Yield (the hosted workspace, a client of this machine) of a new workspace."""
    Workspace.init(folder).close()
    with Hosted(folder) as hosted:
        app = local_app(hosted)
        with TestClient(app, base_url=LOCAL, raise_server_exceptions=False) as client:
            yield hosted, client
