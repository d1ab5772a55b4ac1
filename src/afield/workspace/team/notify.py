"""Bringing to this copy's member what waits for them, outside the page and the terminal.

Never needed to work: what is not brought stands in the inbox all the same. What was brought is
known in this copy alone.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from typing import Any, NamedTuple

import msgspec

from afield.kernel.errors import Busy, Refused, Unreachable
from afield.kernel.ids import MemberId, random_id
from afield.teamwork.delivery import deliver_ms
from afield.workspace import layout
from afield.workspace.team.digest import Digest, digest
from afield.workspace.team.hours import calendar_of
from afield.workspace.team.inbox import Letter, inbox
from afield.workspace.team.oncall import oncall_at
from afield.workspace.team.standup_days import standup_day
from afield.workspace.workspace import Workspace

PAGES = frozenset({"firing", "handover"})
"""What is worth waking somebody who agreed to that; an urgent ask is, too."""

TIMEOUT_S = 15.0
_NAME = "notified.json"
_LOCK = "notified.lock"
_KEYS_MAX = 20_000


May = Callable[[str], bool]
"""Tells of a project whether somebody may read what is said in it."""


def _anything(_: str) -> bool:
    return True


class Channel(NamedTuple):
    """A way to a person.

    Attributes:
        name: what it is kept in mind by; says nothing of its address or secrets.
        send: takes what is brought as a document, and in words; raises ChannelUnreachable.
    """

    name: str
    send: Callable[[dict[str, Any], str], None]


class ChannelMissing(Refused):
    """What a channel needs is not installed."""

    code = "team.channel_missing"


class ChannelUnreachable(Unreachable):
    """A channel did not take what was brought; it is tried again the next time."""

    code = "team.channel_unreachable"


def waiting(
    workspace: Workspace, member: MemberId, channel: str = "", may: May = _anything
) -> list[Letter]:
    """Return what is to be brought to a member by a channel now, the most pressing first.

    That is what is in their inbox, came up so that its time is now (see `teamwork.delivery`), and
    was neither read here nor brought from here by that channel (by any, when none is named).
    `may` tells of what projects they may read.
    """
    now_ms = workspace.record.now_ms()
    return [
        letter
        for letter, at_ms in _letters(workspace, member, now_ms, channel)
        if at_ms is not None and at_ms <= now_ms and may(letter.project)
    ]


def held(workspace: Workspace, member: MemberId) -> tuple[int, int | None]:
    """Return how much waits for a member's quiet to end, and when the first of it is brought.

    In Unix milliseconds; None: nothing of it within a year.
    """
    now_ms = workspace.record.now_ms()
    found = _letters(workspace, member, now_ms)
    later = [at_ms for _, at_ms in found if at_ms is None or at_ms > now_ms]
    return len(later), min((at_ms for at_ms in later if at_ms is not None), default=None)


def _letters(
    workspace: Workspace, member: MemberId, now_ms: int, channel: str = ""
) -> Iterator[tuple[Letter, int | None]]:
    """Yield what was neither read nor brought, and when it is to be; see `deliver_ms`."""
    calendar = calendar_of(workspace, member)
    brought = _keys(workspace, member, channel)
    on_call = member in oncall_at(workspace, now_ms)
    for letter in inbox(workspace, member):
        if not letter.unread or letter.key in brought:
            continue
        pages = letter.kind in PAGES or letter.urgent
        urgent = letter.urgent
        yield letter, deliver_ms(calendar, now_ms, urgent=urgent, pages=pages, on_call=on_call)


def bring(
    workspace: Workspace,
    member: MemberId,
    words: Callable[[Letter], str],
    channels: Iterable[Channel],
    may: May = _anything,
) -> list[Letter]:
    """Bring what waits to a member by every channel, once by each; return what was brought.

    Args:
        workspace: with its tables up to date.
        member: this copy's; of a hub's copy, one who has an account there.
        words: says a letter to a person.
        channels: the ways to them.
        may: tells of what projects they may read.

    Raises:
        ChannelUnreachable: a channel did not take it; it is tried again the next time, and what
            the others took stays brought.
    """
    told: dict[str, Letter] = {}

    def send(channel: Channel) -> list[str]:
        found = waiting(workspace, member, channel.name, may)
        if found:
            document = {"type": "afield.inbox", "items": [asdict(one) for one in found]}
            channel.send(document, "\n\n".join(words(letter) for letter in found))
            told.update((letter.key, letter) for letter in found)
        return [letter.key for letter in found]

    _by_each(workspace, member, channels, send)
    return list(told.values())


def digest_due(workspace: Workspace, member: MemberId, channel: str = "") -> str | None:
    """Return the working day whose digest is to be brought to a member by a channel now, or None.

    That is from its beginning on, not while they are not to be disturbed, and once; by any
    channel, when none is named.
    """
    calendar, now_ms = calendar_of(workspace, member), workspace.record.now_ms()
    day = standup_day(calendar, now_ms).isoformat()
    if deliver_ms(calendar, now_ms) != now_ms:
        return None
    return None if _digest_key(day) in _keys(workspace, member, channel) else day


def bring_digest(
    workspace: Workspace,
    member: MemberId,
    words: Callable[[Digest], str],
    channels: Iterable[Channel],
    shown: Callable[[Digest], Digest] = lambda found: found,
) -> Digest | None:
    """Bring the digest of a member's day by every channel where it is due; return it, if it went.

    What waits for them is told in it, and is not brought again by itself. An empty one is not
    sent, and is over with that. `shown` leaves out what they may not read. See `bring`, also for
    the fault.
    """
    brought: list[Digest] = []

    def send(channel: Channel) -> list[str]:
        if digest_due(workspace, member, channel.name) is None:
            return []
        found = shown(digest(workspace, member))
        if found.needs or found.standups:
            document = {"type": "afield.digest", **msgspec.to_builtins(found)}
            channel.send(document, words(found))
            brought.append(found)
        return [_digest_key(found.day), *(letter.key for letter in found.needs)]

    _by_each(workspace, member, channels, send)
    return brought[0] if brought else None


def _digest_key(day: str) -> str:
    return f"digest {day}"


def _by_each(
    workspace: Workspace,
    member: MemberId,
    channels: Iterable[Channel],
    send: Callable[[Channel], list[str]],
) -> None:
    """Send by each channel, and keep in mind the keys that it took; the last fault is raised.

    Of several at it at once one does: the others leave it to that one.
    """
    files, cache = workspace.record.files, f"{workspace.record.workspace}/{layout.CACHE}"
    fault: ChannelUnreachable | None = None
    with contextlib.ExitStack() as held:
        try:
            files.make_folder(cache)
            held.enter_context(files.lock(f"{cache}/{_LOCK}", wait_s=0))
        except Busy:
            return
        except OSError:  # on a disk that is read only nothing is kept in mind either
            pass
        for channel in channels:
            try:
                keys = send(channel)
            except ChannelUnreachable as error:
                fault = error
                continue
            if keys:
                _remember(workspace, f"{member} {channel.name}", keys)
    if fault is not None:
        raise fault


def by_apprise(urls: Iterable[str], title: str) -> Channel:
    """Return a channel that goes through Apprise: mail, chats and a hundred others by address.

    Raises:
        ChannelMissing: Apprise is not installed, or an address is none that it knows.
    """
    try:
        import apprise
    except ImportError as error:
        hint = 'pip install "afield[notify]"'
        raise ChannelMissing("cannot send", "Apprise", "it is not installed", hint=hint) from error
    sender = apprise.Apprise()
    for url in urls:
        if not sender.add(url):
            kind = url.partition(":")[0]
            raise ChannelMissing("cannot send", f"{kind}://…", "no address that Apprise knows")

    def send(_: dict[str, Any], text: str) -> None:
        if not sender.notify(body=text, title=title):
            raise ChannelUnreachable("was not taken", "Apprise", "a service refused or is away")

    return Channel("apprise", send)


def by_webhook(url: str, secret: bytes, now_s: Callable[[], int]) -> Channel:
    """Return a channel that posts JSON to an address, signed (`signed_headers`).

    Raises:
        ChannelMissing: the address is none of HTTP.
    """
    if not url.startswith(("http://", "https://")):
        raise ChannelMissing("cannot post", url.partition(":")[0], "no address of HTTP")

    def send(document: dict[str, Any], _: str) -> None:
        body = json.dumps(document)
        headers = signed_headers(secret, body, now_s())
        asked = urllib.request.Request(url, body.encode(), headers)  # noqa: S310 - checked above
        try:
            urllib.request.urlopen(asked, timeout=TIMEOUT_S).close()  # noqa: S310
        except OSError as error:  # of which those of urllib are, too
            if isinstance(error, urllib.error.HTTPError):
                error.close()
            host = url.partition("://")[2].partition("/")[0].rpartition("@")[2]
            raise ChannelUnreachable("was not taken", host, _words(error)) from error

    return Channel("webhook", send)


def signed_headers(secret: bytes, body: str, at_s: int) -> dict[str, str]:
    """Return the headers of a post of JSON, signed as Standard Webhooks 1.0 has it.

    `webhook-id`, `webhook-timestamp` and `webhook-signature` (`v1,` and the base64 of HMAC-SHA256
    over `id.timestamp.body`) let the receiver tell who sent it, and when.
    """
    id_ = f"msg_{random_id(16)}"
    signed = hmac.new(secret, f"{id_}.{at_s}.{body}".encode(), hashlib.sha256).digest()
    return {
        "Content-Type": "application/json",
        "webhook-id": id_,
        "webhook-timestamp": str(at_s),
        "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
    }


def _words(error: OSError) -> str:
    """Return why in a person's words, without the number that a system has for it."""
    if isinstance(error, urllib.error.HTTPError):
        return str(error)
    why = error.reason if isinstance(error, urllib.error.URLError) else error
    return (isinstance(why, OSError) and why.strerror) or str(why)


