"""The checks of `afield hub check`: what of a configuration would not work here, before it runs.

One function each, from the configuration to a result. What cannot be looked at is `not run`, and
never shown as good.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import ssl
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from afield.hub.config import HubConfig
from afield.hub.databases import database_of, looked_at
from afield.hub.storage import probed
from afield.kernel.errors import AfieldError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

State = Literal["pass", "fail", "not run", "error"]
RENEW_BEFORE = timedelta(days=14)
_EXTRA = "pip install 'afield[hub]'"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class Check:
    """What a check found, and what to do about it."""

    name: str
    state: State
    detail: str
    hint: str | None = None


def check(config: HubConfig) -> Iterator[Check]:
    """Yield the result of every check; one that breaks is a result, too."""
    for name, look in CHECKS.items():
        try:
            state, detail, hint = look(config)
        except AfieldError as error:
            state, detail, hint = "fail", error.message, error.hint
        except Exception as error:  # noqa: BLE001 - a check that breaks is a result, too
            state, detail, hint = "error", f"{type(error).__name__}: {error}", None
        yield Check(name, state, detail, hint)


Found = tuple[State, str, str | None]


def packages(config: HubConfig) -> Found:
    """The packages that accounts need."""
    needed = ["argon2", "fido2", "zxcvbn", *(["joserfc"] if config.oidc else [])]
    missing = [name for name in needed if find_spec(name) is None]
    if missing:
        return "fail", f"not installed: {', '.join(missing)}", _EXTRA
    return "pass", "what accounts need is installed", None


def workspace(config: HubConfig) -> Found:
    """The record opens, and its member may make this device a hub's."""
    from afield.members.actions import Action
    from afield.members.caller import Caller
    from afield.workspace.membership import RolesHeld
    from afield.workspace.workspace import Workspace

    with Workspace.open(config.workspace, database=database_of(config)) as opened:
        opened.refresh()
        member = opened.config.member
        roles = RolesHeld(opened).of(member)
        decided = Caller(member, roles).may(Action.HUB_MANAGE)
        runs = opened.count()
        if not decided.allowed:
            hint = f"on an admin's machine: afield member grant {member} admin"
            return "fail", f"{opened.path}: its member is no admin", hint
        return "pass", f"{opened.path}: {runs} runs; its member may manage a hub", None


def database(config: HubConfig) -> Found:
    """The database lets the hub in, and is as it has to be."""
    if config.database is None:
        return "not run", "no [database]: tables and accounts are files", None
    found = looked_at(config)
    if config.database.password_file is not None:
        private = _private(Path(config.database.password_file), "the database's password")
        if private[0] != "pass":
            return private
    return "pass", found, None


def storage(config: HubConfig) -> Found:
    """The bucket lists, writes, reads back and deletes, and holds no other record."""
    if config.storage is None:
        return "not run", "no [storage]: the objects are in the workspace", None
    if config.storage.secret_access_key_file is not None:
        private = _private(Path(config.storage.secret_access_key_file), "the storage's key")
        if private[0] != "pass":
            return private
    return "pass", probed(config), None


def accounts(config: HubConfig) -> Found:
    """The file of accounts can be written, by its owner alone."""
    if config.database is not None:
        return "not run", "accounts are in the database", None
    path = Path(config.accounts)
    folder = path.parent
    if not folder.is_dir():
        return "fail", f"{folder} is not there", f"mkdir -p {folder}"
    if not path.exists():
        if not os.access(folder, os.W_OK):
            return "fail", f"{folder} cannot be written", None
        return "pass", f"{path} will be made", None
    if not os.access(path, os.W_OK):
        return "fail", f"{path} cannot be written", None
    keys = Path(config.keys_file)
    found = _private(keys, "the accounts' keys") if keys.exists() else None
    return found if found and found[0] != "pass" else _private(path, "accounts")


def address(config: HubConfig) -> Found:
    """The port is free."""
    host, port = config.listen.host, config.listen.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        if os.name != "nt":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as error:
            why = error.strerror or str(error)
            return "fail", f"{host} port {port}: {why} (a hub that runs, maybe)", None
    return "pass", f"{host} port {port} is free; people come to {config.url}", None


def certificate(config: HubConfig) -> Found:
    """The certificate fits its key and the hub's name, and is good for a while."""
    if config.tls is None:
        front = "the proxy speaks TLS" if config.secure else "for this machine alone: no TLS"
        return "not run", front, None
    path, key = Path(config.tls.certificate), Path(config.tls.key)
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(path, key)
    except OSError as error:  # SSLError is one
        why = getattr(error, "reason", None) or error.strerror or str(error)
        return "fail", f"{path} with {key}: {why}", None
    wrong = _wrong_with(path, config.host)
    return wrong or _private(key, "the key")


