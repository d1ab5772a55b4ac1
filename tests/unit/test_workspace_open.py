"""Finding, making and opening workspaces; naming runs; reading what others wrote."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import afield
from afield.kernel.errors import Damaged, NotFound, NoWorkspace, Usage
from afield.kernel.ids import ObjectId, new_run_id
from afield.runs import events
from afield.runs.record import end_run, start_run
from afield.workspace import layout
from afield.workspace.errors import WorkspaceForeign, WorkspaceTooNew, WorkspaceUnwritable
from afield.workspace.store import make_store


@pytest.fixture
def workspace(tmp_path):
    with afield.Workspace.init(tmp_path / "here") as workspace:
        yield workspace


def _run(workspace, **given):
    run = start_run(workspace.record, kind="python", **given)
    end_run(workspace.record, run, status="finished", exit_code=0)
    return run


def test_a_workspace_is_found_upward_like_git(tmp_path, workspace):
    below = tmp_path / "here" / "a" / "b"
    below.mkdir(parents=True)
    with afield.Workspace.find(below, env={}, home=tmp_path) as found:
        assert found.path == workspace.path


def test_without_one_the_default_is_made_on_first_use(tmp_path):
    start, home = tmp_path / "start", tmp_path / "home"
    start.mkdir()
    env = {"XDG_DATA_HOME": str(home), "LOCALAPPDATA": str(home)}
    for _ in range(2):
        with afield.Workspace.find(start, env=env, home=home) as found:
            assert home in found.path.parents
            assert found.runs() == []


@pytest.mark.parametrize("tail", ["", ".afield"])
def test_the_variable_names_the_folder_or_the_workspace_itself(tmp_path, workspace, tail):
    env = {"AFIELD_WORKSPACE": str(tmp_path / "there" / tail)}
    with afield.Workspace.find(tmp_path / "here", env=env, home=tmp_path) as found:
        assert found.path == tmp_path / "there" / ".afield"


def test_opening_what_is_not_there_says_so_with_a_hint(tmp_path):
    with pytest.raises(NoWorkspace) as told:
        afield.open(tmp_path / "nothing at all")
    assert told.value.hint == f"afield init '{tmp_path / 'nothing at all'}'"
    assert told.value.exit_code == 10
    assert not (tmp_path / "nothing at all").exists()


def test_a_folder_of_somebody_else_is_refused_and_left_alone(tmp_path):
    (tmp_path / ".afield").mkdir()
    (tmp_path / ".afield" / "precious.txt").write_text("x")
    for verb in (afield.Workspace.init, afield.Workspace.open):
        with pytest.raises(WorkspaceForeign, match="precious"):
            verb(tmp_path)
    assert sorted(path.name for path in (tmp_path / ".afield").iterdir()) == ["precious.txt"]


def test_a_file_of_that_name_is_refused(tmp_path):
    (tmp_path / ".afield").write_text("x")
    with pytest.raises(WorkspaceForeign, match="it is a file"):
        afield.Workspace.init(tmp_path)


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises((WorkspaceUnwritable, WorkspaceForeign)):
        afield.Workspace.init(tmp_path / "file" / "below")


@pytest.mark.parametrize(
    ("before", "after"),
    [("format = 1", "format = 2"), ("requires = []", 'requires = ["sealed-scopes"]')],
)
def test_a_workspace_of_a_later_version_is_refused_politely(workspace, before, after):
    config = workspace.path / "config.toml"
    config.write_text(config.read_text().replace(before, after))
    with pytest.raises(WorkspaceTooNew) as told:
        afield.open(workspace.path)
    assert "pip install" in told.value.hint


@pytest.mark.parametrize(
    "text", ["", "format = 1\n", "not toml", "format = 1\n[workspace]\nid = 3"]
)
def test_a_damaged_configuration_is_told_and_not_replaced(workspace, text):
    config = workspace.path / "config.toml"
    config.write_text(text)
    with pytest.raises((Damaged, WorkspaceTooNew)):
        afield.Workspace.init(workspace.path)
    assert config.read_text() == text


def test_nothing_is_recorded_past_a_workspace_that_has_lost_its_configuration(tmp_path, workspace):
    _run(workspace)
    workspace.refresh()
    workspace.close()
    config = workspace.path / layout.CONFIG
    kept = config.read_bytes()
    for lost in (b"", None):
        if lost is None:
            config.unlink()
        else:
            config.write_bytes(lost)
        for opened in (
            lambda: afield.Workspace.find(workspace.path.parent, env={}, home=tmp_path),
            lambda: afield.Workspace.init(workspace.path.parent),
            lambda: afield.Workspace.open(workspace.path.parent),
        ):
            with pytest.raises(Damaged, match="gone" if lost is None else "empty"):
                opened().close()
    config.write_bytes(kept)
    with afield.Workspace.open(workspace.path.parent) as again:
        assert len(again.runs()) == 1
    assert not (tmp_path / ".local").exists()


def test_making_it_twice_gives_the_same_workspace(workspace):
    with afield.Workspace.init(workspace.path.parent) as again:
        assert again.config == workspace.config


def test_a_making_that_was_cut_short_is_taken_up(tmp_path):
    folder = str(tmp_path / ".afield")
    record, config = make_store(folder)
    record.journal.close()
    Path(folder, layout.CONFIG).unlink()  # the crash came just before it
    with afield.Workspace.init(tmp_path) as workspace:
        assert workspace.config.device == config.device
        assert workspace.config.member == config.member
        run = _run(workspace)
        assert workspace.run(run).status == "finished"
        assert workspace.projection.set_aside() == []


def test_git_never_sees_a_workspace(workspace):
    assert (workspace.path / ".gitignore").read_text() == "*\n"


def test_the_device_key_is_for_its_owner_only(workspace):
    modes = {path.stat().st_mode & 0o077 for path in (workspace.path / "keys").iterdir()}
    assert os.name == "nt" or modes == {0}


def test_deleting_the_projection_and_the_cache_loses_nothing(tmp_path, workspace):
    run = afield.init(workspace=workspace.path, config={"lr": 0.1})
    for number in range(5_000):
        run.log({"loss": (number * 0.618) % 1})
    run.finish()
    before = workspace.series(run.id, "loss")
    for path in workspace.path.glob("projection.db*"):
        path.unlink()
    for path in (workspace.path / "cache").rglob("*.columns"):
        path.unlink()
    with afield.open(workspace.path) as again:
        assert again.series(run.id, "loss").equals(before)
        assert again.run(run.id).params == {"lr": 0.1}


def test_runs_are_named_by_id_prefix_and_name(workspace):
    one, two = _run(workspace, name="alpha"), _run(workspace, name="beta")
    assert workspace.run(one).id == one
    assert workspace.run(one.upper()).id == one
    assert workspace.run("beta").id == two
    unique = next(one[:size] for size in range(1, 17) if not two.startswith(one[:size]))
    assert workspace.run(unique).id == one


def test_an_ambiguous_name_lists_the_runs_and_an_exact_id_never_is(workspace):
    one, two = _run(workspace, name="same"), _run(workspace, name="same")
    three = _run(workspace, name=one)  # a name that is another's id
    with pytest.raises(NotFound) as told:
        workspace.run("same")
    assert set(told.value.fields["runs"]) == {one, two}
    assert workspace.run(one).id == one
    assert workspace.run(three).name == one


@pytest.mark.parametrize("ref", ["", "nothing", "%", "0' OR 1=1 --", "~", "é"])
def test_a_run_that_is_not_there_is_told(workspace, ref):
    _run(workspace)
    with pytest.raises(NotFound):
        workspace.run(ref)


def test_lists_are_newest_first_paged_and_without_the_deleted(workspace):
    ids = [_run(workspace, name=f"run{number}") for number in range(5)]
    workspace.record.journal.append_many([events.deleted(ids[2], gone=True)])
    names = [view.name for view in workspace.runs()]
    assert names == ["run4", "run3", "run1", "run0"]
    assert [view.name for view in workspace.runs(limit=2, offset=1)] == ["run3", "run1"]
    assert len(workspace.runs(deleted=True)) == workspace.count(deleted=True) == 5
    assert workspace.run(ids[2]).deleted
    workspace.record.journal.append_many([events.deleted(ids[2], gone=False)])
    assert workspace.count() == 5


def test_runs_of_one_millisecond_are_listed_newest_first(workspace):
    made = [new_run_id() for _ in range(20)]
    workspace.record.journal.append_many(
        events.started(
            run,
            project="p",
            experiment="e",
            name="same",
            kind="python",
            pid=1,
            host=ObjectId("0" * 64),
            started_ms=1_800_000_000_000,
        )
        for run in made
    )
    assert [view.id for view in workspace.runs()] == made[::-1]
    assert [view.id for view in workspace.runs("status = 'running'", limit=5)] == made[:-6:-1]
    with pytest.raises(NotFound) as told:
        workspace.run("same")
    assert list(told.value.fields["runs"]) == made[::-1][: len(told.value.fields["runs"])]


def test_queries_reach_params_metrics_tags_and_attributes(workspace):
    for number in range(6):
        run = afield.init(
            workspace=workspace.path,
            project="p",
            name=f"run{number}",
            config={"lr": 0.1 * number, "model": "tree" if number % 2 else "linear"},
            tags={"x": str(number)},
        )
        run.log({"acc": number / 10, "val/acc": 1 - number / 10})
        run.summary["best"] = number
        run.finish()

    def names(query):
        return [view.name for view in workspace.runs(query)]

    assert names("metrics.acc > 0.3 order by metrics.acc desc") == ["run5", "run4"]
    assert names('params.model = "tree" and tags.x != "3" order by name') == ["run1", "run5"]
    assert names("metrics.`val/acc` >= 0.9 order by params.lr") == ["run0", "run1"]
    assert names('status = "finished" and project = "p" and summary.best > 4') == ["run5"]
    assert names("params.lr < 0.15 order by metrics.acc") == ["run0", "run1"]
    assert workspace.count("started > '1h ago'") == 6
    with pytest.raises(Usage, match=r"did you mean|there is no field"):
        workspace.runs("metrcs.acc > 1")
    with pytest.raises(Usage) as refused:
        workspace.runs("acc > 1")
    assert "is it `metrics.acc`, `params.acc`" in refused.value.hint


def test_a_metric_that_is_not_there_names_those_that_are(workspace):
    run = afield.init(workspace=workspace.path)
    run.log({"loss": 1.0, "acc": 2.0})
    run.finish()
    with pytest.raises(NotFound, match="acc, loss"):
        workspace.series(run.id, "los")


@pytest.mark.parametrize("points_max", [0, -1])
def test_buckets_must_be_at_least_one(workspace, points_max):
    run = afield.init(workspace=workspace.path)
    run.log({"loss": 1.0})
    run.finish()
    with pytest.raises(Usage):
        workspace.series(run.id, "loss", max_points=points_max)


def test_series_are_arrow_tables_of_the_documented_columns(workspace):
    run = afield.init(workspace=workspace.path)
    for number in range(10):
        run.log({"loss": float(number)})
    run.finish()
    whole = workspace.series(run.id, "loss")
    types = {field.name: str(field.type) for field in whole.schema}
    assert types == {"step": "int64", "time": "timestamp[us, tz=UTC]", "value": "double"}
    some = workspace.series(run.id, "loss", max_points=3).to_pydict()
    assert some["step"] == [2, 5, 9]
    assert some["value"] == [2.0, 5.0, 9.0]
    assert some["min"] == [0.0, 3.0, 6.0]
    assert some["max"] == [2.0, 5.0, 9.0]


def test_verify_names_a_damaged_series(workspace):
    run = afield.init(workspace=workspace.path)
    for number in range(3_000):
        run.log({"loss": (number * 0.618033) % 1})
    run.finish()
    assert [found for found in workspace.verify() if found.damaged] == []
    pack = max((workspace.path / "packs").glob("*.pack"), key=lambda path: path.stat().st_size)
    data = bytearray(pack.read_bytes())
    data[len(data) // 2] ^= 1
    pack.chmod(0o644)
    pack.write_bytes(data)
    with afield.open(workspace.path) as again:
        assert [found for found in again.verify() if found.damaged]
        with pytest.raises(Damaged):
            again.series(run.id, "loss")


def test_init_uses_the_nearest_workspace_and_else_the_default(tmp_path, workspace):
    code = """
    import afield
    with afield.init(name="r") as run:
        run.log({"x": 1})
    """
    env = {name: value for name, value in os.environ.items() if not name.startswith("AFIELD_")}
    env |= {"XDG_DATA_HOME": str(tmp_path / "data"), "HOME": str(tmp_path / "home")}
    bare = tmp_path / "bare"
    bare.mkdir()
    for cwd in (workspace.path.parent, bare):
        script = [sys.executable, "-c", textwrap.dedent(code)]
        subprocess.run(script, cwd=cwd, env=env, check=True)
    assert workspace.run("r").metrics["x"].last == 1.0
    with afield.open(Path(layout.default_folder(env, env["HOME"]))) as default:
        assert default.run("r").status == "finished"
