"""The pages by which people come in, as HTML and style: plain forms that need no script.

Texts alone; `routes_pages` answers with them. What somebody typed stands in them escaped;
passwords, codes of second factors and one-time codes that were refused never.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import NamedTuple

CONTENT_SECURITY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
    " form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


class Field(NamedTuple):
    """One field of a form; `more` are further attributes, as HTML writes them."""

    name: str
    label: str
    more: str
    hint: str = ""


class Form(NamedTuple):
    """A page with one form."""

    path: str
    title: str
    lead: str
    fields: tuple[Field, ...]
    button: str


_NAME = Field("username", "Name", 'autocomplete="username" autocapitalize="none" required')
_PASSWORD = Field(
    "password", "Password", 'type="password" autocomplete="current-password" required'
)
_NEW = Field(
    "password",
    "New password",
    'type="password" autocomplete="new-password" minlength="12" maxlength="256" required',
    "12 characters or more. A few words that do not belong together are good.",
)
_CODE = 'autocomplete="one-time-code" autocapitalize="none" spellcheck="false"'
_FACTOR = "Of your app, or a recovery code. Leave it empty if you have none."

LOGIN = Form(
    "/login",
    "Log in",
    "",
    (_NAME, _PASSWORD, Field("code", "Code of your second factor", _CODE, _FACTOR)),
    "Log in",
)
CLAIM = Form(
    "/claim",
    "Make the first account",
    "It manages this hub. The code stands in what the hub wrote as it started.",
    (Field("code", "Code", f"{_CODE} required"), _NAME, _NEW),
    "Make the account",
)
INVITE = Form(
    "/invite",
    "Accept an invitation",
    "Whoever invited you has a code for you.",
    (Field("code", "Code", f"{_CODE} required"), _NEW),
    "Set the password",
)
RESET = Form(
    "/reset",
    "Set another password",
    "An admin of this hub can give you a code. It ends all your sessions.",
    (
        Field("code", "Code", f"{_CODE} required"),
        _NEW,
        Field("factor", "Code of your second factor", _CODE, _FACTOR),
    ),
    "Set the password",
)
FORMS = (LOGIN, CLAIM, INVITE, RESET)


def page_of(
    form: Form, said: str = "", typed: Mapping[str, str] | None = None, *, provider: bool = False
) -> str:
    """Return a page.

    Args:
        form: what it asks.
        said: why the last try was refused.
        typed: what of the fields is there already; the first other one has the focus.
        provider: whether there is an organisation's login as well.
    """
    lead = f"<p>{escape(form.lead)}</p>" if form.lead else ""
    alert = f'<p class="said" id="said" role="alert">{escape(said)}</p>' if said else ""
    typed = typed or {}
    empty = next((field.name for field in form.fields if not typed.get(field.name)), "")
    fields = "".join(
        _field(field, typed.get(field.name, ""), focus=field.name == empty, refused=bool(said))
        for field in form.fields
    )
    return _page(
        form.title,
        f'{lead}{alert}<form method="post" action="{form.path}">{fields}'
        f"<button>{escape(form.button)}</button></form>{_ways(form, provider=provider)}",
    )


def leaving(url: str, host: str) -> str:
    """Return the page that sends a browser on to the identity provider.

    It is no redirect, since browsers hold those of a form to `form-action`.
    """
    href = escape(url)
    return _page(
        "Your organisation's login",
        f'<p>You go on to <a href="{href}">{escape(host)}</a>.</p>',
        f'<meta http-equiv="refresh" content="0; url={href}">',
    )


def _field(field: Field, typed: str, *, focus: bool, refused: bool) -> str:
    described = [f"{field.name}-hint"] if field.hint else []
    described += ["said"] if refused else []
    more = field.more
    if described:
        more += f' aria-describedby="{" ".join(described)}"'
    if focus:
        more += " autofocus"
    if typed:
        more += f' value="{escape(typed)}"'
    hint = f'<p class="hint" id="{field.name}-hint">{escape(field.hint)}</p>' if field.hint else ""
    return (
        f'<label for="{field.name}">{escape(field.label)}</label>'
        f'<input id="{field.name}" name="{field.name}" {more}>{hint}'
    )


def _ways(form: Form, *, provider: bool) -> str:
    """Return the other ways in."""
    if form is not LOGIN:
        return '<ul class="ways"><li><a href="/login">Log in instead</a></li></ul>'
    organisation = (
        '<form method="post" action="/login/provider">'
        '<button class="other">Use your organisation\'s login</button></form>'
        if provider
        else ""
    )
    return (
        '<button class="other" id="passkey" type="button" hidden>Use a passkey</button>'
        f'<p class="said" id="fault" role="status"></p>{organisation}'
        '<ul class="ways"><li><a href="/invite">I was invited</a></li>'
        '<li><a href="/reset">I forgot my password</a></li></ul>'
    )


def _page(title: str, body: str, head: str = "") -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(title)} · Afield</title>"
        f'<link rel="stylesheet" href="/login.css"><script defer src="/login.js"></script>{head}'
        f'</head><body><main><p class="mark">Afield</p><h1>{escape(title)}</h1>{body}</main></body>'
        "</html>"
    )


STYLE = """\
:root {
  color-scheme: light dark;
  --ground: #fbfbfa; --sheet: #fff; --ink: #1c1f23; --soft: #5a6169; --line: #c3c8cd;
  --deed: #1f5a8a; --on-deed: #fff; --fault: #a3221c;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #15181b; --sheet: #1c2024; --ink: #e7e9eb; --soft: #a3abb3; --line: #4a525a;
    --deed: #8cc0ea; --on-deed: #10202e; --fault: #ff9a92;
  }
}
* { box-sizing: border-box }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif }
main { max-width: 25rem; margin: 10vh auto 2rem; padding: 2rem; background: var(--sheet);
  border: 1px solid var(--line); border-radius: .5rem }
.mark { margin: 0; color: var(--soft); font-weight: 600 }
h1 { margin: 0 0 1rem; font-size: 1.5rem; line-height: 1.25 }
p { margin: 0 0 1rem }
label { display: block; margin: 1rem 0 .25rem; font-weight: 600 }
input, button { width: 100%; min-height: 2.75rem; padding: .5rem .75rem; font: inherit;
  color: inherit; border-radius: .25rem; border: 1px solid var(--line) }
input { background: var(--ground); border-color: var(--soft) }
.hint { margin: .25rem 0 0; color: var(--soft); font-size: .875rem }
button { margin-top: 1.5rem; background: var(--deed); border-color: var(--deed);
  color: var(--on-deed); font-weight: 600; cursor: pointer }
button.other { margin-top: .75rem; background: none; color: var(--deed) }
:focus-visible { outline: 3px solid var(--deed); outline-offset: 2px }
.said { color: var(--fault); font-weight: 600 }
.said:empty { display: none }
.ways { margin: 1.5rem 0 0; padding: 0; list-style: none }
.ways a { display: inline-block; padding: .375rem 0 }
a { color: var(--deed) }
@media (max-width: 30rem) {
  body { background: var(--sheet) }
  main { margin: 0; padding: 1.25rem; border: 0 }
}
"""
