"""What `afield up` and `afield hub` share: one process or several, and what they are told."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from afield.hub.serve import Setup


def answer(setup: Setup, listener: socket.socket, when_ready: Callable[[], None]) -> None:
    """Answer requests until a signal ends it."""
    if setup.workers == 1:
        from afield.hub.serve import serve

        serve(setup, listener, when_ready=when_ready)
    else:
        from afield.hub.workers import serve_many

        serve_many(setup, listener, when_ready=when_ready)


def tracing(environ: Mapping[str, str]) -> dict[str, str]:
    """Return OpenTelemetry's variables, which say whether and where traces go."""
    return {name: value for name, value in environ.items() if name.startswith("OTEL_")}
