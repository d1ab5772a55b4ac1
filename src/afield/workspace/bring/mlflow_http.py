"""Asking an MLflow server: JSON over HTTP, with an account, bounds, and tries again.

What is asked is the business of the readers and writers of runs; nothing here knows a run.
"""

from __future__ import annotations

import base64
import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import closing
from typing import Any, BinaryIO
from urllib.parse import quote, unquote, urlencode, urlsplit, urlunsplit

from afield.workspace.bring.errors import SourceNotFound, SourceUnreachable, SourceUnreadable

_TRIES = 4
_WAIT_S = 0.25
_TIMEOUT_S = 120.0
_ANSWER_BYTES_MAX = 256 << 20
_TEXT_CHARS_MAX = 300
_LATER = frozenset({429, 500, 502, 503, 504})
_NOT_FOUND = 404


class _OwnHostOnly(urllib.request.HTTPRedirectHandler):
    """Follows no redirection to another host: it would be handed the account."""

    def redirect_request(  # noqa: PLR0917 - as the class above it has it
        self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> Any:
        if urlsplit(newurl)[:2] != urlsplit(req.full_url)[:2]:
            raise urllib.error.HTTPError(req.full_url, code, "leads to another host", headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class Refusal(SourceUnreadable):
    """The server says no; `mlflow_code` is its word for why."""

    mlflow_code = ""


class Server:
    """An MLflow server.

    Args:
        address: of it, with or without an account.
        environ: has the account otherwise, under the names that MLflow's own client reads.

    Attributes:
        address: without any account.
    """

    def __init__(self, address: str, environ: Mapping[str, str]) -> None:
        parts = urlsplit(address)
        host = parts.netloc.rpartition("@")[2]
        self.address = urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", ""))
        self._headers = {"User-Agent": "afield", "Accept": "application/json"}
        user = unquote(parts.username or "") or environ.get("MLFLOW_TRACKING_USERNAME", "")
        secret = unquote(parts.password or "") or environ.get("MLFLOW_TRACKING_PASSWORD", "")
        token = environ.get("MLFLOW_TRACKING_TOKEN", "")
        if user and secret:
            pair = base64.b64encode(f"{user}:{secret}".encode()).decode("ascii")
            self._headers["Authorization"] = f"Basic {pair}"
        elif token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._opener = urllib.request.build_opener(_OwnHostOnly())

    def get(self, path: str, /, **args: object) -> dict[str, Any]:
        """Ask by GET; `path` follows `/api/2.0/mlflow/`."""
        return self._json("GET", f"/api/2.0/mlflow/{path}?{_query(args)}", None)

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Ask by POST."""
        return self._json("POST", f"/api/2.0/mlflow/{path}", json.dumps(body).encode())

    def put(self, path: str, data: BinaryIO, size_bytes: int) -> None:
        """Upload bytes; `path` begins with a slash."""
        headers = {"Content-Length": str(size_bytes), "Content-Type": "application/octet-stream"}
        with closing(self._open("PUT", path, data, headers)) as answer:
            answer.read(_ANSWER_BYTES_MAX)

    def stream(self, path: str, /, **args: object) -> http.client.HTTPResponse:
        """Open what a GET gives; the caller closes it. `path` begins with a slash."""
        return self._open("GET", f"{path}?{_query(args)}", None, {})

    def _json(self, method: str, path: str, body: bytes | None) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        with closing(self._open(method, path, body, headers)) as answer:
            data = answer.read(_ANSWER_BYTES_MAX + 1)
        try:
            found = json.loads(data) if len(data) <= _ANSWER_BYTES_MAX else None
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            why = "the answer is not that of an MLflow server"
            raise SourceUnreadable("cannot read", self.address + path.partition("?")[0], why)
        return found

    def _open(
        self, method: str, path: str, body: Any, headers: Mapping[str, str]
    ) -> http.client.HTTPResponse:
        """Ask, again when it may help; a body that is a stream is sent from its beginning."""
        url = self.address + path
        for left in reversed(range(_TRIES)):
            if hasattr(body, "seek"):
                body.seek(0)
            request = urllib.request.Request(  # noqa: S310 - `open_store` takes http(s) only
                url, data=body, headers={**self._headers, **headers}, method=method
            )
            try:
                opened: http.client.HTTPResponse = self._opener.open(request, timeout=_TIMEOUT_S)
            except urllib.error.HTTPError as error:
                if error.code not in _LATER or not left:
                    raise self._refused(url, error) from error
                error.close()
            except (OSError, http.client.HTTPException) as error:
                if not left:
                    why = str(getattr(error, "reason", None) or error) or type(error).__name__
                    raise SourceUnreachable("cannot reach", self.address, why) from error
            else:
                return opened
            time.sleep(_WAIT_S * (_TRIES - left))
        raise AssertionError("the last try returns or raises")

    def _refused(self, url: str, error: urllib.error.HTTPError) -> Exception:
        shown = url.partition("?")[0]
        with closing(error):
            try:
                told = json.loads(error.read(_ANSWER_BYTES_MAX))
                code, text = str(told.get("error_code", "")), str(told.get("message", ""))
            except (ValueError, AttributeError, OSError):
                code, text = "", error.reason if isinstance(error.reason, str) else ""
        why = f"{error.code} {code} {text[:_TEXT_CHARS_MAX]}".strip()
        if error.code in _LATER:
            return SourceUnreachable("cannot reach", shown, why)
        if error.code == _NOT_FOUND and not code:
            return SourceNotFound("nothing to import", shown, why)
        refusal = Refusal("the server refuses", shown, why)
        refusal.mlflow_code = code
        return refusal


def without_account(address: str) -> str:
    """Return an address as it may be shown; what is no URL stays as it is."""
    parts = urlsplit(address)
    if not parts.netloc:
        return address
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _query(args: Mapping[str, object]) -> str:
    known = {name: value for name, value in args.items() if value not in (None, "")}
    return urlencode(known, quote_via=quote)
