"""Asking a hub from the command line: its API over HTTP, with a token or a login of the moment.

A password or token is sent by TLS alone, or to this machine; neither is ever in a URL.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import click

from afield.kernel.errors import AfieldError, NotAllowed, NotFound, Refused, Unreachable, Usage

if TYPE_CHECKING:
    from http.cookies import SimpleCookie

    from afield.cli.session import Session

VARIABLE = "AFIELD_HUB_TOKEN"
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_TIMEOUT_S = 30.0
_ANSWER_BYTES_MAX = 64 << 20
_KINDS: dict[int, type[AfieldError]] = {401: NotAllowed, 403: NotAllowed, 404: NotFound}


class HubClient:
    """One hub, and how it knows us.

    Args:
        url: as in `https://hub.example.org`.
        token: an API token; None: whoever `log_in` says.
        certificates: a file of whom is trusted besides those whom this machine trusts.
    """

    def __init__(self, url: str, token: str | None = None, certificates: str | None = None) -> None:
        found = urlsplit(url)
        safe = found.scheme == "https" or (found.scheme == "http" and found.hostname in _LOOPBACK)
        if not safe or not found.hostname or found.query or found.username:
            why = "an https address, or http on this machine"
            raise Usage("not a hub", url, why, hint="--hub https://hub.example.org")
        self._url = url.rstrip("/")
        self._origin = f"{found.scheme}://{found.netloc}"
        self._token = token
        self._certificates = certificates
        self._cookies: dict[str, str] = {}
        self._csrf = ""

    def log_in(self, username: str, password: str, code: str | None = None) -> None:
        """Be somebody, until `log_out`."""
        body = {"username": username, "password": password, "code": code}
        self._csrf = self.ask("POST", "/login", body)["csrf"]

    def confirm_factor(self, code: str) -> list[str]:
        """Confirm a second factor that was begun; the session goes on. Return recovery codes."""
        found = self.ask("POST", "/account/totp", {"code": code.strip()})
        self._csrf = found["csrf"]
        return list(found["recovery_codes"])

    def log_out(self) -> None:
        """End the session that `log_in` began."""
        if self._cookies:
            self.ask("POST", "/logout", {})

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Return the JSON that the hub answers; `path` is below `/api/v1`.

        Raises:
            NotAllowed, NotFound, Refused: the hub refuses; with its words.
            Unreachable: no answer, or one that is not a hub's.
        """
        import ssl
        import urllib.error
        import urllib.request

        from afield.sync.stores.tls import trusting, untrusted

        headers = {"accept": "application/json", "origin": self._origin}
        if self._token is not None:
            headers["authorization"] = f"Bearer {self._token}"
        if self._cookies:
            headers["cookie"] = "; ".join(f"{key}={each}" for key, each in self._cookies.items())
            headers["x-afield-csrf"] = self._csrf
        data = None
        if body is not None:
            data, headers["content-type"] = json.dumps(body).encode(), "application/json"
        where = f"{self._url}/api/v1{quote(path)}"
        request = urllib.request.Request(where, data, headers, method=method)  # noqa: S310 - checked
        tls = urllib.request.HTTPSHandler(context=trusting(self._certificates))
        opener = urllib.request.build_opener(_no_redirects(), tls)
        try:
            with opener.open(request, timeout=_TIMEOUT_S) as answer:
                self._keep(answer.headers.get_all("set-cookie") or [])
                return _decoded(answer.read(_ANSWER_BYTES_MAX), self._url)
        except urllib.error.HTTPError as error:
            with error:
                raise _refusal(error.code, error.read(_ANSWER_BYTES_MAX), self._url) from None
        except OSError as error:
            reason = getattr(error, "reason", error)
            if isinstance(reason, ssl.SSLCertVerificationError):
                raise untrusted(reason, self._url) from None
            why = str(reason)
            raise Unreachable("cannot reach hub", self._url, why) from None

    def _keep(self, said: list[str]) -> None:
        from http.cookies import SimpleCookie

        for text in said:
            found: SimpleCookie = SimpleCookie(text)
            for name, morsel in found.items():
                self._cookies.pop(name, None)
                if morsel["max-age"] != "0":
                    self._cookies[name] = morsel.value


def hub_of(
    session: Session, url: str, *, person: bool = False, user: str | None = None
) -> HubClient:
    """Return a hub that knows us: by the token in `AFIELD_HUB_TOKEN`, or by a login.

    Args:
        session: of this call; a login ends with it.
        url: of the hub.
        person: a token will not do.
        user: the name to log in with; asked for otherwise.
    """
    from afield.kernel.errors import AfieldError
    from afield.sync.stores.tls import CERTIFICATES

    token, certificates = session.environ.get(VARIABLE), session.environ.get(CERTIFICATES) or None
    if token and not person:
        return HubClient(url, token, certificates)
    client = HubClient(url, certificates=certificates)
    name = user or click.prompt("name", err=True)
    password = click.prompt("password", hide_input=True, err=True)
    try:
        client.log_in(name, password)
    except AfieldError as error:
        if error.fields.get("code") != "accounts.code_needed":
            raise
        client.log_in(name, password, click.prompt("code of your second factor", err=True))
    session.cleanup.callback(client.log_out)
    return client


def _decoded(data: bytes, url: str) -> Any:
    if not data:
        return None
    try:
        return json.loads(data)
    except ValueError:
        raise Unreachable("cannot reach hub", url, "what answers there is no hub") from None


def _refusal(status: int, data: bytes, url: str) -> AfieldError:
    """Return what a hub's problem document says, as an error of ours."""
    try:
        said = json.loads(data)
        detail = str(said.get("detail") or said["title"])
        hint = said.get("hint")
    except (ValueError, KeyError, AttributeError):
        return Unreachable("cannot reach hub", url, f"it answers {status} and is no hub")
    kind = _KINDS.get(status, Refused)
    return kind("the hub refuses", why=detail, hint=hint, code=said.get("code"))


def _no_redirects() -> Any:
    import urllib.request

    class NoRedirects(urllib.request.HTTPRedirectHandler):
        """A hub that sends us elsewhere is not followed: the token would go along."""

        def redirect_request(self, *_: Any, **__: Any) -> None:
            """Follow nothing."""

    return NoRedirects
