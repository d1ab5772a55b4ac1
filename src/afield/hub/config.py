"""`hub.toml`: what a hub for a team is started with, read and checked word by word.

Paths are relative to the file's own folder. Nothing is opened here but the file; whether what
it names works is `check.py`'s matter. docs/hub.md has the meaning of each key.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from afield.kernel.errors import Usage
from afield.workspace.storage import Storage

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<key>[^`]*)`(?: - at `\$\.?(?P<at>.*)`)?")
_PLACE = re.compile(r"^(?P<why>.*) - at `\$\.?(?P<at>.*)`$")

Text = Annotated[str, Meta(min_length=1)]
Count = Annotated[int, Meta(ge=1)]


class ConfigOff(Usage):
    """`hub.toml` is not there, or says what cannot be."""

    code = "hub.config"


class Listen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the hub listens, and with how many processes."""

    host: Text = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 5151
    workers: Annotated[int, Meta(ge=1, le=64)] = 1


class Tls(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The hub's own certificate (with its chain) and key, PEM files."""

    certificate: Text
    key: Text


class Proxy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A server in front of the hub; from `trusted` addresses alone its headers are believed."""

    trusted: Annotated[tuple[Text, ...], Meta(min_length=1)] = ("127.0.0.1", "::1")


class Oidc(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An identity provider; its secret stands in a file of its own."""

    issuer: Text
    client_id: Text
    client_secret_file: Text


class Database(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A PostgreSQL for the tables and the accounts; shown nowhere, since `url` may hold a password.

    Attributes:
        url: `postgresql://user@host:port/name`.
        password_file: holds the password, where `url` does not.
        statement_timeout: seconds that one statement that reads may take; 0: any time.
    """

    url: Annotated[str, Meta(pattern="^postgres(ql)?://")]
    password_file: Text | None = None
    statement_timeout: Annotated[int, Meta(ge=0, le=86_400)] = 60

    def __repr__(self) -> str:
        """Return it without the address."""
        return "Database(url=…)"


class Webhooks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Networks that are no public ones (`10.1.0.0/16`), to which webhooks may lead all the same."""

    private: tuple[Text, ...] = ()


class Notify(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Services by which members may have brought to them what waits, beside their webhooks.

    Attributes:
        services: a name (`mail`) and an address as Apprise has it, `{to}` in it for who is meant;
            shown nowhere, since it may hold a password.
    """

    services: dict[Annotated[str, Meta(pattern="^[a-z][a-z0-9-]{0,30}$")], Text] = {}

    def __repr__(self) -> str:
        """Return it without the addresses."""
        return f"Notify(services={sorted(self.services)})"


class Access(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who gets in: with `require_second_factor` nobody does with a password alone."""

    require_second_factor: bool = False


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may lie at the hub as a remote that belongs to no entry, and what has to stay free.

    Attributes:
        unfinished_mib: of files in slices that are not whole, of one member.
        unfinished_all_mib: the same of all members.
        uploads: how many such files a member may have.
        unnamed_mib: of whole files that no entry names yet, of one member.
        unnamed_all_mib: the same of all members.
        free_mib: of the disk; with less nothing is taken.
        abandoned_days: slices with which nobody went on for so long are swept.
    """

    unfinished_mib: Count = 1024
    unfinished_all_mib: Count = 8192
    uploads: Count = 64
    unnamed_mib: Count = 262_144
    unnamed_all_mib: Count = 1_048_576
    free_mib: Annotated[int, Meta(ge=0)] = 256
    abandoned_days: Count = 7


class Log(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the log is written: `json` lines, or plain ones."""

    json: bool = True


class HubConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of it.

    Attributes:
        url: the address by which people reach the hub.
        workspace: the folder that holds the record.
        accounts: the file that holds accounts, sessions and tokens.
        keys: the file of the keys under which second factors' secrets are kept; unless it is
            said, beside the accounts.
        listen: where it listens.
        tls: its own certificate; None: a proxy has it, or there is none.
        proxy: the server in front; None: people reach the hub itself.
        oidc: an identity provider, or None.
        log: how it is written.
        database: a PostgreSQL for tables and accounts; None: files here.
        storage: a bucket for the objects; None: they are in the workspace.
        webhooks: where they may lead beside public addresses.
        notify: services that bring members what waits for them.
        access: who gets in.
        limits: what may lie at it as a remote.
        labels: where its disk is (`eu`, `de`), for datasets with a residency.
    """

    url: Text
    workspace: Text
    accounts: Text = "accounts.sqlite"
    keys: Text | None = None
    listen: Listen = Listen()
    tls: Tls | None = None
    proxy: Proxy | None = None
    oidc: Oidc | None = None
    log: Log = Log()
    database: Database | None = None
    storage: Storage | None = None
    webhooks: Webhooks = Webhooks()
    notify: Notify = Notify()
    access: Access = Access()
    limits: Limits = Limits()
    labels: tuple[Annotated[str, Meta(pattern="^[a-z]{2,3}$")], ...] = ()

    @property
    def origin(self) -> str:
        """The origin of the hub's own page, as browsers send it."""
        found = urlsplit(self.url)
        return f"{found.scheme}://{found.netloc.lower()}"

    @property
    def host(self) -> str:
        """The name by which people reach it, without port."""
        return urlsplit(self.url).hostname or ""

    @property
    def keys_file(self) -> str:
        """The file of the keys."""
        return self.keys or str(Path(self.accounts).with_suffix(".keys"))

    @property
    def secure(self) -> bool:
        """Whether people reach it by TLS."""
        return urlsplit(self.url).scheme == "https"


def read_config(path: str) -> HubConfig:
    """Read and check `hub.toml`.

    Raises:
        ConfigOff: it is not there, is no TOML, has a key that is not known or a value that
            cannot be, or would have passwords sent in the clear.
    """
    try:
        text = Path(path).read_bytes()
    except OSError as error:
        why = error.strerror or str(error)
        hint = "docs/hub.md has an example"
        raise ConfigOff("cannot read the hub's configuration", path, why, hint=hint) from None
    try:
        found = msgspec.toml.decode(text, type=HubConfig)
    except msgspec.ValidationError as error:
        what, meant = _explained(str(error))
        raise ConfigOff("the hub's configuration is off", path, what, hint=meant) from None
    except msgspec.DecodeError as error:
        raise ConfigOff("the hub's configuration is no TOML", path, str(error)) from None
    found = _resolved(found, Path(path).absolute().parent)
    for what, meant in _contradictions(found):
        raise ConfigOff("the hub's configuration is off", path, what, hint=meant)
    return found


def _contradictions(config: HubConfig) -> Sequence[tuple[str, str | None]]:
    """Return what of it cannot be together, as reason and hint."""
    found: list[tuple[str, str | None]] = []
    try:
        url = urlsplit(config.url)
        port = url.port
    except ValueError:
        return [("url: it is no address", 'url = "https://hub.example.org"')]
    if url.scheme not in {"http", "https"} or not url.hostname:
        found.append(("url: it begins with https://", 'url = "https://hub.example.org"'))
    elif url.path.rstrip("/") or url.query or url.fragment or url.username:
        what = f"{url.scheme}://{url.hostname}" + (f":{port}" if port else "")
        found.append(("url: a hub has a name of its own, without path", f'url = "{what}"'))
    if config.secure and config.tls is None and config.proxy is None:
        why = "url is https://, and nothing here speaks TLS"
        found.append((why, "add [tls] with certificate and key, or [proxy]"))
    if not config.secure and (config.tls is not None or config.host not in LOOPBACK):
        why = "url: passwords would be sent in the clear"
        found.append((why, f'url = "https://{url.netloc}"'))
    for trusted in config.proxy.trusted if config.proxy else ():
        if not _is_network(trusted):
            why = f"proxy.trusted: {trusted} is no address, and nobody may speak for everybody"
            found.append((why, 'trusted = ["127.0.0.1", "10.0.0.0/8"]'))
    found += [
        (f"webhooks.private: {one} is no network", 'private = ["10.1.0.0/16"]')
        for one in config.webhooks.private
        if not _is_network(one)
    ]
    found += [
        (
            f"notify.services.{name}: it does not say where `{{to}}` goes",
            'mail = "mailto://…?to={to}"',
        )
        for name, address in config.notify.services.items()
        if address.count("{to}") != 1 or name == "webhook"
    ]
    storage = config.storage
    if storage and (storage.access_key_id_file is None) != (storage.secret_access_key_file is None):
        why = "storage: the files of a key are two, or none"
        found.append((why, "add access_key_id_file and secret_access_key_file"))
    if config.tls is None and config.proxy is None and config.listen.host not in LOOPBACK:
        why = "listen.host: others could reach it, and nothing speaks TLS"
        found.append((why, "add [tls] or [proxy], or listen on 127.0.0.1"))
    return found


def _is_network(text: str) -> bool:
    try:
        return ip_network(text).prefixlen > 0
    except ValueError:
        return False


def _resolved(config: HubConfig, folder: Path) -> HubConfig:
    """Return the configuration with its paths made whole."""

    def whole(path: str) -> str:
        return str(folder / Path(path).expanduser())

    tls, oidc, database = config.tls, config.oidc, config.database
    if database is not None and database.password_file is not None:
        file = whole(database.password_file)
        database = msgspec.structs.replace(database, password_file=file)
    return msgspec.structs.replace(
        config,
        url=config.url.rstrip("/"),
        workspace=whole(config.workspace),
        accounts=whole(config.accounts),
        keys=config.keys and whole(config.keys),
        tls=tls and Tls(whole(tls.certificate), whole(tls.key)),
        database=database,
        storage=config.storage and _resolved_storage(config.storage, whole),
        oidc=oidc
        and msgspec.structs.replace(oidc, client_secret_file=whole(oidc.client_secret_file)),
    )


def _resolved_storage(storage: Storage, whole: Callable[[str], str]) -> Storage:
    name, key = storage.access_key_id_file, storage.secret_access_key_file
    return msgspec.structs.replace(
        storage,
        url=storage.url.rstrip("/"),
        access_key_id_file=name and whole(name),
        secret_access_key_file=key and whole(key),
    )


def _explained(text: str) -> tuple[str, str | None]:
    """Return what msgspec says of a value in our words, and what was meant maybe."""
    unknown = _UNKNOWN.fullmatch(text)
    if unknown is not None:
        at, key = unknown["at"] or "", unknown["key"]
        kind = _SECTIONS.get(at, HubConfig)
        names = [field.encode_name for field in msgspec.structs.fields(kind)]
        near = get_close_matches(key, names, n=1, cutoff=0.6)
        hint = f"did you mean {near[0]}?" if near else f"known here: {', '.join(names)}"
        return f"unknown key {f'{at}.' if at else ''}{key}", hint
    placed = _PLACE.fullmatch(text)
    if placed is None:
        return text[:1].lower() + text[1:], None
    why = placed["why"]
    return f"{placed['at']}: {why[:1].lower()}{why[1:]}", None


_SECTIONS: dict[str, type[msgspec.Struct]] = {
    "listen": Listen,
    "tls": Tls,
    "proxy": Proxy,
    "oidc": Oidc,
    "log": Log,
    "database": Database,
    "storage": Storage,
    "webhooks": Webhooks,
    "notify": Notify,
    "access": Access,
    "limits": Limits,
}
