"""Random damage, mended: with a replica all comes back, without one nothing good goes.

What is damaged is files of packs, indexes, the header, logs and witnesses: bits flipped, cut off,
zeroed, grown, removed, swapped. What counts is what a reader gets afterwards.
"""

from __future__ import annotations

import contextlib
import random
import shutil

import pytest

from afield.datasets import events as data
from afield.kernel.errors import AfieldError
from afield.runs import events as runs
from afield.sync.pace import Pace
from afield.vault import TreeEntry
from afield.workspace.quarantine import Quarantine
from afield.workspace.remotes import add_remote, remotes
from afield.workspace.repair import Repairer
from afield.workspace.replicas import source_at
from afield.workspace.sync import Wishes, clone, sync
from afield.workspace.workspace import Workspace

SEEDS = [*range(20), 460]
"""460: a pack's bytes under another's name, which lost its own: what was sound in them went."""
PACE = Pace(None, monotonic_s=lambda: 0.0, sleep=lambda _: None)


def fill(workspace, seed, versions=3):
    """Add versions of data and runs, in several packs and entries."""
    made = random.Random(seed)
    record = workspace.record
    for number in range(versions):
        big = made.randbytes(300_000)
        files = {"big": big, **{f"f{n}": made.randbytes(made.randrange(900)) for n in range(9)}}
        tree = record.vault.put_tree(
            TreeEntry(name, 0o644, len(content), record.vault.put(content))
            for name, content in files.items()
        )
        record.vault.flush()
        record.journal.append_many(
            [data.added(f"d{seed}", tree=tree, files=10, size_bytes=300_000)]
        )
        host = record.vault.put(b"host %d" % number, meta=True)
        record.vault.flush()
        record.journal.append_many(
            [
                runs.started(
                    f"r{seed}-{number}", project="p", experiment="e", name="n", kind="python",
                    pid=1, host=host, started_ms=1,
                )
            ]
        )  # fmt: skip
    record.journal.seal()


def contents(workspace):
    """Return every object that can be read, and every entry that is served."""
    vault = workspace.record.vault
    objects = {}
    with contextlib.suppress(AfieldError):  # without its header nothing is read
        vault.refresh()
        for name in set(vault.objects()):
            with contextlib.suppress(AfieldError):
                objects[name] = vault.get(name)
    entries = {
        (batch.log, entry.seq): entry.digest
        for batch in workspace.record.journal.read()
        for entry in batch.entries
    }
    return objects, entries


