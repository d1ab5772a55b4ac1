from __future__ import annotations

import msgspec
import pytest

from afield.kernel.digest import digest
from afield.kernel.files import OsFileSystem
from afield.kernel.ids import ObjectId
from afield.replay.plan import make_plan
from afield.replay.prepare import prepare
from afield.runs.capture.folders_seen import digest_of, list_files, sum_up
from afield.runs.manifest import (
    Capture,
    Code,
    Entropy,
    Environment,
    FileRecord,
    FolderLook,
    Manifest,
    NotKept,
    Redaction,
)
from afield.runs.secrets import scan
from afield.vault import TreeEntry, Vault

ENVIRONMENT = Environment(
    python="3.11.7",
    implementation="cpython",
    executable="/v/bin/python",
    prefix="/v",
    base_prefix="/usr",
    platform="linux",
    identity="i",
)
PYTHON_LEVEL = "inputs: Python-level only; files read by other means were not seen"
SECRET = b"key = 'AKIA" + b"QWERTYUIOPASDFGH'\n"


@pytest.fixture
def vault(tmp_path):
    return Vault(str(tmp_path / "packs"), OsFileSystem())


def manifest(vault, files=None, **more):
    entries = [
        TreeEntry(path, mode, len(data), vault.put(data))
        for path, (mode, data) in (files or {}).items()
    ]
    values = {
        "argv": ("python", "a.py"),
        "cwd": ".",
        "root": "/nowhere/project",
        "exit_code": 0,
        "console_bytes": 0,
        "code": Code(tree=vault.put_tree(entries), files=len(entries), size_bytes=0),
        "capture": Capture(layers=("tree", "kernel"), inputs_complete=True),
        "environment": ENVIRONMENT,
    }
    return Manifest(**values | more)


def plan_of(found, vault):
    return make_plan(found, vault=vault, run="otter")


def restored(found, vault, root):
    return prepare(plan_of(found, vault), vault=vault, root=root, environ={})


def words(plan):
    return [gap.detail for gap in plan.gaps]


def test_files_come_back_with_modes_and_links(vault, tmp_path):
    files = {
        "a.py": (0o644, b"print()\n"),
        "bin/go": (0o755, b"#!/bin/sh\n"),
        "link": (0o120000, b"bin/go"),
        "ünï/ ü.txt": (0o644, b""),
    }
    prepared = restored(manifest(vault, files), vault, tmp_path / "root")
    root = tmp_path / "root"
    assert prepared.gaps == ()
    assert (root / "a.py").read_bytes() == b"print()\n"
    assert (root / "bin/go").stat().st_mode & 0o777 == 0o755
    assert (root / "link").readlink().as_posix() == "bin/go"
    assert (root / "ünï/ ü.txt").exists()


def test_nothing_is_written_outside_the_folder_through_a_link(vault, tmp_path):
    (tmp_path / "victim").mkdir()
    files = {
        "a": (0o120000, str(tmp_path / "victim").encode()),
        "a/evil.txt": (0o644, b"evil"),
    }
    prepared = restored(manifest(vault, files), vault, tmp_path / "root")
    assert list((tmp_path / "victim").iterdir()) == []
    assert [gap.detail for gap in prepared.gaps] == ["a/evil.txt would lie outside the project"]


def test_hooks_of_git_cannot_be_smuggled_in(vault, tmp_path):
    files = {".git/hooks/post-checkout": (0o755, b"#!/bin/sh\n")}
    prepared = restored(manifest(vault, files), vault, tmp_path / "root")
    assert not (tmp_path / "root/.git").exists()
    assert prepared.gaps[0].missing


def test_files_whose_bytes_are_in_another_copy_are_named_with_what_brings_them(vault, tmp_path):
    here = vault.put(b"print()\n")
    names = ("a.csv", "b.py", "c.py", "d.py", "e.py", "unread.md")
    away = [TreeEntry(name, 0o644, 2_000, ObjectId(digest(name.encode()))) for name in names]
    tree = vault.put_tree([TreeEntry("a.py", 0o644, 8, here), *away])
    read = FileRecord(
        path="a.csv", digest=away[0].object, size_bytes=2_000, seen_by="kernel", kept=True
    )
    aside = FileRecord(path="x.bin", digest="9" * 64, size_bytes=3, seen_by="kernel", kept=True)
    found = manifest(vault, code=Code(tree=tree, files=7, size_bytes=0), inputs=(read, aside))
    plan = plan_of(found, vault)
    bring = "the bytes are not here (afield fetch otter)"
    assert [(gap.kind, gap.detail, gap.unread) for gap in plan.gaps] == [
        ("input", f"a.csv (2.0 kB): {bring}", False),
        ("code", f"b.py (2.0 kB): {bring}", False),
        ("code", f"c.py (2.0 kB): {bring}", False),
        ("code", f"3 more of the code (6.0 kB): {bring}", False),
        ("input", f"x.bin (3 bytes): {bring}", False),
    ]
    assert prepare(plan, vault=vault, root=tmp_path / "root", environ={}).gaps == ()
    assert [path.name for path in (tmp_path / "root").iterdir()] == ["a.py"]


