"""Files of installed distributions that somebody changed by hand are found, kept and named."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys

import pytest

from afield.runs.capture.distributions import DistributionCache, find_distributions
from afield.runs.capture.limits import INSTALLED_HASHED_BYTES_MAX
from afield.runs.capture.patches import PatchCheck

pytestmark = pytest.mark.skipif(os.name == "nt", reason="paths of POSIX")

FILES = {
    "thing/__init__.py": "from thing import inner\nSCALE = 1\n",
    "thing/inner.py": "def f(): return 1\n",
    "thing/table.txt": "1 2 3\n",
    "thing/unused.py": "x = 1\n",
}


def install(site, name, version, files, *, installer="pip"):
    info = site / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    rows = [f"{info.name}/INSTALLER,,", f"{info.name}/RECORD,,"]
    about = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    for path, text in {**files, f"{info.name}/METADATA": about}.items():
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_text(text)
        raw = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())
        rows.append(f"{path},sha256={raw.rstrip(b'=').decode()},{len(text)}")
    (info / "INSTALLER").write_text(installer + "\n")
    (info / "RECORD").write_text("\n".join(rows) + "\n")
    return info


@pytest.fixture
def venv(tmp_path):
    folder = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    return folder


@pytest.fixture
def site(venv):
    folder = next((venv / "lib").glob("python*/site-packages"))
    install(folder, "thing", "1.0", FILES)
    install(folder, "other", "2.0", {"other.py": "y = 1\n"})
    return folder


@pytest.fixture
def look(run, venv):
    """Run a line of Python there; returns what was recorded of each distribution."""

    def go(text, **more):
        done = run(str(venv / "bin" / "python"), "-c", text, **more)
        assert done.manifest.exit_code == 0, done.err
        assert done.manifest.capture.warnings == ()
        go.done = done
        return {one.name: one for one in done.manifest.environment.distributions}

    return go


def told(one):
    return [(patch.path, patch.how, patch.kept) for patch in one.patched]


def test_nothing_is_said_of_files_that_are_as_installed(look, site):
    found = look("import thing")
    assert (found["thing"].checked, found["thing"].patched) == (True, ())
    assert (found["other"].checked, found["other"].patched) == (False, ())


def test_an_edited_file_is_named_and_its_bytes_are_kept(look, site):
    edited = "def f(): return 2\n"
    before = look("import thing")
    (site / "thing/inner.py").write_text(edited)  # of the same size
    found = look("import thing; print(thing.inner.f())")
    (patch,) = found["thing"].patched
    assert (patch.path, patch.how, patch.kept) == ("thing/inner.py", "changed", True)
    assert look.done.record.vault.get(patch.digest) == edited.encode()
    assert found["thing"].identity == before["thing"].identity
    (site / "thing/inner.py").write_text(FILES["thing/inner.py"])
    assert look("import thing")["thing"].patched == ()


def test_the_patch_is_part_of_what_the_environment_is(look, site):
    look("import thing")
    before = look.done.manifest.environment.identity
    (site / "thing/inner.py").write_text("def f(): return 3\n")
    look("import thing")
    assert look.done.manifest.environment.identity != before


def test_what_was_edited_of_a_distribution_that_the_run_did_not_use_is_not_looked_at(look, site):
    (site / "thing/inner.py").write_text("broken")
    found = look("import other")
    assert (found["other"].checked, found["thing"].checked) == (True, False)
    assert found["thing"].patched == ()


def test_files_that_are_gone_and_data_that_changed_are_named(look, site):
    (site / "thing/unused.py").unlink()
    (site / "thing/table.txt").write_text("9 9 9\n")
    found = look("import thing")
    assert told(found["thing"]) == [
        ("thing/table.txt", "changed", True),
        ("thing/unused.py", "removed", False),
    ]


def test_added_files_are_named_when_the_run_read_them(look, site):
    (site / "thing/more.py").write_text("z = 5\n")
    (site / "thing/more.txt").write_text("text")
    (site / "thing/never.py").write_text("")
    assert look("import thing")["thing"].patched == ()
    for _ in range(2):  # from the source, and from the byte code
        text = "import os, thing.more; open(os.path.dirname(thing.__file__) + '/more.txt').read()"
        found = look(text)
        assert told(found["thing"]) == [
            ("thing/more.py", "added", True),
            ("thing/more.txt", "added", True),
        ]


def test_what_the_run_itself_put_into_a_package_is_not_a_patch(look, site):
    text = (
        "import os, thing; p = os.path.dirname(thing.__file__) + '/cache.txt';"
        "open(p, 'w').write('x'); open(p).read()"
    )
    assert look(text)["thing"].patched == ()


def test_a_run_that_is_killed_tells_what_it_had_imported(run, venv, site):
    (site / "thing/inner.py").write_text("def f(): return 2\n")
    modules = "".join(f"import thing.m{number}\n" for number in range(40))
    for number in range(40):
        (site / f"thing/m{number}.py").write_text("")
    text = modules + "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    done = run(str(venv / "bin" / "python"), "-c", text)
    (thing,) = [one for one in done.manifest.environment.distributions if one.name == "thing"]
    assert done.manifest.signal == "SIGKILL"
    assert ("thing/inner.py", "changed", True) in told(thing)


def test_children_tell_what_they_import(look, site):
    (site / "other.py").write_text("y = 2\n")
    text = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import other'])"
    for _ in range(2):  # from the source, and from the byte code
        assert told(look(text)["other"]) == [("other.py", "changed", True)]


def test_a_patch_that_holds_a_secret_is_named_and_not_kept(look, site):
    secret = "k = 'ghp_" + "a1B2c3D4e5F6" * 3 + "'\n"
    (site / "thing/inner.py").write_text("def f(): pass\n" + secret)
    found = look("import thing")
    assert told(found["thing"]) == [("thing/inner.py", "changed", False)]
    assert any("thing/inner.py" in line for line in look.done.manifest.blockers)


def test_files_that_a_system_packager_rewrites_are_no_patches(look, site):
    install(site, "relocated", "1.0", {"relocated.py": "x = 1\n"}, installer="conda")
    (site / "relocated.py").write_text("x = 2\n")
    found = look("import relocated")
    assert (found["relocated"].checked, found["relocated"].patched) == (False, ())


def test_without_a_watch_nothing_is_claimed(look, site):
    (site / "thing/inner.py").write_text("def f(): return 2\n")
    found = look("import thing", trace="off")
    assert (found["thing"].checked, found["thing"].patched) == (False, ())


def names_at(tmp_path, site, **more):
    found = find_distributions([str(site)], DistributionCache(None))
    check = PatchCheck(str(tmp_path / "installed"), names={"thing"}, **more)
    (one,) = check.look(found).values()
    return told(one)


def test_bytes_are_digested_once_for_each_state(tmp_path, site):
    assert names_at(tmp_path, site) == []
    path = site / "thing/inner.py"
    before = path.stat()
    path.write_text("def f(): return 2\n")  # same size; then the same inode and time, too
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert names_at(tmp_path, site) == []  # remembered by its stamp
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    assert names_at(tmp_path, site) == [("thing/inner.py", "changed", False)]


def test_an_upgrade_in_place_begins_anew(tmp_path, site):
    (site / "thing/inner.py").write_text("patched = 1\n")
    assert names_at(tmp_path, site) == [("thing/inner.py", "changed", False)]
    for path in site.glob("thing-1.0.dist-info/*"):
        path.unlink()
    (site / "thing-1.0.dist-info").rmdir()
    install(site, "thing", "1.1", FILES)
    assert names_at(tmp_path, site) == []


def test_a_cache_that_is_damaged_is_read_anew(tmp_path, site):
    assert names_at(tmp_path, site) == []
    for path in (tmp_path / "installed").iterdir():
        path.write_text("{")
    (site / "thing/inner.py").write_text("patched = 1\n")
    assert names_at(tmp_path, site) == [("thing/inner.py", "changed", False)]


def test_a_file_of_very_many_bytes_is_looked_at_by_its_size(tmp_path, site):
    size_bytes = INSTALLED_HASHED_BYTES_MAX + 1
    with (site / "thing/weights.bin").open("wb") as stream:
        stream.truncate(size_bytes)  # it takes no room on the disk
    with (site / "thing-1.0.dist-info/RECORD").open("a") as record:
        record.write(f"thing/weights.bin,sha256=of-something,{size_bytes}\n")
    (site / "thing/inner.py").write_text("patched = 1\n")
    for _ in range(2):
        assert names_at(tmp_path, site) == [("thing/inner.py", "changed", False)]
    os.truncate(site / "thing/weights.bin", size_bytes - 1)
    assert ("thing/weights.bin", "changed", False) in names_at(tmp_path, site)
