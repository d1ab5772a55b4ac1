"""A server as its own process, for tests that need a real socket, signals or several workers."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

WAIT_S = 120


class Served:
    """A running server: `url` is what it said, `lines` all that it wrote to stderr."""

    def __init__(self, process):
        self.process = process
        self.lines = []
        self._said = threading.Event()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self):
        for line in self.process.stderr:
            self.lines.append(line)
            if "answers at" in line:
                self._said.set()
        self._said.set()

    def wait(self):
        """Return once it answers."""
        assert self._said.wait(WAIT_S)
        assert any("answers at" in line for line in self.lines), "".join(self.lines)
        return self

    @property
    def port(self):
        found = re.search(r"(?:port |:)(\d+)\b(?! for)|:(\d+) for", "".join(self.lines))
        return int(found[1] or found[2])

    def workers(self):
        """Return the processes that answer, of several."""
        return [
            int(entry.name)
            for entry in Path("/proc").iterdir()
            if _parent(entry) == self.process.pid and b"spawn_main" in _words(entry)
        ]

    def stop(self, number=signal.SIGTERM):
        """Ask it to end; return its exit code."""
        self.process.send_signal(number)
        return self.end()

    def end(self):
        """Wait for its end; return its exit code."""
        code = self.process.wait(WAIT_S)
        self._reader.join(WAIT_S)
        return code


@contextmanager
def served(*arguments, folder, **environment):
    """Run `afield` with these arguments as a server in a folder until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", "afield", *map(str, arguments)],
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    found = Served(process)
    try:
        yield found
    finally:
        if process.poll() is None:
            found.stop()
        found.end()
        process.stderr.close()


def refused(*arguments, folder):
    """Run `afield` with arguments that it refuses; return its exit code and words."""
    done = subprocess.run(
        [sys.executable, "-m", "afield", *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )
    return done.returncode, done.stderr


def _parent(process):
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return None


def _words(process):
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""
