"""The socket that a recorded command finds in `MLFLOW_TRACKING_URI`; nobody answers until it asks.

Loaded by every `afield run`, so nothing heavy may be imported here: not even `socket`, whose enums
cost more than all the rest.
"""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from typing import IO, TYPE_CHECKING

import msgspec

from afield.runs.capture.request import Added, Begun

if TYPE_CHECKING:
    from _socket import socket

VARIABLE = "MLFLOW_TRACKING_URI"
ALONGSIDE = ("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "MLFLOW_DISABLE_TELEMETRY")
"""Switched on too: the client prints no addresses that lead nowhere once the run has ended, and
tells nobody else of the run."""

USER = "afield"
LOG = "mlflow-endpoint.log"
_HOST = "127.0.0.1"
_PROXIES = ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")
_BACKLOG = 128
_STOP_WITHIN_S = 30.0
_STARTS_MAX = 3


class Setup(msgspec.Struct, frozen=True):
    """What the server is told, on its stdin.

    Attributes:
        workspace: the folder of the record.
        run: whose endpoint it is.
        secret: what a request must know.
        descriptor: of the socket.
        reproduces: the run that this one repeats, if it does.
    """

    workspace: str
    run: str
    secret: str
    descriptor: int
    reproduces: str | None = None


@contextlib.contextmanager
def mlflow_endpoint(begun: Begun) -> Iterator[Added]:
    """Hold an endpoint open while a command runs, unless its MLflow is told to go elsewhere.

    Raises:
        OSError: the system has no socket to give.
    """
    if os.name != "posix" or not _is_free(begun.environ):
        yield Added()
        return
    endpoint = Endpoint(begun)
    try:
        address = f"{_HOST}:{endpoint.port}"
        uri = f"http://{USER}:{endpoint.secret}@{address}"
        more = {name: begun.environ.get(name, "true") for name in ALONGSIDE}
        yield Added(
            named="mlflow",
            variables={VARIABLE: uri, **more},
            secrets={VARIABLE: uri.encode(), f"{VARIABLE}'s password": endpoint.secret.encode()},
        )
    finally:
        endpoint.close()


def _is_free(environ: Mapping[str, str]) -> bool:
    """Tell whether the client would come to us, and no person wants it elsewhere."""
    told = environ.get(VARIABLE, "")
    if told and not (told.startswith(f"http://{USER}:") and "AFIELD_RUN" in environ):
        return False  # a run inside a recorded one gets an endpoint of its own
    if not any(environ.get(name) for name in _PROXIES):
        return True
    past = f"{environ.get('no_proxy', '')},{environ.get('NO_PROXY', '')}".split(",")
    return any(name.strip() in (_HOST, "*") for name in past)


class Endpoint:
    """A socket, and the process that answers there once somebody has come.

    Attributes:
        port: the socket's.
        secret: what a request must know.

    Raises:
        OSError: the system has none to give.
    """

    def __init__(self, begun: Begun) -> None:
        self._begun = begun
        self._listener = _listen()
        self.port: int = self._listener.getsockname()[1]
        self.secret = os.urandom(20).hex()
        self._lock = threading.Lock()
        self._closing = False
        self._process: subprocess.Popen[bytes] | None = None
        self._woken, self._wake = os.pipe()
        self._thread = threading.Thread(target=self._watch, name="afield-mlflow", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the server, when there is one; what it was asked is answered and kept first."""
        with self._lock:
            self._closing = True
            process = self._process
        os.close(self._wake)
        if process is not None:
            _hang_up(process)
        self._thread.join(_STOP_WITHIN_S)
        if self._thread.is_alive() and process is not None:
            process.kill()
            self._begun.warn("what MLflow logged may be incomplete: its endpoint did not end")
            self._thread.join()
        self._listener.close()
        os.close(self._woken)

    def _watch(self) -> None:
        """Wait for somebody, answer, and begin again should the server fall."""
        for _ in range(_STARTS_MAX):
            if not self._somebody_came():
                return
            process = self._start()
            if process is None:
                return
            code = process.wait()
            _hang_up(process)
            if code == 0 and self._closing:
                return
            why = f"it ended with {code}; {LOG} in the workspace's cache says why"
            self._begun.warn(f"what MLflow logged may be incomplete: its endpoint failed: {why}")
            if self._closing:
                return
        self._listener.close()  # the client is refused, and need not wait

    def _somebody_came(self) -> bool:
        poll = select.poll()
        poll.register(self._listener.fileno(), select.POLLIN)
        poll.register(self._woken, select.POLLIN)
        poll.poll()
        return not self._closing

    def _start(self) -> subprocess.Popen[bytes] | None:
        begun = self._begun
        descriptor = self._listener.fileno()
        setup = Setup(begun.workspace, begun.run, self.secret, descriptor, begun.reproduces)
        with self._lock, contextlib.ExitStack() as ends:
            if self._closing:
                return None
            try:
                log: IO[bytes] | int = ends.enter_context(
                    open(os.path.join(begun.workspace, "cache", LOG), "wb")  # noqa: PTH118, PTH123 - start-up path
                )
            except OSError:
                log = subprocess.DEVNULL
            try:
                self._process = process = subprocess.Popen(
                    [sys.executable, "-P", "-m", "afield.hub.private.server"],
                    cwd=begun.workspace,
                    env={**begun.environ, "AFIELD_RUN": begun.run},
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=log,
                    pass_fds=(descriptor,),
                    start_new_session=True,  # a terminal's Ctrl-C is for the command
                )
            except OSError as error:
                begun.warn(f"nothing that MLflow logs is kept: {error.strerror or error}")
                self._listener.close()
                return None
            assert process.stdin is not None
            with contextlib.suppress(OSError):
                process.stdin.write(msgspec.json.encode(setup) + b"\n")
                process.stdin.flush()
            return process


def _hang_up(process: subprocess.Popen[bytes]) -> None:
    """Close the server's stdin, by which it knows that the run has ended, however it has."""
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()


def _listen() -> socket:
    import _socket

    found = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
    try:
        found.bind((_HOST, 0))
        found.listen(_BACKLOG)
        found.setblocking(False)  # noqa: FBT003 - the socket's own signature
    except OSError:
        found.close()
        raise
    return found
