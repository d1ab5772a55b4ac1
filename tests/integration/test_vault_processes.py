"""Several processes write to one vault at once; memory stays bounded."""

from __future__ import annotations

import json
import random
import subprocess
import sys

from afield.kernel.files import OsFileSystem
from afield.vault import Vault

WRITER = """
import random, sys
from afield.kernel.files import OsFileSystem
from afield.vault import Vault
root, number = sys.argv[1], int(sys.argv[2])
vault = Vault(root, OsFileSystem(), pack_bytes=60_000)
shared, own = random.Random(0), random.Random(number + 1)
print("ready", flush=True)
sys.stdin.readline()
ids = []
for round in range(25):
    ids.append(vault.put(shared.randbytes(9_000)))
    ids.append(vault.put(own.randbytes(9_000)))
    if round % 5 == 0:
        vault.flush()
vault.flush()
print(" ".join(ids))
"""

STREAMER = """
import io, json, os, resource, sys
from afield.kernel.files import OsFileSystem
from afield.vault import Vault
vault = Vault(sys.argv[1], OsFileSystem())
vault.put_stream(io.BytesIO(os.urandom(1_000_000)))
vault.flush()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
object_id, size_bytes = vault.put_file(sys.argv[2])
vault.flush()
vault.copy_to(object_id, sys.argv[2] + ".copy")
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(json.dumps([object_id, size_bytes, grown * (1 if sys.platform == "darwin" else 1024)]))
"""


def test_processes_that_write_at_once_lose_nothing(tmp_path):
    root = str(tmp_path / "packs")
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, root, str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(4)
    ]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    ids = [process.communicate()[0].split() for process in processes]
    assert all(process.returncode == 0 for process in processes)
    vault = Vault(root, OsFileSystem())
    for number, found in enumerate(ids):
        shared, own = random.Random(0), random.Random(number + 1)
        assert len(found) == 50
        for at in range(0, 50, 2):
            assert vault.get(found[at]) == shared.randbytes(9_000)
            assert vault.get(found[at + 1]) == own.randbytes(9_000)
    assert list(vault.verify()) == []


def test_a_large_file_is_kept_in_bounded_memory(tmp_path):
    path = tmp_path / "large"
    made = random.Random(7)
    with path.open("wb") as file:
        for _ in range(120):
            file.write(made.randbytes(1_000_000))
    done = subprocess.run(
        [sys.executable, "-c", STREAMER, str(tmp_path / "packs"), str(path)],
        check=True,
        capture_output=True,
        text=True,
    )
    _, size_bytes, grown_bytes = json.loads(done.stdout)
    assert size_bytes == 120_000_000
    assert grown_bytes < 48_000_000
    assert (tmp_path / "large.copy").read_bytes() == path.read_bytes()
