"""The committed contract against a real hub, by schemathesis: with an account, and without one.

No fault of ours, and nothing for nobody. `make fuzz` asks longer and along links, too.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest
from serving import WAIT_S, served
from test_hub_config import free_port

CONTRACT = Path(__file__).parents[3] / "docs" / "reference" / "openapi.json"
CHECKS = Path(__file__).with_name("fuzz_checks.py")
LONG = "AFIELD_FUZZ" in os.environ
PASSWORD = "correct horse battery"  # noqa: S105 - made up


@pytest.fixture
def team(folder):
    """Return the address of a hub in a process of its own, and a token of its admin."""
    url = f"http://localhost:{free_port()}"
    port = url.rpartition(":")[2]
    (folder / "hub.toml").write_text(
        f'url = "{url}"\nworkspace = "."\n[listen]\nport = {port}\n[log]\njson = false\n',
        encoding="utf-8",
    )
    with served("hub", folder=folder) as server:
        server.wait()
        while not any("/claim#" in line for line in server.lines):
            assert server.process.poll() is None
        claim = re.search(r"/claim#(\S+)", "".join(server.lines))[1]
        with httpx2.Client(base_url=url, headers={"origin": url}, timeout=WAIT_S) as client:
            body = {"code": claim, "username": "ada", "password": PASSWORD}
            csrf = client.post("/api/v1/claim", json=body).json()["csrf"]
            made = client.post(
                "/api/v1/tokens", json={"name": "t"}, headers={"x-afield-csrf": csrf}
            )
        yield url, made.json()["token"]
    assert "Traceback" not in "".join(server.lines)


def asked(url, folder, who, phases, *more):
    """Run schemathesis; return it while it runs. Streams of news never end, and are left out."""
    short = ("--phases", phases, "-n", "2", "--generation-deterministic")
    long = ("--phases", "coverage,fuzzing,stateful", "-n", "200")
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run", CONTRACT, "--url", f"{url}/api/v1"),
            *("--exclude-path", "/events", "-w", "1", "--warnings", "off", "--no-color"),
            *("-c", "all", "--exclude-checks", ",".join(NOT_OURS)),
            *(long if LONG else short),
            *more,
        ],
        cwd=folder,
        env={**os.environ, "SCHEMATHESIS_HOOKS": str(CHECKS), "AFIELD_FUZZ_AS": who},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


NOT_OURS = (
    *("status_code_conformance", "content_type_conformance", "response_headers_conformance"),
    *("response_schema_conformance", "negative_data_rejection", "positive_data_acceptance"),
    *("missing_required_header", "unsupported_method", "allow_header_conformance"),
    *("use_after_free", "ensure_resource_availability", "ignored_auth"),
    "object_level_authorization",
)
"""Of all checks the one for faults, and our own, stay: this is about attacks, not about words."""


def test_no_request_by_the_contract_meets_a_fault_or_tells_nobody_anything(team, tmp_path):
    url, token = team
    for name in ("admin", "nobody"):
        (tmp_path / name).mkdir()
    ways = [
        asked(
            url,
            tmp_path / "admin",
            "admin",
            "coverage",
            "-H",
            f"Authorization: Bearer {token}",
        ),
        asked(url, tmp_path / "nobody", "nobody", "fuzzing"),
    ]
    try:
        said = [way.communicate(timeout=3600 if LONG else 300)[0] for way in ways]
    finally:
        for way in ways:
            way.kill()
            way.wait()
    for way, text in zip(ways, said, strict=True):
        assert way.returncode == 0, text[-6000:]
        assert re.search(r"[1-9]\d* generated", text), text[-2000:]
        assert token not in text
