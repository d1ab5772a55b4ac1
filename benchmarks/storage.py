"""A hub whose objects lie in a bucket against one on its own disk: files both ways, and logging.

`python -m benchmarks.storage`. The bucket is the S3 server of the tests, on this machine (`make
test` makes it), so that what is measured is our part and its own, and no network. Bound: what was
acknowledged and read back is what was sent; there is none on time, which is mostly the server's.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
FILE_BYTES = 64 << 20
LOGS = 60
API = "/api/2.0/mlflow"
FILES = "/api/2.0/mlflow-artifacts/artifacts"


@contextlib.contextmanager
def bucket() -> Iterator[str]:
    """Yield the address of the S3 server of the tests."""
    python = ROOT / ".cache/moto/venv/bin/python"
    serve = ROOT / "tests/conformance/bucket_server/serve.py"
    with subprocess.Popen(
        [python, "-W", "ignore", serve],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        made = urllib.request.Request(f"{url}/team", method="PUT")  # noqa: S310 - loopback
        urllib.request.urlopen(made).close()  # noqa: S310
        try:
            yield url
        finally:
            server.stdin.close()


def use(folder: Path, endpoint: str) -> None:
    """Let a workspace's objects lie in the bucket, as `afield hub` does when it starts."""
    from afield.hub.config import read_config
    from afield.hub.storage import use_storage

    for name in ("key", "secret"):
        (folder / name).write_text("test", encoding="utf-8")
    (folder / "hub.toml").write_text(
        'url = "http://127.0.0.1:1"\nworkspace = "."\n[storage]\nurl = "s3://team/hub"\n'
        f'endpoint = "{endpoint}"\nregion = "us-east-1"\n'
        'access_key_id_file = "key"\nsecret_access_key_file = "secret"\n',
        encoding="utf-8",
    )
    use_storage(read_config(str(folder / "hub.toml")))


@contextlib.contextmanager
def up(folder: Path) -> Iterator[http.client.HTTPConnection]:
    """Yield a connection to a server of a workspace."""
    command = [sys.executable, "-m", "afield", "up", "--port", "0"]
    environ = {**os.environ, "AFIELD_WORKSPACE": str(folder)}
    with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        line = next(line for line in server.stderr if "answers at" in line)
        port = int(line.split("127.0.0.1:")[1].split()[0])
        try:
            yield http.client.HTTPConnection("127.0.0.1", port)
        finally:
            server.terminate()
            server.stderr.read()


def ask(to: http.client.HTTPConnection, method: str, path: str, body: bytes | None) -> bytes:
    """Return the body of an answer."""
    to.request(method, path, body)
    answer = to.getresponse()
    found = answer.read()
    assert answer.status == http.client.OK, found
    return found


def told(to: http.client.HTTPConnection, call: str, body: object) -> dict[str, dict[str, dict]]:
    """Call the protocol."""
    return json.loads(ask(to, "POST", f"{API}/{call}", json.dumps(body).encode()) or b"{}")


def measure(folder: Path, what: str) -> None:
    """Print the figures of one server; the file is read again from nothing but its storage."""
    data = os.urandom(FILE_BYTES)
    with up(folder) as to:
        run = told(to, "runs/create", {"run_name": "one"})["run"]["info"]["run_id"]
        path = f"{FILES}/0/{run}/artifacts/weights.bin"
        began = time.perf_counter()
        ask(to, "PUT", path, data)
        sent_s = time.perf_counter() - began
        took = []
        for step in range(LOGS):
            metric = {"key": "loss", "value": step, "timestamp": step, "step": step}
            began = time.perf_counter()
            told(to, "runs/log-batch", {"run_id": run, "metrics": [metric] * 10})
            took.append((time.perf_counter() - began) * 1e3)
    found = []
    for cold in (True, False):
        if cold and (folder / "hub.toml").exists():
            for pack in (folder / ".afield/packs").iterdir():
                pack.unlink()
        with up(folder) as to:
            began = time.perf_counter()
            assert ask(to, "GET", path, None) == data
            found.append(time.perf_counter() - began)
    mib = FILE_BYTES >> 20
    print(
        f"{what}: upload {mib / sent_s:4.0f} MiB/s, download {mib / found[0]:4.0f} MiB/s with no "
        f"copy here and {mib / found[1]:4.0f} with one, log-batch {statistics.median(took):.1f} ms"
    )


def main() -> int:
    """Measure both."""
    if not (ROOT / ".cache/moto/done").exists():
        print("not run: the S3 server of the tests is not here: make test makes it")
        return 0
    with tempfile.TemporaryDirectory() as folder, bucket() as endpoint:
        for name in ("disk", "bucket"):
            home = Path(folder, name)
            home.mkdir()
            init = [sys.executable, "-m", "afield", "init", home]
            subprocess.run(init, check=True, stdout=subprocess.DEVNULL)
            if name == "bucket":
                use(home, endpoint)
            measure(home, f"{name:6}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