def secret_of(data: bytes) -> bytes:
    """Return the secret that a file holds: its bytes, or what stands after `whsec_` in base64.

    A line's end behind it is no part of it. The form is that of Standard Webhooks 1.0.

    Raises:
        ChannelMissing: there is none, or it is no base64.
    """
    found = data.removesuffix(b"\n").removesuffix(b"\r")
    if found.startswith(b"whsec_"):
        try:
            found = base64.b64decode(found.removeprefix(b"whsec_"), validate=True)
        except ValueError as error:
            raise ChannelMissing("cannot sign", "whsec_…", "it is no base64") from error
    if not found:
        raise ChannelMissing("cannot sign with nothing", why="the secret is empty")
    return found


def _path(workspace: Workspace) -> str:
    return f"{workspace.record.workspace}/{layout.CACHE}/{_NAME}"


def _brought(workspace: Workspace) -> dict[str, list[str]]:
    try:
        data = workspace.record.files.read(_path(workspace))
        return msgspec.json.decode(data, type=dict[str, list[str]])
    except (OSError, msgspec.MsgspecError):
        return {}


def _keys(workspace: Workspace, member: MemberId, channel: str) -> frozenset[str]:
    """Return the keys of what was brought to a member by a channel; by any, when none is named."""
    return frozenset(
        key
        for place, keys in _brought(workspace).items()
        if place == f"{member} {channel}" or (not channel and place.startswith(f"{member} "))
        for key in keys
    )


def _remember(workspace: Workspace, place: str, keys: Iterable[str]) -> None:
    known: dict[str, Any] = _brought(workspace)
    known[place] = list(dict.fromkeys([*known.get(place, []), *keys]))[-_KEYS_MAX:]
    files = workspace.record.files
    with contextlib.suppress(OSError):
        files.write_new(_path(workspace), msgspec.json.encode(known))
