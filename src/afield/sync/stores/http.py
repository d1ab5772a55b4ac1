"""A remote at a hub, over HTTP/1.1: names and bytes under `/sync/v1/`, one connection kept open.

TLS is verified, no redirect is followed, and the token travels in a header only. A read that
breaks off goes on from where it was, by ranges. What the hub does not take, it says why.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import ssl
import weakref
from collections.abc import Iterator
from urllib.parse import quote, urlencode

from afield.sync.errors import RemoteForbidden, RemoteForeign, RemoteFull, RemoteUnreachable
from afield.sync.stores.address import place_of
from afield.sync.stores.store import Abilities, Item
from afield.sync.stores.tls import trusting, untrusted

PREFIX = "/sync/v1"
TIMEOUT_S = 60.0
_SAID_BYTES_MAX = 64 << 10
_SAID_CHARS_MAX = 300
_PAGE_BYTES_MAX = 4 << 20
_BLOCK_BYTES = 256 << 10
_WITHOUT_PROGRESS = 3
_OK, _PARTIAL, _NOT_FOUND, _EXISTS, _OUTSIDE = 200, 206, 404, 412, 416
_ANSWERS = {("GET", _NOT_FOUND), ("GET", _OUTSIDE), ("PUT", _EXISTS)}
_REDIRECTS = range(300, 400)
_FORBIDDEN = frozenset({401, 403})
_FULL = 507
_TAKEN_LATER = frozenset({408, 425, 429})
_FAULTS = (OSError, http.client.HTTPException)
Items = list[Item]


class HttpRemote:
    """A `RemoteStore` at a hub.

    Args:
        address: `https://host`, or `http://` with an address of this machine.
        token: sent with every request; None: none.
        tls: by whom certificates must be signed; None: whom this machine trusts.
        timeout_s: how long nothing may come.

    Raises:
        RemoteForeign: the address is no hub's.
    """

    def __init__(
        self,
        address: str,
        token: str | None = None,
        *,
        tls: ssl.SSLContext | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        place = place_of(address)
        if place is None:
            raise RemoteForeign("cannot open remote", why="its address is no hub's")
        if token is not None and not re.fullmatch(r"[\x21-\x7e]+", token):
            why, hint = "the token has characters that no token has", "look at AFIELD_TOKEN"
            raise RemoteForbidden("may not use remote", address, why, hint=hint)
        self.address = address
        self._base = place.base + PREFIX
        self._headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._link: http.client.HTTPConnection = (
            http.client.HTTPSConnection(
                place.host.strip("[]"),
                place.port,
                timeout=timeout_s,
                context=tls or trusting(None),
            )
            if place.secure
            else http.client.HTTPConnection(place.host.strip("[]"), place.port, timeout=timeout_s)
        )
        weakref.finalize(self, self._link.close)  # stores are let go of, not closed

    def list(self, prefix: str) -> Iterator[Item]:
        """Yield the files directly in a folder, page by page."""
        after = ""
        while True:
            query = urlencode({"prefix": prefix, "after": after})
            with self._reached():
                answer = self._ask("GET", f"/list?{query}")
                data = answer.read(_PAGE_BYTES_MAX + 1)
                self._done(answer)
            items, after = self._page(data, after)
            yield from items
            if not after:
                return

    def get(self, name: str, offset: int = 0, size_bytes: int = -1) -> bytes:
        """Read a part (-1: to the end); short at the end."""
        found: list[bytes] = []
        done, idle = 0, 0
        while size_bytes < 0 or done < size_bytes:
            before = done
            try:
                for block in self._part(name, offset + done, size_bytes - done):
                    found.append(block)
                    done += len(block)
            except _FAULTS as error:
                self._link.close()
                idle = idle + 1 if done == before else 0
                if idle == _WITHOUT_PROGRESS or done == before == 0:
                    raise self._unreachable(error) from None
            else:
                break
        return b"".join(found)

    def put(self, name: str, data: bytes) -> None:
        """Write a whole file; the hub takes it when it is what its name says."""
        with self._reached():
            self._done(self._ask("PUT", f"/files/{quote(name)}", data))

    def put_if_absent(self, name: str, data: bytes) -> bool:
        """Write a whole file unless one is there; tell whether it was written."""
        with self._reached():
            answer = self._ask("PUT", f"/files/{quote(name)}", data, {"If-None-Match": "*"})
            self._done(answer)
            return answer.status != _EXISTS

    def delete(self, name: str) -> None:
        """Remove a file; the hub keeps what verifies."""
        with self._reached():
            self._done(self._ask("DELETE", f"/files/{quote(name)}"))

    def probe(self) -> Abilities:
        """Look whether the hub answers and knows us; nothing is written."""
        for _ in self.list("heads/"):
            break
        return Abilities(exclusive=True)

    def close(self) -> None:
        """Let go of the connection."""
        self._link.close()

    def _part(self, name: str, offset: int, size_bytes: int) -> Iterator[bytes]:
        """Yield the bytes from `offset` on, at most `size_bytes` when it is not below 0."""
        end = "" if size_bytes < 0 else str(offset + size_bytes - 1)
        asked = {"Range": f"bytes={offset}-{end}"} if offset or end else {}
        answer = self._ask("GET", f"/files/{quote(name)}", None, asked)
        if answer.status == _OUTSIDE:
            self._done(answer)
            return
        if answer.status == _NOT_FOUND:
            self._done(answer)
            raise FileNotFoundError(name)
        if offset and answer.status != _PARTIAL:
            raise http.client.HTTPException("the hub sends no ranges")
        left = answer.length if size_bytes < 0 else min(size_bytes, answer.length or 0)
        if left is None:
            raise http.client.HTTPException("the hub says no length")
        while left:
            block = answer.read(min(left, _BLOCK_BYTES))
            if not block:
                raise http.client.IncompleteRead(b"", left)
            left -= len(block)
            yield block
        self._done(answer)

    def _ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> http.client.HTTPResponse:
        """Send a request; once more when the connection that was kept has ended meanwhile."""
        kept = self._link.sock is not None
        try:
            answer = self._send(method, path, body, headers)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            self._link.close()
            if not kept:
                raise
            answer = self._send(method, path, body, headers)
        if answer.status < _REDIRECTS.start or (method, answer.status) in _ANSWERS:
            if answer.status == _NOT_FOUND and "/files/" not in path:
                self._link.close()
                why, hint = "no hub answers there", "look at the address: afield remote list"
                raise RemoteForeign("cannot use remote", self.address, why, hint=hint)
            return answer
        raise self._refused(answer)

    def _send(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str] | None
    ) -> http.client.HTTPResponse:
        self._link.request(method, self._base + path, body, {**self._headers, **(headers or {})})
        return self._link.getresponse()

    def _refused(self, answer: http.client.HTTPResponse) -> Exception:
        """Return what an answer that is none means."""
        status, said, hint = answer.status, "", None
        with contextlib.suppress(*_FAULTS):
            said, hint = _said(answer.read(_SAID_BYTES_MAX))
        self._link.close()
        if status in _REDIRECTS:
            why = "it sends elsewhere, and a token goes to no other address"
            return RemoteForeign("cannot use remote", self.address, why)
        why = said or f"it answers {status}"
        if status == _FULL:
            return RemoteFull("cannot reach remote", self.address, why, hint=hint)
        if status in _FORBIDDEN:
            hint = "look at AFIELD_TOKEN: afield token create --help"
            return RemoteForbidden("may not use remote", self.address, why, hint=hint)
        if status >= 500 or status in _TAKEN_LATER:  # noqa: PLR2004
            return RemoteUnreachable("cannot reach remote", self.address, why)
        return RemoteForbidden("remote does not take this", self.address, why, hint=hint)

    def _done(self, answer: http.client.HTTPResponse) -> None:
        """Read what is left of an answer, so that the connection can be kept; or close it."""
        if answer.length is not None and answer.length <= _SAID_BYTES_MAX:
            answer.read()
        else:
            self._link.close()

    def _page(self, data: bytes, after: str) -> tuple[Items, str]:
        try:
            found = json.loads(data)
            items = [Item(str(name), int(size)) for name, size in found["items"]]
            following = str(found["next"] or "")
        except (ValueError, TypeError, LookupError, RecursionError) as error:
            why = "what answers there is no hub"
            raise RemoteForeign("cannot use remote", self.address, why) from error
        if following and following <= after:
            raise RemoteForeign("cannot use remote", self.address, "its listing has no end")
        return items, following

    @contextlib.contextmanager
    def _reached(self) -> Iterator[None]:
        """Word faults of the link as a remote that cannot be reached."""
        try:
            yield
        except _FAULTS as error:
            self._link.close()
            raise self._unreachable(error) from None

    def _unreachable(self, error: Exception) -> Exception:
        """Return a fault of the link in words; what is not there stays what it is."""
        if isinstance(error, FileNotFoundError) and error.errno is None:
            return error
        hint = "afield sync, once it is there again"
        if isinstance(error, ssl.SSLCertVerificationError):
            return untrusted(error, self.address)
        if isinstance(error, TimeoutError):
            why = "nothing came in time"
        else:
            why = (getattr(error, "strerror", None) or "the connection broke off").lower()
        return RemoteUnreachable("cannot reach remote", self.address, why, hint=hint)


def _said(data: bytes) -> tuple[str, str | None]:
    """Return why a hub refuses and its hint, from its problem document; empty when it is none."""
    with contextlib.suppress(ValueError, TypeError, AttributeError, RecursionError):
        found = json.loads(data)
        why = str(found.get("detail") or found.get("title") or "")[:_SAID_CHARS_MAX]
        return why, str(found.get("hint") or "")[:_SAID_CHARS_MAX] or None
    return "", None
