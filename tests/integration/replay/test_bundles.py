"""One run in one file: made, handed over, opened where nothing of Afield is, and repeated."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from pathlib import Path

import pytest
import uv

from afield.replay import Wish, gather_wheels, make_tools, reproduce
from afield.runs import events
from afield.workspace.bundle import contents_of, is_bundle, pack, unpack
from afield.workspace.errors import BundleDamaged, BundleUnreadable, BundleUnwritable


def tools_of(workspace, environ, **more):
    return make_tools(
        uv=uv.find_uv_bin(), cache=str(workspace.path / "cache"), environ=environ, **more
    )


@pytest.fixture
def bundle(project, tmp_path):
    """Packs a run that was just recorded."""

    def make(run, *, with_wheels=False, name="handed.afield"):
        workspace = project.workspace
        workspace.refresh()
        manifest = workspace.manifest(run)
        wheels, absent = {}, ()
        if with_wheels:
            wheels, absent = gather_wheels(
                manifest.environment,
                vault=workspace.record.vault,
                tools=tools_of(workspace, project.run_environ()),
                folder=str(tmp_path),
            )
        path = str(tmp_path / name)
        view = workspace.run(run)
        return pack(
            workspace.record, run, name=view.name, manifest=manifest, path=path,
            wheels=wheels, absent=absent,
        )  # fmt: skip

    return make


@pytest.fixture
def stranger(project, tmp_path):
    """Opens and repeats a bundle where there is no index, no cache, no project, no workspace."""
    environ = {k: v for k, v in project.environ.items() if k != "UV_FIND_LINKS"}
    environ["UV_CACHE_DIR"] = str(tmp_path / "stranger-uv")
    opened = []

    def repeat(path, **more):
        found = unpack(path, str(tmp_path / "stranger"))
        opened.append(found)
        wish = Wish(
            tools=tools_of(found.workspace, environ, wheels=found.contents.wheels),
            out=io.BytesIO(),
            err=io.BytesIO(),
            **more,
        )
        return found, reproduce(found.workspace.record, found.workspace, found.run, wish)

    yield repeat
    for one in opened:
        one.workspace.close()


def test_a_stranger_repeats_the_run_offline_from_the_one_file(project, bundle, stranger):
    project.write("train.py", (project.folder / "train.py").read_text() + "\nprint('dirty')\n")
    run = project.record("python", "train.py", "--noise")
    packed = bundle(run, with_wheels=True)
    assert set(packed.contents.wheels) == {"tinystat", "sidecar"}
    assert packed.contents.absent == ()
    shutil.rmtree(project.folder)
    found, report = stranger(packed.path)
    assert (report.verdict, report.cause) == ("identical", None)
    assert {one.path for one in report.outputs} == {"metrics.json", "model.pkl"}
    again = found.workspace.run(run)
    assert [one.verdict for one in again.reproductions] == ["identical"]
    assert again.started == project.workspace.run(run).started


def test_without_wheels_an_environment_that_cannot_be_had_is_named(project, bundle, stranger):
    packed = bundle(project.record())
    _, report = stranger(packed.path)
    assert report.verdict == "incomplete"
    assert report.cause.kind == "environment"
    assert "tinystat 1.0 is missing" in report.cause.evidence


def test_the_bundle_tells_what_the_record_tells_and_nothing_of_other_runs(project, bundle):
    other = project.record("python", "-c", "print('other-secret-plan')")
    run = project.record(tags={"stage": "try"}, params={"lr": "0.1"})
    note = project.workspace.record.vault.put(b"look at the noise", meta=True)
    project.workspace.record.vault.flush()
    project.workspace.record.journal.append_many([events.noted(run, note)])
    packed = bundle(run)
    with zipfile.ZipFile(packed.path) as archive:
        text = b"".join(archive.read(name) for name in archive.namelist())
    assert other.encode() not in text
    assert project.workspace.record.journal.device.encode() in text
    opened = unpack(packed.path, str(Path(packed.path).parent / "home"))
    with opened.workspace as workspace:
        assert [view.id for view in workspace.runs()] == [run]
        view, original = workspace.run(run), project.workspace.run(run)
        for name in (
            "name",
            "project",
            "status",
            "exit_code",
            "tags",
            "params",
            "started",
            "ended",
        ):
            assert getattr(view, name) == getattr(original, name), name
        assert [one.text for one in view.notes] == ["look at the noise"]
        assert view.manifest == original.manifest
        assert not [one for one in workspace.verify() if one.damaged]
    assert not {entry.digest for entry in packed.contents.sources} - {
        entry.digest for batch in project.workspace.record.journal.read() for entry in batch.entries
    }


def test_a_bundle_is_laid_out_once_and_keeps_its_reproductions(project, bundle, stranger):
    packed = bundle(project.record(), with_wheels=True)
    first, _ = stranger(packed.path)
    second, _ = stranger(packed.path)
    assert first.workspace.path == second.workspace.path
    assert len(second.workspace.run(second.run).reproductions) == 2


def _rewritten(path, change):
    """Write the bundle again with one member changed."""
    with zipfile.ZipFile(path) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    change(held)
    other = path.replace("handed", "changed")
    with zipfile.ZipFile(other, "w", zipfile.ZIP_STORED) as archive:
        for name, data in held.items():
            archive.writestr(name, data)
    return other


def _other_run(held):
    contents = json.loads(held["bundle.json"])
    contents["name"] = "a better name"
    held["bundle.json"] = json.dumps(contents).encode()


def _other_byte(kind):
    def change(held):
        name = next(name for name in sorted(held) if name.startswith(kind))
        data = bytearray(held[name])
        data[len(data) // 2] ^= 1
        held[name] = bytes(data)

    return change


def _without(kind):
    def change(held):
        del held[next(name for name in sorted(held) if name.startswith(kind))]

    return change


def _outside(held):
    held["../../escaped.log"] = b"x"


def _strange(held):
    held["keys/device.key"] = b"x"


@pytest.mark.parametrize(
    "change",
    [
        _other_run, _other_byte("journal/"), _other_byte("packs/"), _without("journal/"),
        _without("packs/"), _outside, _strange,
    ],
    ids=["contents", "entry", "object", "no log", "no pack", "escape", "key"],
)  # fmt: skip
def test_a_bundle_that_was_changed_is_refused_and_leaves_nothing(project, bundle, tmp_path, change):
    changed = _rewritten(bundle(project.record()).path, change)
    home = tmp_path / "home"
    with pytest.raises(BundleDamaged):
        unpack(changed, str(home))
    assert not list(home.rglob("config.toml"))
    assert not (tmp_path / "escaped.log").exists()


@pytest.mark.parametrize("data", [b"", b"no zip at all", b"PK\x03\x04 and then nothing"])
def test_a_file_that_is_no_bundle_is_told(tmp_path, data):
    path = tmp_path / "x.afield"
    path.write_bytes(data)
    assert is_bundle(str(path))
    with pytest.raises(BundleUnreadable):
        contents_of(str(path))
    with pytest.raises(BundleUnreadable):
        contents_of(str(tmp_path / "nothing.afield"))


def test_a_bundle_that_cannot_be_written_leaves_an_older_one_as_it_was(project, bundle, tmp_path):
    run = project.record()
    packed = bundle(run)
    before = Path(packed.path).read_bytes()
    with pytest.raises(BundleUnwritable):
        bundle(run, name="no such folder/x.afield")
    assert Path(packed.path).read_bytes() == before
    assert not list(tmp_path.glob("*.tmp-*"))
