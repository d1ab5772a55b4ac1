"""The app of `afield hub`: the same server with accounts in front, for a team over the network.

Opens what `hub.toml` names and joins the rooms' parts; who may do what is decided by `members`.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path

from starlette.datastructures import MutableHeaders

from afield.hub.accounts.accounts import Accounts
from afield.hub.accounts.identified import Identified
from afield.hub.accounts.keyring import Keyring
from afield.hub.accounts.oidc import Oidc, Provider
from afield.hub.accounts.passkeys import Passkeys
from afield.hub.accounts.passwords import Passwords
from afield.hub.accounts.routes import routes
from afield.hub.accounts.routes_login import Door
from afield.hub.accounts.tickets import now_ms
from afield.hub.accounts.ways import Ways
from afield.hub.accounts.who import Who
from afield.hub.app import inner_app
from afield.hub.asgi import App, Message, Receive, Scope, Send
from afield.hub.config import HubConfig
from afield.hub.config import Oidc as OidcConfig
from afield.hub.databases import database_of, open_accounts
from afield.hub.delivering import Delivering
from afield.hub.guard import LOOPBACK, Guard
from afield.hub.storage import use_storage
from afield.kernel.ids import MemberId
from afield.members.roles import Role
from afield.workspace.hosted import Hosted
from afield.workspace.membership import RolesHeld, be_hub
from afield.workspace.workspace import Workspace

BACK = "/api/v1/login/oidc/back"
_STRICT = "max-age=31536000"


@contextlib.contextmanager
def team_app(
    hosted: Hosted,
    config: HubConfig,
    passwords: Passwords | None = None,
    *,
    delivers: bool = True,
) -> Iterator[App]:
    """Yield the app of a hub; at the end its accounts are let go of.

    Args:
        hosted: the record.
        config: the hub's.
        passwords: how they are kept, when not as usual.
        delivers: whether this process brings members what waits for them: one does.

    Raises:
        OSError: the provider's secret cannot be read.
    """
    with door_to(hosted, config, passwords) as door:
        labels, private = frozenset(config.labels), config.webhooks.private
        inner = inner_app(hosted, routes(door), labels, private, config.limits)
        app: App = Identified(inner, door.who)
        if config.secure:
            app = Strict(app)
        channels = door.accounts.channels
        bringing = Delivering(hosted, RolesNow(hosted), channels, door.ways)
        with bringing if delivers else nullcontext():
            yield Guard(app, {config.host, *LOOPBACK}, {config.origin})


@contextlib.contextmanager
def door_to(
    hosted: Hosted, config: HubConfig, passwords: Passwords | None = None
) -> Iterator[Door]:
    """Yield what the routes of accounts work with; at the end the accounts are let go of.

    Raises:
        OSError: the provider's secret cannot be read.
    """
    with contextlib.closing(open_accounts(config, hosted.config.device)) as database:
        accounts = Accounts(database, hosted.record.clock, Keyring(config.keys_file), passwords)
        who = Who(
            accounts,
            RolesNow(hosted),
            origins=[config.origin],
            secure=config.secure,
            second_factor=config.access.require_second_factor,
        )
        passkeys = Passkeys(accounts, config.host, lambda origin: origin == config.origin)
        oidc = None
        if config.oidc is not None:
            oidc = Oidc(accounts, provider_of(config, config.oidc))
        ways = Ways(
            config.notify.services, config.webhooks.private, lambda: now_ms(accounts.clock) // 1000
        )
        yield Door(hosted, accounts, who, passkeys, ways, oidc)


def prepare(config: HubConfig) -> str | None:
    """Make a workspace a hub's; return the code that makes the first admin, until there is one.

    Raises:
        NoWorkspace: there is none.
        ActionNotAllowed: the workspace's own member manages no hubs.
        KeyLost: the file of keys cannot be made, or holds none.
        StorageUnreachable: the bucket does not answer, or does not let the hub in.
        StorageOff: its objects lie elsewhere than the configuration says.
    """
    use_storage(config)
    with Workspace.open(config.workspace, database=database_of(config)) as workspace:
        be_hub(workspace)
        clock, device = workspace.record.clock, workspace.config.device
    keyring = Keyring(config.keys_file)
    keyring.make()
    with contextlib.closing(open_accounts(config, device)) as database:
        return Accounts(database, clock, keyring).new_claim()


def provider_of(config: HubConfig, oidc: OidcConfig) -> Provider:
    """Return the identity provider with its secret.

    Raises:
        OSError: the file of the secret cannot be read.
    """
    secret = Path(oidc.client_secret_file).read_text(encoding="utf-8").strip()
    return Provider(oidc.issuer, oidc.client_id, secret, config.origin + BACK)


class RolesNow:
    """Tells which roles a member holds; worked out anew only when the record has gone on."""

    def __init__(self, hosted: Hosted) -> None:
        self._hosted = hosted
        self._lock = threading.Lock()
        self._position = -1
        self._held: RolesHeld | None = None

    def __call__(self, member: MemberId) -> Mapping[str, frozenset[Role]]:
        """Return the roles, by project."""
        with self._lock:
            position = self._hosted.position()
            if self._held is None or position != self._position:
                self._held = self._hosted.read_here(RolesHeld)
                self._position = position
            return self._held.of(member)


class Strict:
    """Tells browsers to come by TLS alone from now on."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the header to the answer."""

        async def stricter(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["strict-transport-security"] = _STRICT
            await send(message)

        await self._app(scope, receive, stricter if scope["type"] == "http" else send)
