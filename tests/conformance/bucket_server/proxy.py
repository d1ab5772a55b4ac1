"""Something between a program and an S3 server that lets less through than it should.

In the process of the tests; speaks HTTP to both sides and knows nothing of S3.
"""

from __future__ import annotations

import http.client
import socket
import threading
import urllib.parse
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PIECE_BYTES = 64 << 10


class Link:
    """How the proxy behaves, and what it counted.

    Attributes:
        exclusive: what is done with `If-None-Match`: `known`, `ignored` or `refused`.
        every_bytes: connections are cut whenever so many bytes of bodies went through.
        sent_bytes: of bodies, to the server.
        breaks: how often a connection was cut.
    """

    def __init__(self, url, *, exclusive="known", every_bytes=None):
        self.host = urllib.parse.urlsplit(url).netloc
        self.exclusive, self.every_bytes = exclusive, every_bytes
        self.sent_bytes = self.breaks = 0
        self._since_bytes = 0

    def carries(self, size_bytes, *, sent):
        """Count bytes; tell whether they got through."""
        self.sent_bytes += size_bytes if sent else 0
        self._since_bytes += size_bytes
        if self.every_bytes is None or self._since_bytes <= self.every_bytes:
            return True
        self._since_bytes, self.breaks = 0, self.breaks + 1
        return False


class Handler(BaseHTTPRequestHandler):
    """Passes one request on, or cuts the connection in the middle of it."""

    link: Link

    def answer(self):
        """Pass a request on and its answer back."""
        body = b""
        length = int(self.headers.get("content-length") or 0)
        while len(body) < length:
            piece = self.rfile.read(min(PIECE_BYTES, length - len(body)))
            if not piece or not self.link.carries(len(piece), sent=True):
                return self.cut()
            body += piece
        headers = dict(self.headers.items())
        wanted = self.link.exclusive != "known" and headers.pop("if-none-match", None)
        if wanted and self.link.exclusive == "refused":
            return self.send_error(501)
        upstream = http.client.HTTPConnection(self.link.host, timeout=60)
        upstream.request(self.command, self.path, body, headers)
        found = upstream.getresponse()
        data = found.read()
        upstream.close()
        self.send_response(found.status)
        for name, value in found.getheaders():
            if name.lower() not in {"transfer-encoding", "connection", "server", "date"}:
                self.send_header(name, value)
        self.end_headers()
        for start in range(0, len(data), PIECE_BYTES):
            piece = data[start : start + PIECE_BYTES]
            if not self.link.carries(len(piece), sent=False):
                return self.cut()
            self.wfile.write(piece)
        return None

    def cut(self):
        """Cut the connection."""
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = answer  # noqa: N815 - their names there

    def log_message(self, *_words):
        """Say nothing."""


@contextmanager
def proxy(link):
    """Yield the address of a server that passes on to the link's."""
    handler = type("Bound", (Handler,), {"link": link})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
