"""The key under which secrets of accounts are kept, in a file apart from the accounts.

Who reads the accounts alone, or a backup of them, cannot make codes. AES-256-GCM; whose secret it
is and what for are authenticated with it, so that none works in another row.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import os
import secrets
from pathlib import Path

from afield.hub.accounts.errors import KeyLost

_KEY_BYTES = 32
_NONCE_BYTES = 12
_OPEN = 0o600
_MARK = "s1"


class Keyring:
    """Seals small texts and opens them; the file is made, with mode 0600, when first needed.

    It has a line `ID KEY` (hexadecimal, base64) for each key, of which the first is the one of
    now. It is read anew whenever it was changed, so that all processes follow a rotation.

    Args:
        path: the file.
    """

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._known: dict[str, bytes] = {}
        self._stamp: tuple[int, int, int] | None = None

    def seal(self, text: str, about: str) -> str:
        """Return a text as it is kept; `about` says whose it is and what for."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        id_, key = next(iter(self._keys().items()))
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = AESGCM(key).encrypt(nonce, text.encode(), _bound(id_, about))
        return f"{_MARK}.{id_}.{base64.b64encode(nonce + sealed).decode()}"

    def open(self, kept: str, about: str) -> str:
        """Return what `seal` was given.

        Raises:
            KeyLost: its key is gone, or it was sealed about something else.
        """
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        mark, _, rest = kept.partition(".")
        id_, _, text = rest.partition(".")
        key = self._keys().get(id_) if mark == _MARK else None
        if key is None:
            why = "its key is not in the accounts' file of keys"
            raise KeyLost("cannot open what is sealed", why=why, hint="restore that file")
        try:
            data = base64.b64decode(text, validate=True)
            nonce, sealed = data[:_NONCE_BYTES], data[_NONCE_BYTES:]
            return AESGCM(key).decrypt(nonce, sealed, _bound(id_, about)).decode()
        except (InvalidTag, binascii.Error, ValueError):
            why = "it was changed, or is another's"
            raise KeyLost("cannot open what is sealed", why=why) from None

    def make(self) -> None:
        """See to it that there is a key, so that what is wrong shows before one is needed.

        Raises:
            KeyLost: the file cannot be made or read, or holds none.
        """
        try:
            self._keys()
        except OSError as error:
            why = error.strerror or str(error)
            raise KeyLost("cannot keep the accounts' keys", str(self._path), why) from None

    def begin_rotation(self) -> None:
        """Put a new key before the others, under which all is to be sealed from now on."""
        self._write({**_new_key(), **self._keys()})

    def end_rotation(self) -> None:
        """Drop all keys but the one of now."""
        id_, key = next(iter(self._keys().items()))
        self._write({id_: key})

    def _keys(self) -> dict[str, bytes]:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            self._make()
            found = self._path.stat()
        stamp = (found.st_ino, found.st_mtime_ns, found.st_size)
        if stamp != self._stamp:
            self._known = _read(self._path)
            self._stamp = stamp
        return self._known

    def _make(self) -> None:
        """Make the file with its first key, unless another process has."""
        with contextlib.suppress(FileExistsError):
            self._write(_new_key(), anew=True)

    def _write(self, keys: dict[str, bytes], *, anew: bool = False) -> None:
        lines = [f"{id_} {base64.b64encode(key).decode()}\n" for id_, key in keys.items()]
        beside = self._path.with_name(f".{self._path.name}.{secrets.token_hex(4)}")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OPEN)
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.writelines(lines)
                file.flush()
                os.fsync(file.fileno())
            if anew:
                os.link(beside, self._path)  # fails when it is there, as no rename does
            else:
                beside.replace(self._path)
        finally:
            beside.unlink(missing_ok=True)


def _new_key() -> dict[str, bytes]:
    return {secrets.token_hex(4): secrets.token_bytes(_KEY_BYTES)}


def _read(path: Path) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for line in path.read_text(encoding="ascii", errors="replace").splitlines():
        id_, _, text = line.partition(" ")
        with contextlib.suppress(binascii.Error, ValueError):
            key = base64.b64decode(text, validate=True)
            if len(key) == _KEY_BYTES:
                found[id_] = key
    if not found:
        raise KeyLost("cannot read the accounts' keys", why="there is none in their file")
    return found


def _bound(id_: str, about: str) -> bytes:
    return f"{_MARK} {id_} {about}".encode()
