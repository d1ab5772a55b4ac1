"""The pages to come in by, and their forms: the ways of `routes_login` for a browser.

A form replaces whatever session the browser had, so that it needs no word of one; it must come
from a page of ours, by its Origin.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from urllib.parse import parse_qsl, urlsplit

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from afield.hub.accounts import pages
from afield.hub.accounts.endpoint import PUBLIC, Endpoint
from afield.hub.accounts.errors import CodeNeeded, CrossSite, TicketRefused
from afield.hub.accounts.passkey_script import SCRIPT
from afield.hub.accounts.routes_login import (
    AcceptBody,
    ClaimBody,
    Entry,
    LoginBody,
    Logins,
    ResetBody,
)
from afield.hub.accounts.who import body_of, headers_of
from afield.kernel.errors import AfieldError, Usage

_KINDS: dict[str, type[Entry]] = {
    "/login": LoginBody,
    "/claim": ClaimBody,
    "/invite": AcceptBody,
    "/reset": ResetBody,
}
_KEPT = {"/login": ("username",), "/claim": ("username", "code"), "/invite": ("code",),
         "/reset": ("code",)}  # fmt: skip
"""What stands in a form again when it is shown with a reason."""

_FORM = "application/x-www-form-urlencoded"
_FIELDS_MAX = 10
_HEADERS = {
    "content-security-policy": pages.CONTENT_SECURITY,
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "same-origin",  # with none at all, browsers hide a form's Origin, too
    "cache-control": "no-store",
}


class Pages:
    """The handlers.

    Args:
        logins: what the forms' words are judged by.
        provider: whether there is an identity provider.
    """

    def __init__(self, logins: Logins, *, provider: bool) -> None:
        self._logins = logins
        self._provider = provider

    def endpoints(self) -> list[Endpoint]:
        """Return the routes."""
        found = [
            Endpoint("GET", "/login.js", PUBLIC, partial(_text, SCRIPT, "text/javascript")),
            Endpoint("GET", "/login.css", PUBLIC, partial(_text, pages.STYLE, "text/css")),
        ]
        for form in pages.FORMS:
            found.append(Endpoint("GET", form.path, PUBLIC, partial(self.show, form)))
            found.append(Endpoint("POST", form.path, PUBLIC, partial(self.take, form)))
        if self._provider:
            found.append(Endpoint("POST", "/login/provider", PUBLIC, self.leave))
            found.append(Endpoint("GET", "/api/v1/login/oidc/back", PUBLIC, self.come_back))
        return found

    async def show(self, form: pages.Form, _: Request) -> Response:
        """Show a form."""
        return self._page(form)

    async def take(self, form: pages.Form, request: Request) -> Response:
        """Let somebody in, or show the form again with the reason."""
        typed: dict[str, str] = {}
        try:
            self._own_site(request)
            fields = await _fields(request)
            typed = {name: fields.get(name, "") for name in _KEPT[form.path]}
            body = msgspec.convert(fields, _KINDS[form.path])
            entered = await self._logins.enter(request, body, 303)
        except msgspec.ValidationError:
            return self._page(form, "Something of the form is missing.", status=400)
        except CodeNeeded:
            why = "Your account has a second factor: type its code as well."
            return self._page(form, why, typed, CodeNeeded.status)
        except TicketRefused as error:
            typed.pop("code", None)
            return self._refused(form, error, typed)
        except AfieldError as error:
            return self._refused(form, error, typed)
        return _gone("/", entered)

    async def leave(self, request: Request) -> Response:
        """Send the browser on to the identity provider."""
        try:
            self._own_site(request)
            url, state = await run_in_threadpool(self._logins.to_provider)
        except AfieldError as error:
            return self._refused(pages.LOGIN, error)
        found = _text_of(pages.leaving(url, urlsplit(url).hostname or ""), "text/html")
        found.headers.update(self._logins.state_cookie(state))
        return found

    async def come_back(self, request: Request) -> Response:
        """Take what the provider sent back; a person is told in words what was wrong with it."""
        try:
            return await self._logins.finish_oidc(request)
        except AfieldError as error:
            if "text/html" not in request.headers.get("accept", ""):
                raise
            return self._refused(pages.LOGIN, error)

    def _refused(
        self, form: pages.Form, error: AfieldError, typed: Mapping[str, str] | None = None
    ) -> Response:
        said = error.why or error.what
        found = self._page(
            form, f"{said[:1].upper()}{said[1:]}.", typed, getattr(error, "status", 400)
        )
        if "retry_s" in error.fields:
            found.headers["retry-after"] = str(error.fields["retry_s"])
        return found

    def _page(
        self,
        form: pages.Form,
        said: str = "",
        typed: Mapping[str, str] | None = None,
        status: int = 200,
    ) -> Response:
        text = pages.page_of(form, said, typed, provider=self._provider)
        return _text_of(text, "text/html", status)

    def _own_site(self, request: Request) -> None:
        headers = headers_of(request.scope)
        if "origin" not in headers and "sec-fetch-site" not in headers:
            raise CrossSite("write refused", why="it does not say from which page it comes")
        self._logins.own_site(request)


async def _fields(request: Request) -> dict[str, str]:
    """Return the fields of a form; those left empty are as if they were not there.

    Raises:
        Usage: it is no form, or a field comes twice.
    """
    what = "cannot read form"
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise Usage(what, why="it is not sent as one")
    try:
        text = (await body_of(request.receive)).decode()
        pairs = parse_qsl(text, max_num_fields=_FIELDS_MAX, errors="strict")
    except ValueError:  # UnicodeDecodeError is one
        raise Usage(what, why="it is not sent as one") from None
    if len(dict(pairs)) != len(pairs):
        raise Usage(what, why="a field comes twice")
    return dict(pairs)


async def _text(text: str, type_: str, _: Request) -> Response:
    return _text_of(text, type_)


def _text_of(text: str, type_: str, status: int = 200) -> Response:
    return Response(text, status, dict(_HEADERS), f"{type_}; charset=utf-8")


def _gone(place: str, entered: Response) -> Response:
    """Return the way on for a browser, with the cookies of who has just come in."""
    found = Response(None, 303, {**_HEADERS, "location": place})
    for cookie in entered.headers.getlist("set-cookie"):
        found.headers.append("set-cookie", cookie)
    return found