def test_inputs_that_no_tree_holds_are_put_beside_it(vault, tmp_path):
    digest = vault.put(b"1,2\n")
    one = FileRecord(path="data/x.csv", digest=digest, size_bytes=4, seen_by="python", kept=True)
    restored(manifest(vault, inputs=(one,)), vault, tmp_path / "root")
    assert (tmp_path / "root/data/x.csv").read_bytes() == b"1,2\n"


def test_an_input_whose_bytes_were_not_kept_is_missing(vault):
    one = FileRecord(path="big.bin", digest="a" * 64, size_bytes=12_000_000_000, seen_by="python")
    plan = plan_of(manifest(vault, inputs=(one,)), vault)
    assert words(plan) == ["big.bin (12.0 GB) was read, but its bytes were not kept"]
    assert plan.gaps[0].missing


def folder_of(tmp_path, *, by, looked=3):
    """A folder of three files, as a run recorded it that read very many."""
    folder = tmp_path / "data"
    folder.mkdir()
    for name in "abc":
        (folder / name).write_text(name)
    path = f"{folder}/"
    read = digest_of if by == "content" else None
    found = sum_up(path, list_files(path), looked, read)
    look = FolderLook(files=3, looked=looked, by=by)
    one = FileRecord(path=path, digest=found.digest, size_bytes=3, seen_by="python", folder=look)
    return folder, one


def test_a_folder_that_was_not_looked_into_is_compared_with_a_note(vault, tmp_path):
    folder, one = folder_of(tmp_path, by="stat")
    found = manifest(vault, inputs=(one,))
    (gap,) = plan_of(found, vault).gaps
    assert gap.note
    assert gap.detail == f"{folder}/: 3 files were compared by name, size and time only"
    (folder / "b").write_text("longer")
    (gap,) = plan_of(found, vault).gaps
    assert gap.missing
    assert not gap.note
    assert "differs from what the run read in names, sizes or times" in gap.detail


def test_a_folder_of_which_some_files_were_looked_at_says_how_many(vault, tmp_path):
    folder, one = folder_of(tmp_path, by="stat", looked=2)
    found = manifest(vault, inputs=(one,))
    (gap,) = plan_of(found, vault).gaps
    assert gap.detail.endswith("by name, size and time only, and of these size and time of 2")
    (folder / "c").write_text("longer, and not looked at")
    assert plan_of(found, vault).gaps == (gap,)
    (folder / "d").touch()
    (gap,) = plan_of(found, vault).gaps
    assert gap.detail.endswith("(then 3, now 4)")


def test_a_folder_that_was_digested_is_checked_by_content(vault, tmp_path):
    folder, one = folder_of(tmp_path, by="content")
    made = FileRecord(path=f"{folder}/out", digest="a" * 64, size_bytes=0, seen_by="python")
    found = manifest(vault, inputs=(one,), outputs=(made,))
    (folder / "out").touch()
    (folder / "sub").mkdir()
    (folder / "a").touch()
    assert plan_of(found, vault).gaps == ()
    (folder / "a").write_text("A")
    (gap,) = plan_of(found, vault).gaps
    assert gap.missing


def test_a_folder_that_is_gone_or_was_changed_is_a_gap(vault, tmp_path):
    folder, one = folder_of(tmp_path, by="stat")
    changed = manifest(vault, inputs=(msgspec.structs.replace(one, changed=True),))
    assert words(plan_of(changed, vault)) == [f"{folder}/ changed while the run read it"]
    folder.rename(tmp_path / "elsewhere")
    gone = manifest(vault, inputs=(one,))
    assert words(plan_of(gone, vault)) == [
        f"{folder}/ cannot be read here: no such file or directory"
    ]


def test_a_folder_of_the_project_is_there_only_when_the_code_holds_it(vault, tmp_path):
    look = FolderLook(files=3000, looked=3000, by="content")
    one = FileRecord(path="data/", digest="a" * 64, size_bytes=3, seen_by="python", folder=look)
    found = manifest(vault, inputs=(one,))
    assert words(plan_of(found, vault)) == ["data/ (3,000 files) was read, but not kept"]
    restored(found, vault, tmp_path / "root")
    assert not (tmp_path / "root/data").exists()
    held = msgspec.structs.replace(one, digest=None, kept=True)
    assert words(plan_of(manifest(vault, inputs=(held,)), vault)) == []


def test_what_the_run_made_itself_is_not_restored(vault):
    made = FileRecord(path="tmp.csv", digest="a" * 64, size_bytes=4, seen_by="python")
    plan = plan_of(manifest(vault, inputs=(made,), outputs=(made,)), vault)
    assert (plan.inside, words(plan)) == ((), [])


def test_a_temporary_folder_of_the_run_that_is_gone_is_no_input(vault, tmp_path):
    gone = "/tmp/tmpq1w2e3r4/cache/f.py"  # noqa: S108 - a name
    one = FileRecord(path=gone, digest=None, size_bytes=4, seen_by="python")
    assert words(plan_of(manifest(vault, inputs=(one,)), vault)) == []
    kept = FileRecord(path=str(tmp_path / "f.py"), digest=None, size_bytes=4, seen_by="python")
    assert words(plan_of(manifest(vault, inputs=(kept,)), vault)) != []


