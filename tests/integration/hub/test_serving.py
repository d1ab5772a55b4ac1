"""`afield up` as people start and stop it: real sockets, signals, several processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import httpx2
import pytest
from serving import WAIT_S, refused, served

from afield.hub.serve import listen
from afield.workspace.workspace import Workspace

needs_proc = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="not run: needs /proc to find the workers"
)
needs_signals = pytest.mark.skipif(
    sys.platform == "win32", reason="not run: Windows has no SIGTERM that can be handled"
)


def client(server):
    return httpx2.Client(base_url=f"http://127.0.0.1:{server.port}", timeout=WAIT_S)


def notes(folder):
    with Workspace.open(folder) as workspace:
        return sorted(note.text for note in workspace.run("first").notes)


@needs_signals
def test_it_says_where_it_answers_and_ends_well_when_asked(folder):
    with served("up", "--port", "0", folder=folder) as server:
        server.wait()
        with client(server) as asking:
            assert asking.get("/health").text == "OK"
            assert len(asking.get("/api/v1/runs").json()["runs"]) == 3
        assert server.stop(signal.SIGINT) == 0
        said = "".join(server.lines)
        assert f"export MLFLOW_TRACKING_URI=http://127.0.0.1:{server.port}\n" in said
        assert "Traceback" not in said


@needs_signals
def test_a_page_that_waits_for_news_does_not_keep_the_server_from_ending(folder):
    with served("up", "--port", "0", folder=folder) as server:
        server.wait()
        with client(server) as asking, asking.stream("GET", "/api/v1/events") as news:
            lines = news.iter_lines()
            assert next(lines) == "event: position"
            assert server.stop() == 0
            list(lines)  # ended, not torn
        assert "graceful shutdown exceeded" not in "".join(server.lines)


def test_another_host_is_refused_and_told_of_the_hub(folder):
    code, said = refused("up", "--host", "0.0.0.0", folder=folder)  # noqa: S104 - refused
    assert code == 1
    assert "answers this machine alone" in said
    assert "afield hub" in said


def test_a_port_that_is_taken_is_told_with_one_that_is_free(folder):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        code, said = refused("up", "--port", port, folder=folder)
    assert code == 11
    assert f"port: `{port}`" in said
    assert "hint: afield up --port " in said


@needs_signals
def test_a_stop_under_load_loses_nothing_that_was_accepted(folder):
    kept, done = [], threading.Event()

    def write(number):
        with client(server) as asking:
            for count in range(10_000):
                text = f"{number}-{count}"
                try:
                    answer = asking.post("/api/v1/runs/first/notes", json={"text": text})
                except httpx2.TransportError:
                    return
                assert answer.status_code == 201
                kept.append(text)
                if len(kept) > 20:
                    done.set()

    with served("up", "--port", "0", folder=folder) as server:
        server.wait()
        threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        assert done.wait(WAIT_S)
        assert server.stop() == 0
        for thread in threads:
            thread.join(WAIT_S)
    assert notes(folder) == sorted(kept)


def answered(asking):
    """Return how many requests to neither API were answered well, as Prometheus is told."""
    line = 'afield_http_requests_total{part="other",method="GET",status="2xx"} '
    return int((asking.get("/metrics").text.partition(line)[2].split() or ["0"])[0])


@needs_proc
def test_a_worker_that_dies_is_replaced_and_counts_go_on(folder):
    with served("up", "--port", "0", "--workers", "2", folder=folder) as server:
        server.wait()
        with client(server) as asking:
            for _ in range(5):
                asking.get("/health")
            while (counted := answered(asking)) < 5:  # once the answer is on its way
                pass
        before = server.workers()
        assert len(before) == 2
        os.kill(before[0], signal.SIGKILL)
        while len(now := server.workers()) != 2 or before[0] in now:
            threading.Event().wait(0.05)
        with client(server) as asking:
            assert answered(asking) >= counted
        assert server.stop() == 0


@needs_proc
def test_workers_end_when_their_first_process_is_killed(folder):
    with served("up", "--port", "0", "--workers", "2", folder=folder) as server:
        server.wait()
        workers = server.workers()
        server.process.kill()
        server.end()
        for pid in workers:
            while Path(f"/proc/{pid}").exists():
                threading.Event().wait(0.05)


def test_an_answer_does_not_wait_for_the_acknowledgement_of_its_first_part():
    with listen("127.0.0.1", 0) as listener:
        listener.settimeout(WAIT_S)
        with socket.create_connection(listener.getsockname()) as _:
            taken, _address = listener.accept()
            with taken:
                assert taken.proto == socket.IPPROTO_TCP  # what asyncio asks for, to send at once


def test_starting_loads_no_framework_that_the_first_answer_does_without():
    code = (
        "import sys; import afield.hub.serve\n"
        "print([name for name in ('fastapi', 'pydantic', 'pyarrow', 'argon2', 'fido2',"
        " 'opentelemetry') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=WAIT_S
    )
    assert done.stdout.strip() == "[]"
