"""What somebody patched by hand in installed packages is put back when a run is reproduced."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from afield.replay.environment_diff import diff_environments
from afield.replay.here import environment_here

pytestmark = pytest.mark.skipif(os.name == "nt", reason="paths of POSIX")


@pytest.fixture
def own(project, tmp_path, new_venv):
    """A project with an environment that only one test changes."""
    project.venv = new_venv(tmp_path / "own env", "tinystat==1.0", "sidecar==0.3")
    return project


def module(project, name="tinystat.py"):
    return next(Path(project.venv).glob(f"lib/python*/site-packages/{name}"))


def patch(project, text="\nSCALE = 10.0\n"):
    path = module(project)
    path.write_text(path.read_text() + text)
    return path


def distribution(project, run, name="tinystat"):
    project.workspace.refresh()
    found = project.workspace.manifest(run).environment
    return next(one for one in found.distributions if one.name == name)


def test_a_patched_package_is_rebuilt_with_its_patch(own):
    patch(own)
    run = own.record()
    assert [one.path for one in distribution(own, run).patched] == ["tinystat.py"]
    report = own.reproduce(run)
    assert (report.verdict, report.cause) == ("identical", None)
    assert distribution(own, report.new_run).patched == distribution(own, run).patched
    again = own.reproduce(run)
    assert again.verdict == "identical"
    assert not any("building" in line for line in own.said)


def test_it_is_not_the_environment_of_a_run_without_the_patch(own):
    before = own.record()
    first = own.reproduce(before)
    path = patch(own)
    other = own.reproduce(own.record())
    assert first.environment != other.environment
    assert "10.0" not in next(Path(first.environment).rglob("tinystat.py")).read_text()
    assert "10.0" in path.read_text()


def test_the_cache_of_uv_is_left_as_it_was(own, tmp_path):
    own.environ["UV_CACHE_DIR"] = str(tmp_path / "uv-cache")
    patch(own, "\nSCALE = 10.0  # another patch\n")
    report = own.reproduce(own.record())
    cached = [path.read_text() for path in (tmp_path / "uv-cache").rglob("tinystat.py")]
    assert cached
    assert not any("10.0" in text for text in cached)
    assert next(Path(report.environment).rglob("tinystat.py")).stat().st_nlink == 1


def test_a_file_that_was_removed_is_removed_again(own):
    entry_points = "tinystat-1.0.dist-info/entry_points.txt"
    module(own, entry_points).unlink()
    run = own.record()
    assert [(one.path, one.how) for one in distribution(own, run).patched] == [
        (entry_points, "removed")
    ]
    report = own.reproduce(run)
    assert report.verdict == "identical"
    assert not list(Path(report.environment).rglob(entry_points))


def test_the_cause_names_the_patch(own):
    run = own.record()
    patch(own)
    report = own.reproduce(run, env="here")
    assert report.verdict == "diverged"
    assert (report.cause.kind, report.cause.detail) == (
        "environment",
        "tinystat 1.0: tinystat.py was patched by hand in the other run only",
    )


def test_bytes_that_were_not_kept_are_said_aloud(own):
    patch(own, "\nTOKEN = 'ghp_" + "a1B2c3D4e5F6" * 3 + "'\nSCALE = 10.0\n")
    report = own.reproduce(own.record())
    assert report.verdict == "diverged"
    assert report.cause.kind == "environment"
    assert any("patched by hand, and its bytes were not kept" in line for line in report.reasons)


def test_two_runs_and_the_environment_here_are_told_apart_by_the_patch(own, tmp_path):
    plain = own.record()
    patch(own)
    patched = own.record()
    own.workspace.refresh()
    a, b = (own.workspace.manifest(run).environment for run in (plain, patched))
    (change,) = diff_environments(a, b).patched
    assert (change.name, change.a, change.b) == ("tinystat 1.0: tinystat.py", None, "changed")
    assert not diff_environments(a, b).equal
    here = environment_here(
        own.run_environ(),
        str(own.folder),
        cache=str(tmp_path / "distributions.json"),
        checked=a.distributions,
    )
    assert diff_environments(a, here).patched == (change,)
    assert diff_environments(b, here).equal


def test_a_patched_package_that_no_index_has_is_packed_with_its_patch(own):
    path = patch(own)
    info = next(path.parent.glob("tinystat-*.dist-info"))
    (info / "direct_url.json").write_text('{"url": "file:///gone/tinystat", "dir_info": {}}')
    run = own.record()
    found = distribution(own, run)
    assert (found.origin, found.wheel is None, len(found.patched)) == ("local", False, 1)
    report = own.reproduce(run)
    assert report.verdict == "identical"
