"""What holds for every test, however the suite is started and however busy the machine is."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import signal
import subprocess
import urllib.request
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from afield.projection import Projection
from afield.projection.database import PostgresAt
from afield.testing import postgres

NEVER_SKIPPED_IN_CI = ("h5py", "numpy", "obstore")
"""What a test may lack on a person's machine; where changes are judged it must not."""

INSTALLED_IN_CI = re.compile(
    r"not run: .*(is|are) not (installed|here)|not run: (no|there is no) .* here"
)
ELSEWHERE_IN_CI = re.compile(
    r"not run: (torch|jax|onnx|xgboost|lightgbm|tifffile|cv2|duckdb|tables|joblib|scikit-learn"
    r"|wandb|flask) is not installed"
)
"""What may be absent from `make test` even in CI, since `make libraries` runs it.

What no installation brings (a kernel, rights, a Python that Debian has not) is only said.
"""

settings.register_profile(
    "afield",
    deadline=None,  # how long an example takes says what else the machine does
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("afield")  # over Hypothesis's own for CI, where examples are always the same


def pytest_addoption(parser):
    about = "worlds that the simulation of sync lives through (make simulate: 10,000)"
    parser.addoption("--seeds", type=int, default=1000, help=about)


def pytest_configure():
    hear_signals()
    if os.environ.get("AFIELD_CI"):
        missing = [name for name in NEVER_SKIPPED_IN_CI if not importlib.util.find_spec(name)]
        missing += [name for name in ("git",) if not shutil.which(name)]
        if missing:
            raise pytest.UsageError(f"what the tests need is not here: {', '.join(missing)}")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    """Fail where changes are judged when a test was not run for want of something."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if (
        not os.environ.get("AFIELD_CI")
        or reporter is None
        or hasattr(session.config, "workerinput")
    ):
        return
    reasons = {str(one.longrepr[2]) for one in reporter.stats.get("skipped", ())}
    lacking = sorted(
        why for why in reasons if INSTALLED_IN_CI.search(why) and not ELSEWHERE_IN_CI.search(why)
    )
    for why in lacking:
        reporter.write_line(f"must run in CI: {why}", red=True)
    if lacking and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def hear_signals():
    """Hear signals as a process on a terminal does.

    What a script starts in the background, or under `nohup`, is started with some of them
    ignored, and so would be every process of the tests.
    """
    for name, heard in (
        ("SIGINT", signal.default_int_handler),
        ("SIGQUIT", None),
        ("SIGHUP", None),
    ):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, heard or signal.SIG_DFL)


@pytest.fixture(scope="session")
def s3_server():
    """Yield the address of an S3 server of these tests, in a process of its own."""
    folder = Path(__file__).parents[1] / ".cache" / "moto"
    python = folder / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    lacking = [name for name in ("obstore",) if not importlib.util.find_spec(name)]
    if not (folder / "done").exists():
        lacking.append("the environment of the S3 server (make test makes it)")
    if lacking:
        pytest.skip(f"not run: {', '.join(lacking)} is not here")
    serve = Path(__file__).with_name("conformance") / "bucket_server" / "serve.py"
    with subprocess.Popen(
        [python, "-W", "ignore", serve], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            yield server.stdout.readline().strip()
        finally:
            server.stdin.close()
            server.wait(timeout=60)


@pytest.fixture(scope="session")
def bucket(s3_server):
    """Return what obstore needs to reach the bucket `team` of the server."""
    made = urllib.request.Request(f"{s3_server}/team", method="PUT")  # noqa: S310 - loopback
    urllib.request.urlopen(made).close()  # noqa: S310
    return {
        "endpoint": s3_server, "access_key_id": "a", "secret_access_key": "b",
        "region": "us-east-1", "client_options": {"allow_http": True},
        "retry_config": {"max_retries": 0},
    }  # fmt: skip


@pytest.fixture(scope="session")
def postgres_url():
    """Yield the address of a PostgreSQL of this process's own tests."""
    lacking = [name for name in ("psycopg",) if not importlib.util.find_spec(name)]
    if postgres.binaries() is None:
        lacking.append("PostgreSQL")
    if lacking:
        pytest.skip(f"not run: {', '.join(lacking)} is not installed")
    with postgres.postgres() as url:
        yield url


class Nothing:
    """A journal without entries."""

    def read(self, since=None):  # noqa: ARG002
        return iter(())

    def changed_since(self, positions):  # noqa: ARG002
        return False


@pytest.fixture
def postgres_tables(postgres_url):
    """Return what opens tables of some rooms in PostgreSQL, empty each time."""
    open_ones = {}

    def opened(*rooms):
        known = tuple(map(id, rooms))
        if known not in open_ones:
            at = PostgresAt(postgres_url, f"tables_{len(open_ones)}")
            open_ones[known] = Projection(at, rooms)
        open_ones[known].rebuild(Nothing())
        return open_ones[known]

    yield opened
    for found in open_ones.values():
        found.close()
