"""The exact code is kept as it lay before the run; nobody's repository is touched."""

from __future__ import annotations

import os
import shutil

import pytest

from afield.kernel.digest import digest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="symbolic links and modes of POSIX")

KEY = "AKIA" + "Q7W3E9R5T1Y8U2I4"


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def commit(git, folder):
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "one")


def test_changed_and_untracked_files_are_kept_and_ignored_ones_are_not(run, project, git):
    git(project, "init", "-q", "-b", "main")
    write(project / ".gitignore", "*.log\n")
    write(project / "train.py", "print(1)\n")
    write(project / "gone.py", "gone")
    commit(git, project)
    write(project / "train.py", "print(2)\n")
    write(project / "new.py", "new")
    write(project / "noise.log", "noise")
    (project / "gone.py").unlink()
    done = run("true")
    assert done.tree == {".gitignore": b"*.log\n", "train.py": b"print(2)\n", "new.py": b"new"}
    assert done.manifest.git.dirty
    assert done.manifest.git.branch == "main"
    assert done.manifest.git.commit == git(project, "rev-parse", "HEAD").strip()


def test_a_clean_tree_is_not_dirty_and_its_remote_is_named_without_password(run, project, git):
    git(project, "init", "-q")
    write(project / "a b.py", "x")
    commit(git, project)
    git(project, "remote", "add", "origin", "https://me:s3cret99@example.org/x.git")
    done = run("true")
    assert not done.manifest.git.dirty
    assert done.manifest.git.remote == "https://me:redacted:url-password@example.org/x.git"


def test_code_is_as_it_was_before_the_run(run, project, git):
    git(project, "init", "-q")
    write(project / "train.py", "open('train.py', 'a').write('# changed')\n")
    done = run("python", "train.py")
    assert done.tree["train.py"] == b"open('train.py', 'a').write('# changed')\n"
    assert "train.py" in done.outputs


def test_the_repository_is_left_as_it_was(run, project, git):
    git(project, "init", "-q")
    write(project / "train.py", "x")
    commit(git, project)
    write(project / "train.py", "y")
    os.utime(project / "train.py", (1, 1))

    def look():
        return {
            str(path): (path.stat().st_mtime_ns, path.read_bytes())
            for path in (project / ".git").rglob("*")
            if path.is_file()
        }

    before = look()
    run("true")
    assert look() == before


def test_modes_and_links_are_kept(run, project, git):
    git(project, "init", "-q")
    write(project / "go.sh", "#!/bin/sh\n")
    (project / "go.sh").chmod(0o755)
    (project / "link").symlink_to("go.sh")
    done = run("./go.sh")
    entries = {e.path: e for e in done.record.vault.get_tree(done.manifest.code.tree)}
    assert entries["go.sh"].mode == 0o755
    assert entries["link"].mode == 0o120000
    assert done.tree["link"] == b"go.sh"


def test_a_repository_without_commits_is_recorded(run, project, git):
    git(project, "init", "-q", "-b", "main")
    write(project / "train.py", "x")
    done = run("true")
    assert (done.manifest.git.commit, done.manifest.git.branch) == (None, "main")
    assert done.tree == {"train.py": b"x"}


def test_a_worktree_is_recorded_as_its_own(run, project, git, tmp_path):
    git(project, "init", "-q")
    write(project / "train.py", "x")
    commit(git, project)
    git(project, "worktree", "add", "-q", "-b", "side", str(tmp_path / "side tree"))
    write(tmp_path / "side tree" / "train.py", "y")
    done = run("true", folder=str(tmp_path / "side tree"))
    assert done.manifest.git.branch == "side"
    assert done.manifest.root == os.path.realpath(tmp_path / "side tree")
    assert done.tree == {"train.py": b"y"}


def test_submodules_come_along_file_by_file(run, project, git, tmp_path):
    library = tmp_path / "library"
    library.mkdir()
    git(library, "init", "-q")
    write(library / "lib.py", "lib")
    commit(git, library)
    git(project, "init", "-q")
    git(project, "submodule", "--quiet", "add", str(library), "vendor/lib")
    commit(git, project)
    write(project / "vendor" / "lib" / "extra.py", "not committed")
    done = run("true")
    assert done.tree["vendor/lib/lib.py"] == b"lib"
    assert done.tree["vendor/lib/extra.py"] == b"not committed"


def test_a_run_inside_a_submodule_records_the_submodule(run, project, git, tmp_path):
    library = tmp_path / "library"
    library.mkdir()
    git(library, "init", "-q")
    write(library / "lib.py", "lib")
    commit(git, library)
    git(project, "init", "-q")
    git(project, "submodule", "--quiet", "add", str(library), "sub")
    done = run("python", "lib.py", folder=str(project / "sub"))
    assert done.manifest.root == os.path.realpath(project / "sub")
    assert done.tree == {"lib.py": b"lib"}


