"""A remote in a bucket that speaks S3, through obstore (the extra `s3`), imported here only.

Writes of a bucket are whole or absent by themselves. Create-if-absent is asked for and, where
the bucket does not know it, done without: what is written once has one content.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from afield.kernel.errors import AfieldError
from afield.sync.errors import ExtraMissing, RemoteForbidden, RemoteUnreachable
from afield.sync.stores.bucket_faults import DENIED, NO_BUCKET, Fault, fault_of, is_no_bucket
from afield.sync.stores.store import Abilities, Item

if TYPE_CHECKING:
    from obstore import GetOptions
    from obstore.store import S3Store

_PROBE = "probe"


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
        from obstore.exceptions import BaseError

        with self._reached():
            if size_bytes == 0:
                obstore.head(self._store, name)
                return b""
            if offset == 0 and size_bytes < 0:
                return bytes(obstore.get(self._store, name).bytes())
            options: GetOptions = {"range": {"offset": offset}}
            if size_bytes > 0:
                options = {"range": (offset, offset + size_bytes)}
            try:
                return bytes(obstore.get(self._store, name, options=options).bytes())
            except FileNotFoundError:
                raise
            except BaseError:  # it begins behind the end, maybe: servers say so in many ways
                if offset < int(obstore.head(self._store, name)["size"]):
                    raise
                return b""

    def size(self, name: str) -> int | None:
        """Return a file's size in bytes, or None."""
        import obstore

        with self._reached():
            try:
                return int(obstore.head(self._store, name)["size"])
            except FileNotFoundError:
                return None

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

    def delete(self, *names: str) -> None:
        """Remove files; nothing happens with those that are missing."""
        import obstore

        with self._reached():
            try:
                obstore.delete(self._store, names[0] if len(names) == 1 else names)
            except FileNotFoundError as error:
                if len(names) > 1 or is_no_bucket(str(error)):
                    raise

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
        except FileNotFoundError as error:
            if not writing and not is_no_bucket(str(error)):
                raise
            raise self._worded(NO_BUCKET) from None
        except (PermissionDeniedError, UnauthenticatedError) as error:
            found = fault_of(str(error))
            known = found.forbidden or "<Code>" in str(error)
            raise self._worded(found if known else DENIED) from None
        except (BaseError, OSError, ValueError) as error:
            raise self._worded(fault_of(str(error))) from None

    def _worded(self, fault: Fault) -> AfieldError:
        why, hint, forbidden = fault
        if forbidden:
            return RemoteForbidden("may not use remote", self.address, why, hint=hint)
        return RemoteUnreachable("cannot reach remote", self.address, why, hint=hint)