def not_kept(vault, *paths, layers=("tree", "kernel"), complete=True, inputs=()):
    found = manifest(vault)
    lost = tuple(NotKept(path=path, size_bytes=3_000_000, why="too large") for path in paths)
    code = Code(tree=found.code.tree, files=0, size_bytes=0, not_kept=lost)
    seen = Capture(layers=layers, inputs_complete=complete)
    return plan_of(manifest(vault, code=code, capture=seen, inputs=inputs), vault)


def test_code_that_was_not_kept_is_said_once(vault):
    plan = not_kept(vault, "model.py", "model.py")
    assert words(plan) == ["model.py (3.0 MB) was not kept: too large"]
    assert not plan.gaps[0].note


def test_a_file_that_was_not_kept_counts_by_whether_the_run_read_it(vault):
    told = "big.bin (3.0 MB) was not kept: too large"
    unread = not_kept(vault, "big.bin").gaps[0]
    assert (unread.detail, unread.note) == (f"{told}; the run did not read it", True)
    perhaps = not_kept(vault, "big.bin", layers=("tree", "python"), complete=False).gaps[0]
    assert perhaps.detail == f"{told}; the run was not seen to read it"
    assert (perhaps.note, perhaps.unread) == (False, True)
    unknown = not_kept(vault, "big.bin", layers=("tree",), complete=False).gaps[0]
    assert (unknown.detail, unknown.note, unknown.unread) == (told, False, False)
    one = FileRecord(path="big.bin", digest="a" * 64, size_bytes=3_000_000, seen_by="python")
    assert words(not_kept(vault, "big.bin", inputs=(one,))) == [
        "big.bin (3.0 MB) was read, but its bytes were not kept"
    ]


def test_that_nothing_was_watched_is_said(vault):
    unwatched = Capture(layers=("tree",))
    plan = plan_of(manifest(vault, capture=unwatched), vault)
    told = "nothing was watched: what it read, and wrote outside the project, is not known"
    assert [(gap.detail, gap.note) for gap in plan.gaps] == [(told, True)]
    blind = Capture(layers=("tree", "python"), warnings=("not watched, it shuts the hook out: x",))
    plan = plan_of(manifest(vault, capture=blind, commands=("date",)), vault)
    assert words(plan) == [
        "not watched, it shuts the hook out: x",
        f"{PYTHON_LEVEL}, nor outputs that programs wrote outside the project",
    ]


def test_standard_input_that_was_not_kept_makes_it_incomplete(vault):
    blocker = "standard input came from a pipe, which is not kept"
    (gap,) = plan_of(manifest(vault, blockers=(blocker,)), vault).gaps
    assert (gap.detail.startswith(blocker), gap.note, gap.missing) == (True, False, False)


def test_a_run_without_code_is_said(vault):
    assert words(plan_of(manifest(vault, code=None), vault)) == ["the record holds no code"]


def test_what_capture_could_not_see_is_a_note_and_no_gap(vault):
    found = manifest(
        vault,
        capture=Capture(layers=("tree", "python")),
        network=("a.example:443", "b.example:80", "c:1", "d:2"),
        entropy=Entropy(mode="off", calls=(("os.urandom", "a.py:1", 1),)),
    )
    plan = plan_of(found, vault)
    assert all(gap.note for gap in plan.gaps)
    assert any("a.example:443, b.example:80, c:1 and 1 more" in line for line in words(plan))
    assert "inputs: Python-level only; files read by other means were not seen" in words(plan)


def test_a_secret_in_code_is_put_back_while_the_file_is_still_there(vault, tmp_path):
    clean = scan(SECRET, code=True).data
    assert clean != SECRET
    project = tmp_path / "project"
    project.mkdir()
    (project / "a.py").write_bytes(SECRET)
    found = manifest(
        vault,
        {"a.py": (0o644, clean)},
        root=str(project),
        redactions=(Redaction(where="code", rule="aws-access-key", name="a.py"),),
    )
    prepared = restored(found, vault, tmp_path / "one")
    assert (prepared.gaps, (tmp_path / "one/a.py").read_bytes()) == ((), SECRET)
    (project / "a.py").write_bytes(SECRET + b"# changed\n")
    prepared = restored(found, vault, tmp_path / "two")
    assert (tmp_path / "two/a.py").read_bytes() == clean
    assert prepared.gaps[0].detail.startswith("a.py held a secret")


def test_folders_that_the_run_wrote_to_are_there_again(vault, tmp_path):
    out = FileRecord(path="results/deep/m.txt", digest="a" * 64, size_bytes=1, seen_by="python")
    restored(manifest(vault, outputs=(out,)), vault, tmp_path / "root")
    assert (tmp_path / "root/results/deep").is_dir()


def test_a_working_folder_outside_the_project_must_be_there(vault, tmp_path):
    found = manifest(vault, cwd=str(tmp_path / "gone"))
    prepared = restored(found, vault, tmp_path / "root")
    assert prepared.gaps[0].missing
    assert prepared.cwd == prepared.root
