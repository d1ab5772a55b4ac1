"""A hub's accounts behind their routes, in this process, and a browser that speaks to them."""

from __future__ import annotations

import asyncio
import atexit
import json
import shutil
import tempfile
from contextlib import contextmanager
from functools import cache
from http.cookies import SimpleCookie

from starlette.applications import Starlette

from afield.hub import faults
from afield.hub.accounts.accounts import Accounts
from afield.hub.accounts.database import SqliteAccounts
from afield.hub.accounts.identified import Identified
from afield.hub.accounts.keyring import Keyring
from afield.hub.accounts.passkeys import Passkeys
from afield.hub.accounts.passwords import Passwords
from afield.hub.accounts.routes import routes
from afield.hub.accounts.routes_login import Door
from afield.hub.accounts.ways import Ways
from afield.hub.accounts.who import Who
from afield.kernel.errors import AfieldError
from afield.workspace.hosted import Hosted
from afield.workspace.membership import RolesHeld, be_hub
from afield.workspace.workspace import Workspace

HOST = "hub.example.org"
ORIGIN = f"https://{HOST}"
PASSWORD = "correct horse battery"  # noqa: S105 - made up


@cache
def _template():
    """Return a hub's new workspace, made once: to make one takes the disk half a second."""
    folder = tempfile.mkdtemp(prefix="afield-hub-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with Workspace.init(folder) as workspace:
        be_hub(workspace)
    return folder


class Hub:
    """The app, with what a test looks at behind it."""

    def __init__(self, folder, clock, oidc=None):
        shutil.copytree(_template(), folder / "work")
        self.hosted = Hosted(folder / "work")
        self.accounts = Accounts(
            SqliteAccounts(str(folder / "accounts.db")),
            clock,
            Keyring(str(folder / "accounts.keys")),
            Passwords(memory_kib=8, passes=1, lanes=1),
        )
        self.who = Who(self.accounts, self.roles_of, origins=[ORIGIN])
        passkeys = Passkeys(self.accounts, HOST, lambda origin: origin == ORIGIN)
        provider = oidc(self.accounts) if oidc else None
        ways = Ways({}, (), lambda: 0)
        door = Door(self.hosted, self.accounts, self.who, passkeys, ways, provider)
        self.routes = routes(door)
        inner = Starlette(routes=self.routes, exception_handlers={
            AfieldError: faults.answer_afield, Exception: faults.answer_bug,
        })  # fmt: skip
        self.app = Identified(inner, self.who)

    def roles_of(self, member):
        return self.hosted.read_here(lambda one: (one.refresh(), RolesHeld(one))[1].of(member))

    def close(self):
        self.accounts.database.close()
        self.hosted.close()


@contextmanager
def hub(folder, clock, oidc=None):
    made = Hub(folder, clock, oidc)
    try:
        yield made
    finally:
        made.close()


class Answer:
    """What came back."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        return self.json.get("code")

    def header(self, name):
        return next((value for key, value in self.headers if key == name), None)


class Browser:
    """Keeps cookies as a browser does, and sends what a page of ours would."""

    def __init__(self, of, address="192.0.2.7"):
        self.app = of.app
        self.address = address
        self.cookies = {}
        self.csrf = None

    def ask(self, method, path, body=None, *, headers=None, origin=ORIGIN):
        path, _, query = path.partition("?")
        sent = {"host": HOST, "user-agent": "a test"}
        if self.cookies:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if method != "GET" and origin is not None:
            sent["origin"] = origin
        if method != "GET" and self.csrf:
            sent["x-afield-csrf"] = self.csrf
        sent |= headers or {}
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        scope = {
            "type": "http", "http_version": "1.1", "method": method, "path": path,
            "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
            "scheme": "https", "server": (HOST, 443), "client": (self.address, 1),
            "headers": [(key.encode(), value.encode()) for key, value in sent.items()
                        if value is not None],
        }  # fmt: skip
        return self._take(asyncio.run(_call(self.app, scope, data)))

    def _take(self, answer):
        for key, value in answer.headers:
            if key == "set-cookie":
                for name, morsel in SimpleCookie(value).items():
                    self.cookies.pop(name, None)
                    if morsel["max-age"] != "0":
                        self.cookies[name] = morsel.value
        if answer.status == 200 and b'"csrf":"' in answer.body:
            self.csrf = answer.json["csrf"]
        return answer

    def get(self, path, **more):
        return self.ask("GET", path, **more)

    def post(self, path, body=None, **more):
        return self.ask("POST", path, {} if body is None else body, **more)

    def delete(self, path, body=None, **more):
        return self.ask("DELETE", path, body, **more)


def claimed(of):
    """Return the browser of the first admin."""
    browser = Browser(of)
    body = {"code": of.accounts.new_claim(), "username": "ann", "password": PASSWORD}
    assert browser.post("/api/v1/claim", body).status == 200
    return browser


def invited(of, by, username, role, project="*"):
    """Return the browser of somebody who was invited with a role, and the member."""
    roles = [{"role": role, "project": project}]
    answer = by.post("/api/v1/members", {"username": username, "roles": roles})
    assert answer.status == 201, answer.body
    browser = Browser(of)
    body = {"code": answer.json["code"], "password": PASSWORD}
    assert browser.post("/api/v1/invitations/accept", body).status == 200
    return browser, answer.json["member"]


async def _call(app, scope, data):
    found = {}
    body = []
    asked = [{"type": "http.request", "body": data, "more_body": False}]

    async def receive():
        return asked.pop() if asked else {"type": "http.disconnect"}

    async def send(message):
        if message["type"] == "http.response.start":
            found.update(message)
        else:
            body.append(message.get("body", b""))

    await app(scope, receive, send)
    headers = [(key.decode(), value.decode()) for key, value in found["headers"]]
    return Answer(found["status"], headers, b"".join(body))