def test_a_bare_repository_is_a_folder_without_git(run, project, git):
    git(project, "init", "-q", "--bare")
    write(project / "train.py", "print('bare')")
    done = run("python", "train.py")
    assert done.out == b"bare\n"
    assert done.manifest.git is None
    assert done.tree["train.py"] == b"print('bare')"


def test_without_git_the_python_files_and_the_texts_nearby_are_kept(run, project):
    write(project / "train.py", "open('data.bin', 'rb').read()")
    write(project / "config.yaml", "lr: 1")
    write(project / "pkg" / "mod.py", "mod")
    write(project / "pkg" / "notes.txt", "far from the script")
    write(project / ".venv" / "lib" / "x.py", "hidden")
    write(project / "data.bin", "read")
    done = run("python", "train.py")
    assert done.manifest.git is None
    assert set(done.tree) == {"train.py", "config.yaml", "pkg/mod.py", "data.bin"}


def test_git_that_is_not_installed_is_a_warning(run, project, git, tmp_path):
    git(project, "init", "-q")
    write(project / "train.py", "x")
    empty = tmp_path / "bin"
    empty.mkdir()
    shell = shutil.which("sh")
    done = run(shell, "-c", ":", environ={"PATH": str(empty)})
    assert any("git is not installed" in text for text in done.manifest.capture.warnings)
    assert done.tree == {"train.py": b"x"}


@pytest.mark.parametrize("name", ["with space", "ταξίδι-研究-путь", "quote'\"and\\slash"])
def test_paths_of_any_letters_are_recorded(run, tmp_path, git, name):
    folder = tmp_path / name
    folder.mkdir()
    git(folder, "init", "-q")
    write(folder / f"{name}.py", f"open({name + '.in'!r}).read(); open({name + '.out'!r}, 'w')")
    write(folder / f"{name}.in", "in")
    done = run("python", f"{name}.py", folder=str(folder))
    assert done.outcome.exit_code == 0, done.err
    assert set(done.tree) == {f"{name}.py", f"{name}.in"}
    assert set(done.inputs) == {f"{name}.in"}
    assert set(done.outputs) == {f"{name}.out"}


def test_names_that_are_no_text_are_recorded(run, project):
    (project / os.fsdecode(b"bad\xff.py")).write_bytes(b"x")
    done = run("python", "-c", "import os; open(b'bad\\xff.py').read(); open(b'o\\xfe', 'w')")
    assert done.outcome.recorded
    assert os.fsdecode(b"bad\xff.py") in done.tree
    assert set(done.outputs) == {"o\\xfe"}


def test_files_beyond_the_cap_are_named_and_not_kept(run, project, git):
    git(project, "init", "-q")
    (project / "big.bin").write_bytes(bytes(2_000_000))
    write(project / "small.py", "x")
    done = run("true", keep_bytes_max=1_000_000)
    assert set(done.tree) == {"small.py"}
    assert [(one.path, one.size_bytes) for one in done.manifest.code.not_kept] == [
        ("big.bin", 2_000_000)
    ]
    assert "not kept: big.bin, 2.0 MB (too large)" in done.manifest.blockers


def test_a_secret_in_code_is_replaced_in_the_stored_copy_alone(run, project, git):
    git(project, "init", "-q")
    write(project / "train.py", f"KEY = '{KEY}'\nprint(len(KEY))\n")
    for _ in range(2):
        done = run("python", "train.py")
        assert done.out == b"20\n"
        assert done.tree["train.py"] == b"KEY = 'redacted:aws-access-key'\nprint(len(KEY))\n"
        assert [found.name for found in done.manifest.redactions if found.where == "code"] == [
            "train.py"
        ]
    assert KEY in (project / "train.py").read_text()


def test_an_input_with_a_secret_keeps_its_true_digest(run, project, git):
    git(project, "init", "-q")
    write(project / "conf.json", f'{{"key": "{KEY}"}}')
    done = run("python", "-c", "open('conf.json').read()")
    found = done.inputs["conf.json"]
    assert found.digest == digest((project / "conf.json").read_bytes())
    assert not found.kept


def test_an_unchanged_tree_is_not_read_again(run, project, git):
    git(project, "init", "-q")
    write(project / "train.py", "x" * 1000)
    os.utime(project / "train.py", (1, 1))
    import time

    time.sleep(0.1)
    first = run("true")
    (project / "train.py").chmod(0o000)
    (project / "train.py").chmod(0o644)
    second = run("true")
    assert second.manifest.code == first.manifest.code


def test_the_workspace_is_no_part_of_the_code(run, project, git):
    import io

    from afield.runs.capture.capture import Request, capture
    from afield.workspace.store import make_store

    write(project / "train.py", "open('out', 'w')")
    record, _ = make_store(str(project / ".afield"))
    request = Request(argv=("true",), folder=str(project), environ=dict(os.environ))
    for _ in range(2):
        done = capture(record, request, out=io.BytesIO(), err=io.BytesIO())
    record.journal.close()
    assert [entry.path for entry in record.vault.get_tree(done.manifest.code.tree)] == ["train.py"]
    assert done.manifest.outputs == ()
