"""Putting hand-made patches back: only inside the environment, and never through a link."""

from __future__ import annotations

import os

import pytest

from afield.kernel.files import OsFileSystem
from afield.replay.patching import put_patches_back
from afield.runs.manifest import Distribution, Patch
from afield.vault import Vault


@pytest.fixture
def vault(tmp_path):
    return Vault(str(tmp_path / "packs"), OsFileSystem())


@pytest.fixture
def site(tmp_path):
    folder = tmp_path / "env" / "site-packages"
    (folder / "thing").mkdir(parents=True)
    (folder / "thing-1.0.dist-info").mkdir()
    (folder / "thing/a.py").write_text("as installed")
    return folder


@pytest.fixture
def put(vault, site):
    def go(path, how, data=None, **more):
        digest = None if data is None else vault.put(data)
        patch = Patch(path=path, how=how, digest=digest, kept=data is not None)
        one = Distribution(name="Thing", version="1.0", patched=(patch,), **more)
        return [gap.detail for gap in put_patches_back([one], [str(site)], vault)]

    return go


def test_changed_added_and_removed_files_are_as_recorded(put, site):
    assert put("thing/a.py", "changed", b"edited") == []
    assert (site / "thing/a.py").read_bytes() == b"edited"
    assert put("thing/deep/b.py", "added", b"new") == []
    assert (site / "thing/deep/b.py").read_bytes() == b"new"
    assert put("thing/a.py", "removed") == []
    assert not (site / "thing/a.py").exists()
    assert put("thing/a.py", "removed") == []


@pytest.mark.skipif(os.name == "nt", reason="hard links of POSIX")
def test_what_a_file_is_linked_to_stays_as_it_was(put, site, tmp_path):
    (tmp_path / "cached.py").write_text("as installed")
    (site / "thing/a.py").unlink()
    os.link(tmp_path / "cached.py", site / "thing/a.py")
    assert put("thing/a.py", "changed", b"edited") == []
    assert (tmp_path / "cached.py").read_text() == "as installed"


def test_nothing_outside_the_environment_is_written(put, site, tmp_path):
    for path in ("../../out.py", str(tmp_path / "out.py")):
        assert "leads out" in put(path, "changed", b"edited")[0]
    (site / "thing/away").symlink_to(tmp_path)
    assert "leads out" in put("thing/away/out.py", "changed", b"edited")[0]
    assert not (tmp_path / "out.py").exists()


def test_what_cannot_be_put_back_is_said(put):
    assert "its bytes were not kept" in put("thing/a.py", "changed")[0]
