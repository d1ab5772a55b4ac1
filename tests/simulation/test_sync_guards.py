"""Each guard of sync, taken away: the tests that are named with it must then fail.

A copy of the source without one guard is put before the real one, in a process of its own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import afield

SOURCE = Path(afield.__file__).parent
TESTS = Path(__file__).parents[1]
WORLDS = "simulation/test_sync_worlds.py"
FORGERIES = "unit/test_sync_forgeries.py"
BAD_LINKS = "simulation/test_sync_bad_links.py"
REMOVAL = "integration/test_sync_removal.py"

GUARDS = {
    "the seal's signature is checked": (
        "sync/chunk.py",
        "if last.kind != seals.KIND or seals.why_not_good(last, public) is not None:",
        "if last.kind != seals.KIND:",
        FORGERIES,
    ),
    "a chunk's key is that of its device": (
        "sync/chunk.py",
        " or device_of(public) != piece.device:",
        ":",
        FORGERIES,
    ),
    "a head's signature is checked": (
        "sync/layout.py",
        " or not signed_by(public, signed, _SIGNED + body):",
        ":",
        FORGERIES,
    ),
    "lines of a chunk are checked against their digest and chain": (
        "sync/chunk.py",
        "if not entry.prev.startswith(before or piece.before):",
        "if False:",
        FORGERIES,
    ),
    "a pack's bytes are checked against its name": (
        "vault/packs.py",
        "    if blake3(data).hexdigest() != pack:\n        raise Corrupt(",
        "    if False:\n        raise Corrupt(",
        FORGERIES,
    ),
    "objects in a pack are checked against their digests": (
        "vault/packs.py",
        "                if isinstance(found, Corrupt):\n",
        "                if False:\n",
        FORGERIES,
    ),
    "a chunk declares no more than is allowed": (
        "sync/chunk.py",
        "if 0 <= size_bytes <= CHUNK_BYTES_MAX:",
        "if True:",
        FORGERIES,
    ),
    "devices that nobody confirmed wait": (
        "members/gate.py",
        "is_root = self._roots is None or entry.device in self._roots",
        "is_root = True",
        WORLDS,
    ),
    "a device writes for its own member": (
        "members/gate.py",
        "if entry.by not in standings and not hub:",
        "if False:",
        WORLDS,
    ),
    "complaints of strangers are passed over": (
        "sync/pull.py",
        "found[device] = head if job.heeds_head(device) else _of_stranger(head)",
        "found[device] = head",
        WORLDS,
    ),
    "a second entry with one number begins a branch": (
        "journal/carry.py",
        "        log = branch_name(device, first.seq, first.digest)\n",
        "        return []\n",
        WORLDS,
    ),
    "complaints of members make a file be written again": (
        "sync/push.py",
        "if of == role and not (whole and layout.pack_name(role, pack) not in bad):",
        "if of == role and not whole:",
        BAD_LINKS,
    ),
    "what is there is not sent again": (
        "sync/push.py",
        "whole = there[role].get(pack) == size_bytes",
        "whole = False",
        WORLDS,
    ),
    "parts that are there are not sent again": (
        "sync/replica.py",
        "if may_send(digest) and not lies_there(digest)",
        "if may_send(digest)",
        BAD_LINKS,
    ),
    "what came over a link that broke off is not asked for again": (
        "sync/driver.py",
        "                piece = max(PIECE_BYTES_MIN, size_bytes // PIECE_SHRINKS)\n",
        "                found, done = [], 0\n",
        BAD_LINKS,
    ),
    "bytes of a place go to remotes of that place only": (
        "sync/replica.py",
        "if may_send(digest) and not lies_there(digest)",
        "if not lies_there(digest)",
        "property/test_sync_topologies.py",
    ),
    "what a removed device writes later does not count": (
        "members/gate.py",
        "if cut is not None and not cut.holds(entry):",
        "if False:",
        REMOVAL,
    ),
    "a removed device's log cannot be begun anew further down": (
        "members/trust.py",
        " and entry.digest not in self.beside",
        "",
        REMOVAL,
    ),
    "who removes stands nearer to the founder": (
        "members/authority.py",
        "above is not None and (below is None or above < below)",
        "above is not None",
        REMOVAL,
    ),
    "a label is one of the dataset's places": (
        "workspace/residency.py",
        "any(label in places for label in labels)",
        "bool(labels)",
        "property/test_sync_topologies.py",
    ),
    "metadata comes before the entries that name it": (
        "sync/reconcile.py",
        '    yield from pull_packs(job, "meta", here, meta)\n    noted',
        "    noted",
        "simulation/test_sync_links.py",
    ),
}


@pytest.mark.parametrize("name", GUARDS)
def test_without_the_guard_its_tests_fail(name, tmp_path):
    file, guard, nothing, tests = GUARDS[name]
    shutil.copytree(SOURCE, tmp_path / "afield", ignore=shutil.ignore_patterns("__pycache__"))
    changed = tmp_path / "afield" / file
    text = changed.read_text(encoding="utf-8")
    assert text.count(guard) == 1, "the guard has moved; say here where it is now"
    changed.write_text(text.replace(guard, nothing), encoding="utf-8")
    command = [
        sys.executable, "-m", "pytest", "-x", "-q", "-n0", "-p", "no:randomly", "--seeds", "60",
        "-p", "no:cacheprovider", "--basetemp", str(tmp_path / "of-tests"), str(TESTS / tests),
        "-k", "not bucket",
    ]  # fmt: skip
    told = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=TESTS.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.returncode == pytest.ExitCode.TESTS_FAILED, told.stdout + told.stderr
    signs = ("AssertionError", "Failed: DID NOT RAISE", "RemoteUnreachable: cannot reach")
    assert any(sign in told.stdout for sign in signs), "it fails for another reason"
