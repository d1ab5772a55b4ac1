"""What whoever has the hub's own files may do with its accounts, also while it answers.

The way back for the last admin who is locked out, and another key for what is kept sealed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from afield.hub.accounts.accounts import Accounts
from afield.hub.accounts.errors import NoSuch
from afield.hub.accounts.keyring import Keyring
from afield.hub.config import HubConfig
from afield.hub.databases import database_of, open_accounts
from afield.workspace.workspace import Workspace


def reset_code(config: HubConfig, username: str, *, drop_factor: bool) -> str:
    """Return a code with which the account of this name gets another password.

    Raises:
        NoSuch: there is no such account, or its owner left.
    """
    with _accounts(config) as accounts:
        found = accounts.named(username)
        if found is None:
            raise NoSuch("no such account", username)
        return accounts.reset_code(found.member, by=None, drop_factor=drop_factor)


def rotate_keys(config: HubConfig) -> int:
    """Seal what is secret of second factors under a new key; return how many there are."""
    with _accounts(config) as accounts:
        return accounts.factor.rotate(accounts.channels.seal_again)


@contextlib.contextmanager
def _accounts(config: HubConfig) -> Iterator[Accounts]:
    with Workspace.open(config.workspace, database=database_of(config)) as workspace:
        clock, device = workspace.record.clock, workspace.config.device
    with contextlib.closing(open_accounts(config, device)) as database:
        yield Accounts(database, clock, Keyring(config.keys_file))
