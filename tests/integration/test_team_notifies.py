"""What waits is brought once, in working time, by a signed webhook and by Apprise."""

from __future__ import annotations

import base64
import hashlib
import hmac
import importlib.util
import json
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import msgspec
import pytest
from test_team_decides import exchange, me, team

from afield.members import times
from afield.members.calendar.weekly import from_words
from afield.testing.clock import ManualClock
from afield.workspace.team import asks, oncall
from afield.workspace.team.notify import (
    Channel,
    ChannelMissing,
    ChannelUnreachable,
    bring,
    by_apprise,
    by_webhook,
    held,
    secret_of,
    waiting,
)
from afield.workspace.workspace import Workspace

__all__ = ["team"]

SECRET = b"0123456789abcdef"


@contextmanager
def listening(status=200):
    """Yield an address of loopback and what is posted there."""
    posted = []

    class Taker(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            posted.append((dict(self.headers.items()), body))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_):
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Taker)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}", posted
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def works(copy, rules):
    copy.record.journal.append_many([times.hours(me(copy), from_words(rules), date.min)])
    copy.refresh()


def asked(team, **how):
    ann, bob, _ = team
    asks.ask(ann, "Which split?", me(bob), **how)
    exchange(*team)
    return bob


def test_what_waits_is_brought_once_and_signed(team):
    bob = asked(team)
    works(bob, ["Mon-Sun 00:00-24:00"])
    with listening() as (host, posted):
        send = by_webhook(f"http://{host}/hook", SECRET, lambda: 1_800_000_000)
        assert len(bring(bob, me(bob), lambda letter: letter.title, [send])) == 1
        assert bring(bob, me(bob), lambda letter: letter.title, [send]) == []
    ((headers, body),) = posted
    told = {name.lower(): value for name, value in headers.items()}
    signed = f"{told['webhook-id']}.{told['webhook-timestamp']}.".encode() + body
    right = base64.b64encode(hmac.new(SECRET, signed, hashlib.sha256).digest()).decode()
    assert told["webhook-signature"] == f"v1,{right}"
    assert [one["title"] for one in json.loads(body)["items"]] == ["Which split?"]


def test_of_two_that_bring_at_once_one_does(team):
    bob = asked(team)
    works(bob, ["Mon-Sun 00:00-24:00"])
    sent, words = [], lambda letter: letter.title

    def send(document, _):
        sent.append(document)
        if len(sent) == 1:  # while this one is being sent another process comes
            with Workspace.open(bob.path) as again:
                assert bring(again, me(again), words, [Channel("c", send)]) == []

    assert len(bring(bob, me(bob), words, [Channel("c", send)])) == 1
    assert len(sent) == 1


def test_what_is_due_now_is_due_though_the_clock_goes_on_meanwhile(team, monkeypatch):
    bob = asked(team)
    works(bob, ["Mon-Sun 00:00-24:00"])
    ticking = ManualClock(bob.record.clock.wall_ns(), step_ns=1_000_000)
    monkeypatch.setattr(bob, "record", msgspec.structs.replace(bob.record, clock=ticking))
    assert [letter.title for letter in waiting(bob, me(bob))] == ["Which split?"]
    assert held(bob, me(bob)) == (0, None)


def test_what_a_channel_does_not_take_is_brought_the_next_time(team):
    bob = asked(team)
    works(bob, ["Mon-Sun 00:00-24:00"])
    with listening(status=500) as (host, _):
        send = by_webhook(f"http://{host}/hook", SECRET, lambda: 1)
        with pytest.raises(ChannelUnreachable, match=host):
            bring(bob, me(bob), lambda letter: letter.title, [send])
    assert len(waiting(bob, me(bob))) == 1
    away = by_webhook(f"http://{host}/hook", SECRET, lambda: 1)
    with pytest.raises(ChannelUnreachable, match=f"`{host}`: Connection refused$"):
        bring(bob, me(bob), lambda letter: letter.title, [away])
    with listening() as (good, posted), listening(status=500) as (bad, _):
        ways = [by_webhook(f"http://{good}/", SECRET, lambda: 1)]
        ways.append(by_webhook(f"http://{bad}/", SECRET, lambda: 1)._replace(name="other"))
        for _ in range(3):
            with pytest.raises(ChannelUnreachable, match=bad):
                bring(bob, me(bob), lambda letter: letter.title, ways)
        assert len(posted) == 1, "who took it is not asked again"
    with pytest.raises(ChannelMissing, match="no address of HTTP"):
        by_webhook("file:///etc/passwd", SECRET, lambda: 1)


def test_a_secret_is_the_files_bytes_or_what_stands_after_whsec():
    assert secret_of(b" \x00raw \t\n") == b" \x00raw \t"
    assert secret_of(b"whsec_" + base64.b64encode(SECRET) + b"\r\n") == SECRET
    for bad in (b"", b"\n", b"whsec_?"):
        with pytest.raises(ChannelMissing, match="cannot sign"):
            secret_of(bad)


def test_quiet_hours_hold_all_but_what_pages_who_is_on_call(team):
    bob = asked(team, urgency="urgent")
    works(bob, ["none"])
    assert waiting(bob, me(bob)) == []
    assert held(bob, me(bob)) == (1, None)
    now_ms = bob.record.now_ms()
    oncall.take_call(bob, now_ms - 1, now_ms + 3_600_000)
    assert [one.title for one in waiting(bob, me(bob))] == ["Which split?"]
    assert held(bob, me(bob)) == (0, None)


def test_apprise_takes_it_where_it_is_installed(team):
    if importlib.util.find_spec("apprise") is None:
        pytest.skip("not run: apprise is not installed")
    bob = asked(team)
    works(bob, ["Mon-Sun 00:00-24:00"])
    with listening() as (host, posted):
        send = by_apprise([f"json://{host}/"], "Afield")
        bring(bob, me(bob), lambda letter: letter.title, [send])
    assert json.loads(posted[0][1])["message"] == "Which split?"
    with pytest.raises(ChannelMissing, match="no address that Apprise knows"):
        by_apprise(["nonsense://x"], "Afield")
