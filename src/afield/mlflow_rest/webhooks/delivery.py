"""Sending what happened: a few threads, begun with the first delivery; no request waits for them.

A try that fails for a reason that may pass is made again, later each time; where another address is
told in the answer, nobody goes there. Secrets and answers are in no log.
"""

from __future__ import annotations

import base64
import hashlib
import heapq
import hmac
import http.client
import json
import logging
import random
import socket
import sqlite3
import ssl
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from cryptography.fernet import InvalidToken

from afield.mlflow_rest.errors import Rest
from afield.mlflow_rest.webhooks import limits
from afield.mlflow_rest.webhooks.address import Allowed, Forbidden
from afield.mlflow_rest.webhooks.kept import ACTIVE, Event, Webhooks
from afield.mlflow_rest.webhooks.waiting import Delivery, Waiting

log = logging.getLogger(__name__)
_LATER = frozenset({429, 500, 502, 503, 504})
_LATER_S = 0.1
"""After what another holds is free: clocks of threads are not that exact."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What a try came to: a status and the beginning of a body, or why there is none."""

    status: int | None = None
    body: str | None = None
    error: str | None = None
    may_pass: bool = False

    @property
    def good(self) -> bool:
        """Whether the other side took it."""
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004 - HTTP's


@dataclass(order=True, slots=True)
class _Due:
    due_s: float
    number: int
    delivery: Delivery = field(compare=False)


class Sender:
    """Delivers to the webhooks of one workspace.

    Args:
        kept: where they lie.
        allowed: where they may lead.
        first_wait_s: how long it waits after the first try that failed.
        waiting: keeps what is to be sent.
    """

    def __init__(
        self,
        kept: Webhooks,
        allowed: Allowed,
        first_wait_s: float = limits.FIRST_WAIT_S,
        waiting: Waiting | None = None,
    ) -> None:
        self._kept = kept
        self._allowed = allowed
        self._first_wait_s = first_wait_s
        self._waiting = waiting or Waiting(kept.folder)
        self._due: list[_Due] = []
        self._changed = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._number = 0
        self._held_s = time.monotonic()
        self._ending = False

    def keep(self, event: Event, data: Mapping[str, Any]) -> Callable[[], None]:
        """Keep an event for all who want it, durably; what is returned begins to deliver it."""
        text, found = body(event, data), []
        for webhook in self._kept.for_event(event):
            one = Delivery(str(uuid.uuid4()), webhook.id, text)
            if self._waiting.add(one):
                found.append(one)
            else:
                log.warning("webhook %s: too many deliveries wait; one is dropped", webhook.id)
        return lambda: self._send(found)

    def resume(self) -> None:
        """Deliver what was left waiting, now or when those who were to send it are gone."""
        threading.Thread(target=self._resume, name="afield-webhooks-left", daemon=True).start()

    def close(self) -> None:
        """End; what is not delivered by then waits for the next who resumes."""
        with self._changed:
            self._ending = True
            self._changed.notify_all()
        end_s = time.monotonic() + limits.STOP_WITHIN_S
        for thread in self._threads:
            thread.join(max(0.0, end_s - time.monotonic()))
        self._waiting.release()

    def now(self, known: str, event: Event, data: Mapping[str, Any]) -> Answered:
        """Deliver one example, in this thread, and return what it came to.

        Raises:
            Rest: there is no such webhook.
        """
        return self._try(known, str(uuid.uuid4()), body(event, data))

    def _resume(self) -> None:
        while not self._ending:
            try:
                self._send(self._waiting.take())
                left_s = self._waiting.others_s()
            except sqlite3.Error:
                log.exception("deliveries that wait cannot be read")
                return
            if left_s is None:
                return
            with self._changed:
                self._changed.wait_for(lambda: self._ending, left_s + _LATER_S)

    def _send(self, found: Iterable[Delivery]) -> None:
        for one in found:
            self._put(one, 0.0)

    def _put(self, one: Delivery, wait_s: float) -> None:
        with self._changed:
            self._number += 1
            heapq.heappush(self._due, _Due(time.monotonic() + wait_s, self._number, one))
            if len(self._threads) < limits.SENDERS and not self._ending:
                thread = threading.Thread(target=self._work, name="afield-webhooks", daemon=True)
                self._threads.append(thread)
                thread.start()
            self._changed.notify()

    def _work(self) -> None:
        while True:
            one = self._next()
            if one is None:
                return
            try:
                self._deliver(one)
            except Exception:
                log.exception("webhook %s: a bug of ours", one.webhook)

    def _next(self) -> Delivery | None:
        with self._changed:
            while not self._ending:
                self._hold()
                left_s = self._due[0].due_s - time.monotonic() if self._due else None
                if left_s is not None and left_s <= 0:
                    return heapq.heappop(self._due).delivery
                self._changed.wait(None if left_s is None else min(left_s, limits.HOLD_EVERY_S))
        return None

    def _hold(self) -> None:
        """Say that this process goes on, now and then, while anything waits for it."""
        now_s = time.monotonic()
        if self._due and now_s - self._held_s >= limits.HOLD_EVERY_S:
            self._held_s = now_s
            with suppress(sqlite3.Error):  # said again the next time
                self._waiting.hold()

    def _deliver(self, one: Delivery) -> None:
        try:
            if self._kept.get(one.webhook).status != ACTIVE:
                self._waiting.done(one)
                return
            found = self._try(one.webhook, one.id, one.body)
        except Rest:  # it was deleted in between
            self._waiting.done(one)
            return
        one = one._replace(tries=one.tries + 1)
        why = found.error or f"it answered {found.status}"
        if found.good or not found.may_pass or one.tries >= limits.TRIES:
            self._waiting.done(one)
            if not found.good:
                log.warning("webhook %s: not delivered, tries: %d: %s", one.webhook, one.tries, why)
            return
        self._waiting.tried(one)
        wait_s = self._first_wait_s * 2 ** (one.tries - 1) * (1 + random.random())  # noqa: S311 - no secret
        self._put(one, wait_s)

    def _try(self, known: str, delivery: str, text: str) -> Answered:
        webhook = self._kept.get(known)
        sent_s = str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "afield",
            "X-MLflow-Delivery-Id": delivery,
            "X-MLflow-Timestamp": sent_s,
        }
        try:
            secret = self._kept.secret(known)
            if secret is not None:
                headers["X-MLflow-Signature"] = signature(secret, delivery, sent_s, text)
            return post(webhook.url, self._allowed, text.encode(), headers)
        except Forbidden as error:
            return Answered(error=str(error))
        except InvalidToken:
            return Answered(error="its secret cannot be read: the key is another")
        except (OSError, http.client.HTTPException, ValueError) as error:
            return Answered(error=f"{type(error).__name__}: {error}"[:500], may_pass=True)