def files_of(workspace, devices=None):
    """Return what entries (of these devices) and trees that can be read name.

    That is what can be known to be missing.
    """
    found = {ref for batch in workspace.record.journal.read() for entry in batch.entries
             if devices is None or batch.device in devices for ref in entry.refs}  # fmt: skip
    for name in list(found):
        with contextlib.suppress(AfieldError, ValueError):
            found |= {each.object for each in workspace.record.vault.get_tree(name)}
    return found


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Make Ann's workspace, Bob's log in it, and a remote with all of it."""
    root = tmp_path_factory.mktemp("world")
    with Workspace.init(root / "ann") as ann:
        remote = add_remote(ann, "team", str(root / "there"))
        fill(ann, 1)
        sync(ann, remote, PACE, Wishes())
        bob, origin = clone(str(root / "there"), str(root / "bob"), person=lambda: "Bob")
        with bob:
            sync(bob, origin, PACE, Wishes())
            fill(bob, 2)
            sync(bob, origin, PACE, Wishes())
        sync(ann, remote, PACE, Wishes())
        sync(ann, remote, PACE, Wishes())
        whole = contents(ann)
    return root, whole


def damage(made, folder):
    """Damage one file, or swap two; return what was done.

    Files are chosen by their sizes, for their names are other ones in every world.
    """
    files = sorted(
        (
            path
            for path in [*(folder / "packs").iterdir(), *(folder / "journal").rglob("*")]
            if path.is_file() and path.name != "lock" and path.stat().st_size
        ),
        key=lambda path: (path.suffix, path.stat().st_size, path),
    )
    path = made.choice(files)
    found = bytearray(path.read_bytes())
    how = made.choice(("flip", "flip", "cut", "zero", "grow", "remove", "swap"))
    at = made.randrange(len(found))
    if how == "flip":
        found[at] ^= 1 << made.randrange(8)
    elif how == "cut":
        del found[at:]
    elif how == "zero":
        size = min(made.randrange(1, 4096), len(found) - at)
        found[at : at + size] = bytes(size)
    elif how == "grow":
        found += made.randbytes(made.randrange(1, 99))
    elif how == "swap":
        other = made.choice([each for each in files if each.suffix == path.suffix])
        theirs = other.read_bytes()
        other.write_bytes(found)
        found[:] = theirs
    if how == "remove":
        path.unlink()
    else:
        path.write_bytes(found)
    return f"{how} {path.relative_to(folder)} at {at}"


def names(folder):
    """Return the names of the packs of which anything is left."""
    return {path.stem for path in (folder / ".afield" / "packs").iterdir()}


def repair(workspace, place=None):
    quarantine = Quarantine(workspace.record.workspace, workspace.record.files)
    with source_at(workspace, quarantine, PACE, place) as sources:
        return Repairer(workspace, sources, quarantine).run()


def damaged(workspace):
    return [each for each in workspace.verify() if each.damaged]


def copy_of(root, tmp_path, *, with_remote):
    folder = tmp_path / "copy"
    shutil.copytree(root / "ann", folder)
    if not with_remote:
        (folder / ".afield" / "remotes.toml").unlink()
        shutil.rmtree(folder / ".afield" / "elsewhere", ignore_errors=True)
    return folder


@pytest.mark.parametrize("seed", SEEDS)
def test_with_a_replica_everything_comes_back(world, tmp_path, seed):
    root, (objects, entries) = world
    folder = copy_of(root, tmp_path, with_remote=True)
    made = random.Random(seed)
    done = [damage(made, folder / ".afield") for _ in range(made.choice((1, 1, 2, 5)))]
    traced = names(folder) == names(root / "ann")
    with Workspace.open(folder) as workspace:
        found = repair(workspace)
        assert not found.lost, done
        assert damaged(workspace) == [], done
        if not traced:  # what Bob names, whom Ann never confirmed, need not have been here
            sync(workspace, remotes(workspace)["team"], PACE, Wishes())
        after_objects, after_entries = contents(workspace)
        assert objects.items() <= after_objects.items(), done
        assert entries.items() <= after_entries.items(), done
        again = repair(workspace)
        assert (again.changes, again.lost, again.entries) == ([], set(), 0), done


@pytest.mark.parametrize("seed", SEEDS)
def test_without_a_replica_nothing_good_is_lost_and_what_is_missing_is_named(world, tmp_path, seed):
    root, (objects, _) = world
    folder = copy_of(root, tmp_path, with_remote=False)
    made = random.Random(1000 + seed)
    done = [damage(made, folder / ".afield") for _ in range(made.choice((1, 1, 2, 5)))]
    traced = names(folder) == names(root / "ann")
    with Workspace.open(folder) as workspace:
        before_objects, before_entries = contents(workspace)
        found = repair(workspace)
        after_objects, after_entries = contents(workspace)
        assert before_objects.items() <= after_objects.items(), done
        assert before_entries.items() <= after_entries.items(), done
        named = {digest.hex() for digest in found.lost}
        left = damaged(workspace)
        # Of a pack that went without a trace nobody can tell that it was here: then what Bob names,
        # whom Ann never confirmed, need not be.
        counts = None if traced else {workspace.record.journal.device}
        gone = files_of(workspace, counts) & objects.keys() - after_objects.keys()
        if not left:
            assert gone <= named | {each.name for each in workspace.verify()}, done
        assert not [each for each in left if each.what in {"pack", "object", "index"}], done
        again = repair(workspace)
        assert again.lost == found.lost, done
        assert {each.what for each in again.changes} <= {"log"}, done


def test_what_a_pack_held_is_looked_for_when_nothing_tells_what_that_was(world, tmp_path):
    root, (objects, _) = world
    folder = copy_of(root, tmp_path, with_remote=False)
    with Workspace.open(folder) as workspace:
        mine = files_of(workspace, {workspace.record.journal.device})
        bobs = files_of(workspace) & objects.keys() - mine
        for path in sorted((folder / ".afield" / "packs").glob("*.pack")):
            whole, index = path.read_bytes(), path.with_suffix(".idx").read_bytes()
            path.write_bytes(b"cut")
            path.with_suffix(".idx").write_bytes(b"cut")
            if gone_now(folder, objects) & bobs and not gone_now(folder, objects) & mine:
                break
            path.write_bytes(whole)
            path.with_suffix(".idx").write_bytes(index)
    with Workspace.open(folder) as workspace:
        gone = files_of(workspace) & objects.keys() - contents(workspace)[0].keys()
        assert gone <= bobs
        assert gone
        assert gone <= {digest.hex() for digest in repair(workspace).lost}


def gone_now(folder, objects):
    with Workspace.open(folder) as workspace:
        return objects.keys() - contents(workspace)[0].keys()
