"""`afield up` on a record, for as long as tests ask it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest

from afield.hub.page import BUILT


@contextmanager
def served(record):
    """Yield the address of `afield up` on a record."""
    if not (BUILT / "index.html").is_file():
        pytest.skip("not run: the built page is not here (make ui)")
    words = [sys.executable, "-m", "afield", "up", "--port", "0", "--workspace", str(record)]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield re.search(r"http://\S+", process.stderr.readline())[0]
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)
