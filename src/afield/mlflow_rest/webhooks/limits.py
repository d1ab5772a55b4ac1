"""Bounds of webhooks."""

from __future__ import annotations

PAGE = 100
PAGE_MAX = 1000
KEPT_MAX = 1000
"""Webhooks that one workspace may have."""

NAME_CHARS_MAX = 63
URL_CHARS_MAX = 2048
DESCRIPTION_CHARS_MAX = 5000
SECRET_CHARS_MAX = 1024

SENDERS = 4
WAITING_MAX = 1000
"""Deliveries that wait; what comes beyond is dropped, and said in the log."""

WAIT_DAYS = 3
"""After so long a delivery that was never made is dropped."""

HELD_S = 90.0
"""What a process that was killed was to send is sent by another after so long."""

HOLD_EVERY_S = 20.0
"""How often a process says that it goes on: more than a try may take, far less than the above."""

STOP_WITHIN_S = 3.0
"""How long a server that ends waits for tries under way; they are made again after its start."""

TRIES = 5
FIRST_WAIT_S = 1.0
"""After the first try that failed; doubled with each."""

CONNECT_S = 5.0
TRY_S = 15.0
"""How long one try may take in all, whatever the other side trickles."""

ANSWER_BYTES_MAX = 4096
"""What is read of an answer, for whoever tests a webhook."""
