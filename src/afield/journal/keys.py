"""The device's Ed25519 key: made, kept in a file of mode 0600, signs seals.

`cryptography` is imported when a key is made or loaded, not with the module: most commands
never sign.
"""

from __future__ import annotations

import contextlib
import errno
import os
from typing import TYPE_CHECKING

from blake3 import blake3

from afield.journal.errors import KeyDamaged, KeyMissing
from afield.kernel.files import OsFileSystem
from afield.kernel.ids import DeviceId

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

FILE = "device.key"
KEY_BYTES = 32


def device_of(public: bytes) -> DeviceId:
    """Return the device id of a public key: the first 32 hex of its BLAKE3."""
    return DeviceId(blake3(public).hexdigest()[:32])


def signed_by(public: bytes, signature: bytes, message: bytes) -> bool:
    """Say whether `signature` over `message` was made with the private half of `public`."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PublicKey,
    )

    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


class DeviceKey:
    """A device's private key; never leaves its folder and shows nothing of itself."""

    __slots__ = ("_key", "device", "public")

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public: bytes = key.public_key().public_bytes_raw()
        self.device: DeviceId = device_of(self.public)

    @classmethod
    def generate(cls) -> DeviceKey:
        """Make a new key from the operating system's entropy."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import (
            Ed25519PrivateKey,
        )

        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_private_bytes(cls, raw: bytes) -> DeviceKey:
        """Return the key with these 32 private bytes."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import (
            Ed25519PrivateKey,
        )

        return cls(Ed25519PrivateKey.from_private_bytes(raw))

    @classmethod
    def load(cls, folder: str) -> DeviceKey:
        """Load the key that `save` left in `folder`.

        Raises:
            KeyMissing: there is none.
            KeyDamaged: the file does not hold 64 hex digits.
        """
        path = os.path.join(folder, FILE)
        try:
            with open(path, "rb") as stream:
                text = stream.read()
        except FileNotFoundError as error:
            hint = "restore the file from a copy of this device's `.afield/keys`"
            raise KeyMissing("cannot load device key", path, "no such file", hint=hint) from error
        try:
            raw = bytes.fromhex(text.decode("ascii").strip())
        except ValueError:
            raw = b""
        if len(raw) != KEY_BYTES:
            raise KeyDamaged("cannot load device key", path, "it does not hold 64 hex digits")
        return cls.from_private_bytes(raw)

    def save(self, folder: str) -> None:
        """Write the key into `folder` (made with mode 0700), durably, readable by its owner only.

        A key that is already there stays: it may be the only one that can sign for its log.

        Raises:
            FileExistsError: `folder` holds a key.
        """
        os.makedirs(os.path.dirname(os.path.abspath(folder)), exist_ok=True)
        with contextlib.suppress(FileExistsError):
            os.mkdir(folder, mode=0o700)
        path = os.path.join(folder, FILE)
        if os.path.exists(path):
            raise FileExistsError(errno.EEXIST, "a device key is kept, never replaced", path)
        temporary = f"{path}.tmp-{os.getpid()}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_CLOEXEC", 0)
        fd = os.open(temporary, flags, 0o600)
        try:
            os.write(fd, self._key.private_bytes_raw().hex().encode() + b"\n")
            os.fsync(fd)
        finally:
            os.close(fd)
        OsFileSystem().rename(temporary, str(path))

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte Ed25519 signature of `message`."""
        return self._key.sign(message)
