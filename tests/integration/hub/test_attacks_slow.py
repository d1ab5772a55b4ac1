"""Holding the server's places: heads and bodies that trickle, answers that nobody reads."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading

import pytest
import uvicorn
from uvicorn.protocols.http import h11_impl

from afield.hub import patience

LONG = 60.0


class Slow:
    """An app that answers when it is told to, reads bodies, and sends without end."""

    def __init__(self):
        self.told = threading.Event()
        self.begun = threading.Event()

    async def __call__(self, scope, receive, send):
        assert scope["type"] == "http"
        if scope["path"] == "/body":
            while (await receive()).get("more_body"):
                pass
        if scope["path"] == "/wait":
            self.begun.set()
            await asyncio.to_thread(self.told.wait, LONG)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        if scope["path"] == "/endless":
            while True:
                message = {"type": "http.response.body", "body": b"x" * 65536, "more_body": True}
                await send(message)
                await asyncio.sleep(0)
        await send({"type": "http.response.body", "body": b"done"})


@pytest.fixture
def at():
    """Return the app, and the address at which it answers."""
    app = Slow()
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    config = uvicorn.Config(
        app, http=patience.patient(0.5), ws="none", lifespan="off", log_config=None,
        timeout_graceful_shutdown=1,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield app, listener.getsockname()
    app.told.set()
    server.should_exit = True
    thread.join(LONG)
    listener.close()


def connected(address):
    found = socket.create_connection(address, LONG)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    return contextlib.closing(found)


def ends(client, trickle=b""):
    """Return once the server has ended a connection, on which something trickles meanwhile."""
    client.settimeout(0.1)
    for _ in range(int(LONG * 10)):
        try:
            if not client.recv(65536):
                return True
        except TimeoutError:
            pass
        except OSError:
            return True
        with contextlib.suppress(OSError):
            client.sendall(trickle)
    return False


@pytest.mark.parametrize(
    ("begin", "trickle"),
    [
        (b"", b""),
        (b"GET / HT", b""),
        (b"GET / HTTP/1.1\r\nHost: a\r\n", b"x: y\r\n"),
        (b"POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n", b"x"),
        (b"POST /body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    ],
)
def test_who_sends_next_to_nothing_is_hung_up_on_and_others_are_answered(at, begin, trickle):
    app, address = at
    with connected(address) as honest, connected(address) as slow:
        honest.sendall(b"GET /wait HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert app.begun.wait(LONG)
        slow.sendall(begin)
        assert ends(slow, trickle)
        app.told.set()
        assert b"done" in b"".join(iter(lambda: honest.recv(65536), b""))


def test_who_reads_nothing_of_an_answer_is_hung_up_on(at):
    _, address = at
    with connected(address) as slow:
        slow.sendall(b"GET /endless HTTP/1.1\r\nHost: a\r\n\r\n")
        slow.settimeout(LONG)
        gone = False
        for _ in range(int(LONG * 10)):
            threading.Event().wait(0.1)
            try:
                slow.sendall(b"\r\n")
            except OSError:
                gone = True
                break
        assert gone


def test_the_protocols_that_uvicorn_may_choose_have_what_is_looked_at():
    for name in ("cycle", "flow", "transport", "loop"):
        assert name in h11_impl.H11Protocol.__init__.__code__.co_names
    for name in ("more_body", "response_complete", "waiting_for_100_continue"):
        assert name in h11_impl.RequestResponseCycle.__init__.__code__.co_names
