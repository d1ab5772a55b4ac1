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
"""Deliveries that wait in one process; what comes beyond is dropped, and said in the log."""

TRIES = 5
FIRST_WAIT_S = 1.0
"""After the first try that failed; doubled with each."""

CONNECT_S = 5.0
TRY_S = 15.0
"""How long one try may take in all, whatever the other side trickles."""

ANSWER_BYTES_MAX = 4096
"""What is read of an answer, for whoever tests a webhook."""