def _wrong_with(path: Path, host: str) -> Found | None:
    from cryptography.x509 import load_pem_x509_certificate

    found = load_pem_x509_certificate(path.read_bytes())
    now, ends = datetime.now(UTC), found.not_valid_after_utc
    if now < found.not_valid_before_utc:
        return "fail", f"{path} is not good yet", "is the clock of this machine right?"
    if ends - now < RENEW_BEFORE:
        return "fail", f"{path} ends on {ends:%Y-%m-%d}", "renew it"
    names = list(_names(found))
    if not any(_covers(name, host) for name in names):
        return "fail", f"{path} is for {', '.join(names) or 'no name'}, not {host}", None
    return None


def provider(config: HubConfig) -> Found:
    """The identity provider answers, as itself."""
    if config.oidc is None:
        return "not run", "no identity provider: people log in by password or passkey", None
    from afield.hub.accounts.oidc import fetch_json

    secret = Path(config.oidc.client_secret_file)
    try:
        empty = not secret.read_text(encoding="utf-8").strip()
    except OSError as error:
        return "fail", f"{secret}: {error.strerror}", None
    if empty:
        return "fail", f"{secret} is empty", None
    private = _private(secret, "the provider's secret")
    if private[0] != "pass":
        return private
    issuer = config.oidc.issuer
    said = fetch_json(f"{issuer.rstrip('/')}/.well-known/openid-configuration", None)
    if not isinstance(said, dict) or said.get("issuer") != issuer:
        name = said.get("issuer") if isinstance(said, dict) else None
        return "fail", f"{issuer} calls itself {name}", "write issuer as it does, to the slash"
    return "pass", f"{issuer} answers", None


def access(config: HubConfig) -> Found:
    """How many have a second factor; without one a password alone lets nobody in, if so told."""
    asked = config.access.require_second_factor
    if config.database is None and not Path(config.accounts).exists():
        return "not run", f"nobody has an account yet; second factor required: {asked}", None
    from afield.hub.accounts.database import SqliteAccounts

    if config.database is not None:
        return "not run", f"accounts are in the database; second factor required: {asked}", None
    sql = "SELECT count(totp), count(*) FROM account WHERE ended_ms IS NULL"
    with contextlib.closing(SqliteAccounts(config.accounts)) as kept:
        ((have, every),) = kept.query(sql)
    return "pass", f"{have} of {every} have a second factor; required: {asked}", None


def limits(config: HubConfig) -> Found:
    """There is room on the disk for what may be pushed."""
    most, free = config.limits, shutil.disk_usage(config.workspace).free >> 20
    if free < most.free_mib:
        why = f"{free:,} MiB are free of {most.free_mib:,} that have to be: nothing is taken"
        return "fail", why, "make room on the disk, or set limits.free_mib"
    unfinished = f"{most.unfinished_mib:,} MiB in {most.uploads} files unfinished"
    each = f"of a member {unfinished}, {most.unnamed_mib:,} MiB that no entry names"
    whole = f"of all {most.unfinished_all_mib:,} and {most.unnamed_all_mib:,} MiB"
    return "pass", f"{each}; {whole}; {free:,} MiB are free", None


def services(config: HubConfig) -> Found:
    """The services that bring members what waits are ones that Apprise knows; none is asked."""
    found = config.notify.services
    if not found:
        return "pass", "members are told by their webhooks; no service is named", None
    if find_spec("apprise") is None:
        return "fail", "not installed: apprise", 'pip install "afield[hub,notify]"'
    from afield.workspace.team.notify import ChannelMissing, by_apprise

    for name, address in found.items():
        try:
            by_apprise([address.replace("{to}", "somebody")], "Afield")
        except ChannelMissing:
            return "fail", f"{name}: no address that Apprise knows", f"notify.services.{name}"
    return "pass", f"members are told by their webhooks and {', '.join(sorted(found))}", None


CHECKS: dict[str, Callable[[HubConfig], Found]] = {
    "packages": packages,
    "database": database,
    "storage": storage,
    "workspace": workspace,
    "accounts": accounts,
    "second factor": access,
    "limits": limits,
    "services": services,
    "address": address,
    "certificate": certificate,
    "identity provider": provider,
}


def _private(path: Path, what: str) -> Found:
    if os.name != "nt" and path.stat().st_mode & _OTHERS:
        return "fail", f"{what}: others can read {path}", f"chmod 600 {path}"
    return "pass", str(path), None


def _names(found: Certificate) -> Iterator[str]:
    """Yield the names and addresses that a certificate is for."""
    from cryptography.x509 import DNSName, ExtensionNotFound, IPAddress, SubjectAlternativeName

    with contextlib.suppress(ExtensionNotFound):
        names = found.extensions.get_extension_for_class(SubjectAlternativeName).value
        yield from names.get_values_for_type(DNSName)
        yield from map(str, names.get_values_for_type(IPAddress))


def _covers(name: str, host: str) -> bool:
    """Tell whether a certificate's name is the host's; a star is one label, as RFC 9525 has it."""
    name, host = name.lower(), host.lower()
    if name.startswith("*."):
        return host.partition(".")[2] == name[2:]
    return name == host