def body(event: Event, data: Mapping[str, Any]) -> str:
    """Return what is sent of an event."""
    told = {
        "entity": event.entity.lower(),
        "action": event.action.lower(),
        "timestamp": datetime.now(UTC).isoformat(),
        "data": data,
    }
    return json.dumps(told)


def signature(secret: str, delivery: str, sent_s: str, text: str) -> str:
    """Return the signature of a delivery, as MLflow's receivers check it.

    HMAC-SHA256 of `id.timestamp.body` in Base64 behind `v1,`: Standard Webhooks' scheme.
    """
    signed = f"{delivery}.{sent_s}.{text}".encode()
    made = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(made).decode()}"


def post(url: str, allowed: Allowed, content: bytes, headers: dict[str, str]) -> Answered:
    """Send to the one address that was judged; no proxy, no redirect, and an end in time."""
    parts = urlsplit(url)
    host, plain = parts.hostname or "", parts.scheme == "http"
    port = parts.port or (80 if plain else 443)
    address = allowed.resolved(host, port, plain=plain)
    connection = http.client.HTTPConnection(host, port, timeout=limits.CONNECT_S)
    connection.sock = socket.create_connection((address, port), timeout=limits.CONNECT_S)
    ending = threading.Timer(limits.TRY_S, _cut, (connection,))
    ending.daemon = True
    ending.start()
    try:
        if not plain:
            connection.sock = found = ssl.create_default_context().wrap_socket(
                connection.sock, server_hostname=host, do_handshake_on_connect=False
            )
            found.do_handshake()
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, content, {**headers, "Host": parts.netloc})
        answer = connection.getresponse()
        text = answer.read(limits.ANSWER_BYTES_MAX).decode("utf-8", "replace")
        return Answered(answer.status, text, may_pass=answer.status in _LATER)
    finally:
        ending.cancel()
        connection.close()


def _cut(connection: http.client.HTTPConnection) -> None:
    with suppress(OSError, AttributeError):
        connection.sock.shutdown(socket.SHUT_RDWR)
