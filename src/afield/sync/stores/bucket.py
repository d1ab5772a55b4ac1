"""A remote in a bucket that speaks S3, through obstore (the extra `s3`), imported here only.

Writes of a bucket are whole or absent by themselves. Create-if-absent is asked for and, where
the bucket does not know it, done without: what is written once has one content.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from afield.sync.errors import ExtraMissing, RemoteForbidden, RemoteUnreachable
from afield.sync.stores.store import Abilities, Item

if TYPE_CHECKING:
    from obstore.store import S3Store

_PROBE = "probe"
_KEYS_ASKED_OF = "169.254.169.254"  # machines in a cloud get their keys from this address


class BucketRemote:
    """A `RemoteStore` in a bucket.

    Args:
        address: `s3://bucket/prefix`.
        options: what obstore's `S3Store` takes; what is not given, it finds as other AWS
            programs do (`AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT_URL`, `AWS_REGION` ...).

    Raises:
        ExtraMissing: obstore is not installed.
    """

    def __init__(self, address: str, options: Mapping[str, Any] | None = None) -> None:
        try:
            from obstore.store import S3Store
        except ImportError as error:
            why = "it needs the library obstore"
            hint = "pip install 'afield[s3]'"
            raise ExtraMissing("cannot open a bucket", address, why, hint=hint) from error
        self.address = address
        bucket, _, prefix = address.removeprefix("s3://").partition("/")
        with self._reached():
            self._store: S3Store = S3Store(
                bucket, prefix=prefix.strip("/") or None, **(options or {})
            )
        self._exclusive = True

    def list(self, prefix: str) -> Iterator[Item]:
        """Yield the files directly in a folder."""
        import obstore

        with self._reached():
            for page in obstore.list(self._store, prefix.rstrip("/") or None):
                for found in page:
                    name = str(found["path"])
                    if name.startswith(prefix) and "/" not in name[len(prefix) :]:
                        yield Item(name, int(found["size"]))

    def get(self, name: str, offset: int = 0, size_bytes: int = -1) -> bytes:
        """Read a part (-1: to the end); short at the end."""
        import obstore

        with self._reached():
            if offset == 0:
                found = obstore.get(self._store, name)
                if size_bytes < 0 or int(found.meta["size"]) <= size_bytes:
                    return bytes(found.bytes())
            whole = int(obstore.head(self._store, name)["size"])
            end = whole if size_bytes < 0 else min(whole, offset + size_bytes)
            if offset >= end:
                return b""
            return bytes(obstore.get_range(self._store, name, start=offset, end=end))

    def put(self, name: str, data: bytes) -> None:
        """Write a whole file over what may be there."""
        import obstore

        with self._reached(writing=True):
            obstore.put(self._store, name, data)

    def put_if_absent(self, name: str, data: bytes) -> bool:
        """Write a whole file unless one is there; tell whether it was written."""
        import obstore

        with self._reached(writing=True):
            if self._exclusive:
                created = self._create(name, data)
                if created is not None:
                    return created
            try:
                obstore.head(self._store, name)
            except FileNotFoundError:
                obstore.put(self._store, name, data)
                written = True
            else:
                written = False
            self._exclusive = False  # it answers, and only create-if-absent failed
            return written

    def _create(self, name: str, data: bytes) -> bool | None:
        """Write a file that must not be there; None when the bucket cannot tell.

        Servers that do not know it say so with all kinds of errors.
        """
        import obstore
        from obstore.exceptions import AlreadyExistsError, BaseError

        try:
            obstore.put(self._store, name, data, mode="create")
        except AlreadyExistsError:
            return False
        except FileNotFoundError:
            raise
        except (BaseError, NotImplementedError):
            return None
        return True

    def delete(self, name: str) -> None:
        """Remove a file; nothing happens when it is missing."""
        import obstore

        with self._reached():
            try:
                obstore.delete(self._store, name)
            except FileNotFoundError:
                return

    def probe(self) -> Abilities:
        """Write, read, create twice and remove a file."""
        self.delete(_PROBE)
        first = self.put_if_absent(_PROBE, b"one")
        again = self.put_if_absent(_PROBE, b"two")
        if not first or self.get(_PROBE) != (b"two" if again else b"one"):
            raise RemoteUnreachable("cannot use remote", self.address, "it forgets writes")
        self.delete(_PROBE)
        return Abilities(exclusive=self._exclusive and not again)

    @contextmanager
    def _reached(self, *, writing: bool = False) -> Iterator[None]:
        """Word faults of the bucket as a remote that cannot be reached."""
        from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

        try:
            yield
        except FileNotFoundError:
            if not writing:
                raise
            hint = "make the bucket first"
            why = "there is no such bucket"
            # the library's own errors tell its inside, on many lines
            raise RemoteUnreachable("cannot reach remote", self.address, why, hint=hint) from None
        except (PermissionDeniedError, UnauthenticatedError):
            why = "the keys that were found do not allow it"
            hint = "look at AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION"
            raise RemoteForbidden("may not use remote", self.address, why, hint=hint) from None
        except (BaseError, OSError, ValueError) as error:
            why, hint = _why(str(error))
            raise RemoteUnreachable("cannot reach remote", self.address, why, hint=hint) from None


def _why(told: str) -> tuple[str, str]:
    """Return a fault of the library in a few words, and what to do."""
    if _KEYS_ASKED_OF in told:
        return "no keys for it were found", "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    if "error sending request" in told:
        return "nothing answers there", "look at the network and at AWS_ENDPOINT_URL"
    hint = "look at the address and at AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL, AWS_REGION"
    return told.partition("\n")[0][:200], hint
