"""MLflow's stores, filled by its own client: what it reads of them is what stands here."""

from __future__ import annotations

import importlib.util
import json
import math
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from afield.kernel.files import OsFileSystem
from afield.workspace.workspace import Workspace

SCRIPT = Path(__file__).with_name("mlflow_stores.py")
STATUSES = {
    "FINISHED": "finished", "FAILED": "failed", "KILLED": "killed", "RUNNING": "interrupted",
}  # fmt: skip


@pytest.fixture(scope="session")
def stores(tmp_path_factory):
    """A SQLite store and a file store, filled once for all processes of the tests."""
    lacking = [
        name for name in ("mlflow", "sqlalchemy", "alembic") if not importlib.util.find_spec(name)
    ]
    if lacking:
        pytest.skip(f"not run: {', '.join(lacking)} is not installed")
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    folder = shared / "mlflow-stores"
    with OsFileSystem().lock(str(shared / "mlflow-stores.lock"), 500.0):
        if not (folder / "files.json").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            env = {**os.environ, "MLFLOW_ALLOW_FILE_STORE": "true", "MLFLOW_DISABLE_TELEMETRY": "1"}
            uris = [f"sqlite:///{folder}/m.db", f"{folder}/files"]
            done = subprocess.run(
                [sys.executable, "-W", "ignore", SCRIPT, folder, *uris],
                env=env, cwd=folder, capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def here(afield, tmp_path, monkeypatch):
    folder = tmp_path / "here"
    folder.mkdir()
    assert afield("init", str(folder)).code == 0
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def copy(stores, tmp_path):
    """The stores once more, to be changed; the files of runs stay where they are."""
    folder = tmp_path / "stores"
    shutil.copytree(stores, folder)
    return folder


def what_mlflow_says(stores, name, when):
    return json.loads((stores / f"{name}.json").read_text(encoding="utf-8"))[when]


def assert_same(here, said):
    """Compare each value of each run with what MLflow's client says of it."""
    with Workspace.open(here) as workspace:
        views = {view.name: view for view in workspace.runs(limit=None)}
        assert sorted(views) == sorted(one["name"] for one in said)
        ids = {one["id"]: views[one["name"]].id for one in said}
        for one in said:
            view = views[one["name"]]
            assert view.kind == "imported"
            assert view.experiment == one["experiment"]
            assert view.status == STATUSES[one["status"]]
            assert round(view.started.timestamp() * 1000) == one["start"]
            if one["end"] is not None:
                assert round(view.ended.timestamp() * 1000) == one["end"]
            assert view.params == one["params"]
            tags = {k: v for k, v in one["tags"].items() if k != "mlflow.runName"}
            note = tags.pop("mlflow.note.content", None)
            assert [each.text for each in view.notes] == ([note] if note else [])
            given = {k: v for k, v in view.tags.items() if k != "mlflow.user"}
            tags.pop("mlflow.user", None)
            assert given == tags
            assert view.parent == ids.get(tags.get("mlflow.parentRunId"))
            assert set(view.metrics) == set(one["metrics"])
            for name, history in one["metrics"].items():
                points = workspace.points(view, name)
                got = [
                    (step, time_ns // 1_000_000, value)
                    for step, time_ns, value in zip(
                        points.step.tolist(),
                        points.time_ns.tolist(),
                        points.value.tolist(),
                        strict=True,
                    )
                ]
                wanted = [(step, ms, as_logged(float(text))) for step, ms, text in history]
                assert sorted(map(repr, got)) == sorted(map(repr, wanted)), name
            assert [each.path for each in view.saved] == one["files"]


def as_logged(value):
    """Return what was logged: MLflow's databases hold infinity as the largest number."""
    return math.copysign(math.inf, value) if abs(value) >= sys.float_info.max else value


@pytest.mark.parametrize("name", ["m.db", "files"])
def test_every_value_that_mlflow_reads_stands_here(afield, here, stores, name):
    done = afield("import", "mlflow", str(stores / f"before-{name}"), "--json")
    assert done.code in (0, 3), done.err
    assert_same(here, what_mlflow_says(stores, name, "before"))
    assert [one["what"] for one in done.json["left"] if one["meant"]] == ["1 run"]


@pytest.mark.parametrize("name", ["m.db", "files"])
def test_a_second_import_adds_nothing_and_a_later_one_what_is_new(afield, here, stores, name):
    uri = f"sqlite:///{stores}/before-m.db" if name == "m.db" else str(stores / "before-files")
    assert afield("import", "mlflow", uri).code in (0, 3)
    entries = count_entries(here)
    again = afield("import", "mlflow", uri, "--json")
    assert (again.json["new"], again.json["grown"]) == (0, 0)
    assert count_entries(here) == entries
    dry = afield("import", "mlflow", str(stores / name), "--dry-run", "--json")
    assert (dry.json["new"], dry.json["grown"]) == (1, 1)
    assert count_entries(here) == entries
    grown = afield("import", "mlflow", str(stores / name), "--json")
    assert (grown.json["new"], grown.json["grown"]) == (1, 1), grown.json
    assert_same(here, what_mlflow_says(stores, name, "after"))
    assert afield("verify").code == 0


def count_entries(here):
    """Count what is in the journal, but for signatures."""
    with Workspace.open(here) as workspace:
        batches = workspace.record.journal.read()
        return sum(entry.kind.startswith("run.") for batch in batches for entry in batch.entries)


def test_what_people_changed_here_is_not_changed_back(afield, here, stores):
    assert afield("import", "mlflow", str(stores / "before-files")).code in (0, 3)
    assert afield("tag", "still running", "kept=mine", "own=1").code == 0
    assert afield("delete", "killed").code == 0
    grown = afield("import", "mlflow", str(stores / "files"))
    assert grown.code in (0, 3), grown.err
    found = afield("show", "still running", "--json").json
    tags = {name: found["tags"][name] for name in ("kept", "own", "stage")}
    assert tags == {"kept": "mine", "own": "1", "stage": "end"}
    assert "killed" not in {one["name"] for one in afield("runs", "--json").json["runs"]}


@pytest.fixture(scope="session")
def read_back():
    """Read a store by MLflow's own client, in a process of its own."""

    def read(folder, uri):
        code = "import json, mlflow_stores as m; from mlflow.tracking import MlflowClient as C; "
        code += f"print(json.dumps(m.read(C({uri!r}))))"
        env = {**os.environ, "MLFLOW_ALLOW_FILE_STORE": "true", "PYTHONPATH": str(SCRIPT.parent)}
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", code],
            env=env, cwd=folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return {one["name"]: one for one in json.loads(done.stdout)}

    return read


def test_what_is_exported_mlflow_itself_reads_the_same(afield, here, stores, read_back):
    assert afield("import", "mlflow", str(stores / "m.db")).code in (0, 3)
    with afield_run(here) as run:
        for at in range(5):
            run.log({"m": at / 3, "m/inner": math.nan if at == 3 else at}, step=at)
        (here / "model.bin").write_bytes(b"weights")
        run.save(str(here / "model.bin"))
        run.summary["best"] = "fourth"
    done = afield("export", "mlflow", 'status != "running"', "--to", "out", "--json")
    assert done.code == 0, done.out
    assert {one["state"] for one in done.json["runs"]} == {"new"}
    found = read_back(here, "out")
    said = {one["name"]: one for one in what_mlflow_says(stores, "m.db", "after")}
    for name, wanted in said.items():
        got = found[name]
        own = {key: got["tags"].pop(key) for key in ("afield.run", "afield.exported")}
        assert len(own["afield.run"]) == 16
        for points in wanted["metrics"].values():
            for point in points:
                point[2] = repr(as_logged(float(point[2])))
        assert got == wanted, name
    native = found["native"]
    assert native["experiment"] == "p/e"
    assert native["params"] == {"lr": "0.1", "bad_name": "1", "none": "None"}
    assert [point[0] for point in native["metrics"]["m"]] == list(range(5))
    assert native["tags"]["summary.best"] == "fourth"
    assert native["files"] == ["model.bin"]
    (inner,) = [name for name in native["metrics"] if name.startswith("m_inner_")]
    assert [point[2] for point in native["metrics"][inner]] == ["0.0", "1.0", "2.0", "nan", "4.0"]
    again = afield("export", "mlflow", "native", "first", "--to", "out", "--json")
    assert [one["state"] for one in again.json["runs"]] == ["same", "same"]
    assert afield("tag", "native", "more=1").code == 0
    changed = afield("export", "mlflow", "native", "--to", "out", "--json")
    assert [one["state"] for one in changed.json["runs"]] == ["changed"]
    entries = count_entries(here)
    back = afield("import", "mlflow", "out", "--json")
    assert back.json["same"] == len(found), "they are known as what they are"
    assert count_entries(here) == entries
    foreign = afield("export", "mlflow", "first", "--to", str(copy_of(stores, here)), "--json")
    assert [one["state"] for one in foreign.json["runs"]] == ["new"], "a store of other ids"


def afield_run(here):
    """Begin a run by the Python API, in this process."""
    from afield.workspace.session import init

    config = {"lr": 0.1, "bad:name": 1, "none": None}
    return init("p", "e", name="native", config=config, workspace=str(here))


def copy_of(stores, here):
    return shutil.copytree(stores / "before-files", here / "theirs")


def test_an_export_leaves_runs_that_are_not_ours_alone(afield, here, stores):
    assert afield("import", "mlflow", str(stores / "before-files")).code in (0, 3)
    theirs = copy_of(stores, here)
    before = {path: path.read_bytes() for path in theirs.rglob("*") if path.is_file()}
    done = afield("export", "mlflow", "first", "--to", str(theirs), "--json")
    assert done.code == 3
    assert [one["state"] for one in done.json["runs"]] == ["foreign"]
    assert {path: path.read_bytes() for path in theirs.rglob("*") if path.is_file()} == before


def test_an_import_that_is_killed_anywhere_is_gone_on_with(afield, here, stores):
    """Cut the journal behind each entry: what a killed import may have left behind."""
    source = str(stores / "before-files")
    assert afield("import", "mlflow", source).code in (0, 3)
    logs = [path for path in (here / ".afield" / "journal").rglob("*") if path.is_file()]
    (log,) = [path for path in logs if b'"kind":"run.' in path.read_bytes()]
    lines = log.read_bytes().splitlines(keepends=True)
    first = next(at for at, line in enumerate(lines) if b'"kind":"run.' in line)
    for cut in range(first, len(lines), 3):
        for old in (here / ".afield").glob("projection.db*"):
            old.unlink()
        log.write_bytes(b"".join(lines[:cut]))
        done = afield("import", "mlflow", source)
        assert done.code in (0, 3), done.err
        assert_same(here, what_mlflow_says(stores, "files", "before"))


def test_an_imported_run_cannot_be_run_again(afield, here, stores):
    assert afield("import", "mlflow", str(stores / "before-files")).code in (0, 3)
    refused = afield("reproduce", "first")
    assert refused.code == 1
    assert "imported from MLflow" in refused.err


def test_the_document_keeps_what_has_no_place_yet(afield, here, stores):
    assert afield("import", "mlflow", str(stores / "before-files")).code in (0, 3)
    shown_now = {one: afield("show", one, "--json").json for one in ("first", "child")}
    abouts = {one: document["imported"]["about"] for one, document in shown_now.items()}
    assert shown_now["first"]["imported"]["tool"] == "mlflow"
    assert "  from mlflow: " in afield("show", "first").out
    (data,) = abouts["first"]["datasets"]
    assert (data["name"], data["digest"], data["profile"]) == ("rows", "4b8fa1ac", '{"rows": 3}')
    assert data["tags"] == {"mlflow.data.context": "training"}
    (model,) = abouts["child"]["logged_models"]
    assert (model["name"], model["params"], model["status"]) == ("tree", {"depth": "3"}, "READY")
    (version,) = abouts["child"]["registered_models"]
    assert (version["name"], version["version"], version["aliases"]) == ("reg", 1, ["champion"])
    assert abouts["child"]["experiment"]["tags"] == {"team": "a"}


def test_a_database_that_says_to_read_elsewhere_is_not_obeyed(afield, here, copy, tmp_path):
    shutil.rmtree(copy / "mlruns")
    secret = tmp_path / "elsewhere"
    secret.mkdir()
    (secret / "id").write_text("mine", encoding="utf-8")
    with sqlite3.connect(copy / "before-m.db") as db:
        db.execute("UPDATE runs SET artifact_uri = ? WHERE name = 'first'", (str(secret),))
        db.execute("UPDATE runs SET artifact_uri = 's3://a/b' WHERE name = 'child'")
        proxied = "mlflow-artifacts:/../../elsewhere"
        db.execute("UPDATE runs SET artifact_uri = ? WHERE name = 'killed'", (proxied,))
        db.execute("UPDATE runs SET artifact_uri = 'file:///etc' WHERE name = 'still running'")
    db.close()
    done = afield("import", "mlflow", str(copy / "before-m.db"), "--json")
    assert done.code == 3
    left = {one["name"]: [each["why"] for each in one["left"]] for one in done.json["runs"]}
    assert "outside the store's folder" in left["first"][0]
    assert "another store (s3)" in left["child"][0]
    assert "a server keeps it" in left["killed"][0]
    assert "outside the store's folder" in left["still running"][0]
    assert all(not one["saved"] for one in shown(afield, left))
    again = afield("import", "mlflow", str(copy / "before-m.db"))
    assert again.code == 3, "what is not here is told each time"
    named = afield(
        "import", "mlflow", str(copy / "before-m.db"), "--artifacts", str(secret), "--json"
    )
    assert not next(one for one in named.json["runs"] if one["name"] == "first")["left"]
    assert [one["path"] for one in afield("show", "first", "--json").json["saved"]] == ["id"]


def shown(afield, names):
    return [afield("show", name, "--json").json for name in names]


def test_files_that_lead_elsewhere_are_left_and_named(afield, here, copy, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("mine", encoding="utf-8")
    store = copy / "before-files"
    (experiment,) = [
        path for path in store.iterdir() if len(path.name) > 6 and path.name != "models"
    ]
    run = next(path for path in experiment.iterdir() if (path / "params" / "lr").exists())
    (run / "artifacts" / "link").symlink_to(outside / "secret")
    (run / "artifacts" / "folder").symlink_to(outside)
    (run / "params" / "stolen").symlink_to(outside / "secret")
    (experiment / "linked").symlink_to(run)
    (run / "metrics" / "odd" / "torn").write_text(
        "17 0.5 1\n18\nx y z\n19 1.5 " + "9" * 30, encoding="utf-8"
    )
    other = experiment / "0123"
    shutil.copytree(run, other, symlinks=True)
    bomb = experiment / "bomb"
    bomb.mkdir()
    (bomb / "meta.yaml").write_text(
        "a: !!python/object/apply:os.system ['touch owned']\n", encoding="utf-8"
    )
    deep = experiment / "deep"
    deep.mkdir()
    (deep / "meta.yaml").write_text("[" * 100_000, encoding="utf-8")
    done = afield("import", "mlflow", str(store), "--json")
    assert done.code == 3
    left = {each["what"] for one in done.json["runs"] for each in one["left"]}
    assert {"link", "folder", "stolen", "3 points"} <= left
    assert {"linked", "0123", "bomb", "deep"} <= {one["what"] for one in done.json["left"]}
    found = afield("show", "first", "--json").json
    assert "stolen" not in found["params"]
    assert [one["path"] for one in found["saved"]] == ["sub/dir/a.txt"]
    assert found["metrics"]["odd/torn"]["count"] == 1
    assert not list(here.glob("owned"))


def test_what_is_no_store_is_refused_in_a_line(afield, here, tmp_path):
    (tmp_path / "text.db").write_text("nothing", encoding="utf-8")
    sqlite3.connect(tmp_path / "other.db").execute("CREATE TABLE a (b)").connection.close()
    (tmp_path / "torn.db").write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
    (tmp_path / "empty").mkdir()
    for source in ("text.db", "other.db", "torn.db", "empty", "missing.db"):
        refused = afield("import", "mlflow", str(tmp_path / source))
        assert refused.code == 1, refused.err
        assert refused.err.startswith("error: ")
        assert "Afield: `" not in refused.err, "no fault of ours"
    refused = afield("import", "mlflow", "postgresql://db/mlflow")
    assert "mlflow server --backend-store-uri" in refused.err


def test_a_database_of_the_first_versions_is_read_too(afield, here, tmp_path):
    """As MLflow 0.9 made it: no steps, no NaN, no inputs, no models."""
    with sqlite3.connect(tmp_path / "old.db") as db:
        db.executescript(
            """
            CREATE TABLE experiments (experiment_id INTEGER, name TEXT, artifact_location TEXT,
                lifecycle_stage TEXT);
            CREATE TABLE runs (run_uuid TEXT, name TEXT, source_type TEXT, source_name TEXT,
                entry_point_name TEXT, user_id TEXT, status TEXT, start_time INTEGER,
                end_time INTEGER, source_version TEXT, lifecycle_stage TEXT, artifact_uri TEXT,
                experiment_id INTEGER);
            CREATE TABLE metrics (key TEXT, value REAL, timestamp INTEGER, run_uuid TEXT);
            CREATE TABLE params (key TEXT, value TEXT, run_uuid TEXT);
            CREATE TABLE tags (key TEXT, value TEXT, run_uuid TEXT);
            INSERT INTO experiments VALUES (0, 'Default', './mlruns/0', 'active');
            INSERT INTO runs VALUES ('r1', 'old', 'LOCAL', 'train.py', '', 'ann', 'FINISHED',
                1500000000000, 1500000001000, 'abc', 'active', './mlruns/0/r1/artifacts', 0);
            INSERT INTO metrics VALUES ('loss', 0.5, 1500000000100, 'r1');
            INSERT INTO metrics VALUES ('loss', 0.25, 1500000000200, 'r1');
            INSERT INTO params VALUES ('lr', '0.1', 'r1');
            """
        )
    db.close()
    kept = tmp_path / "mlruns" / "0" / "r1" / "artifacts"
    kept.mkdir(parents=True)
    (kept / "model.txt").write_text("weights", encoding="utf-8")
    assert afield("import", "mlflow", str(tmp_path / "old.db")).code == 0
    found = afield("show", "old", "--json").json
    assert (found["params"], found["argv"]) == ({"lr": "0.1"}, ["train.py"])
    assert (found["metrics"]["loss"]["count"], found["metrics"]["loss"]["last"]) == (2, 0.25)
    assert [one["path"] for one in found["saved"]] == ["model.txt"]
    assert found["tags"] == {"mlflow.user": "ann"}


def test_odd_rows_of_a_database_cost_no_other_row(afield, here, copy):
    with sqlite3.connect(copy / "before-m.db") as db:
        (run,) = db.execute("SELECT run_uuid FROM runs WHERE name = 'first'").fetchone()
        rows = [
            ("loss", "text", 1, run, 1, 0), ("loss", 0.5, "then", run, 1, 0),
            ("loss", 0.25, 2**62, run, 1, 0), ("loss", 0.125, 1, run, "x", 0),
        ]  # fmt: skip
        db.executemany("INSERT INTO metrics VALUES (?, ?, ?, ?, ?, ?)", rows)
        db.execute("UPDATE runs SET start_time = 99999999999999999 WHERE name = 'killed'")
        db.execute("UPDATE runs SET start_time = NULL WHERE name = 'child'")
        db.execute("UPDATE params SET value = ? WHERE key = 'lr'", ("hf_" + "aB3" * 12,))
    db.close()
    done = afield("import", "mlflow", str(copy / "before-m.db"), "--json")
    left = {each["what"] for one in done.json["runs"] for each in one["left"]}
    assert "3 points" in left
    assert afield("runs", "--json").json["runs"]
    found = afield("show", "first", "--json").json
    assert found["metrics"]["loss"]["count"] == 61
    assert found["params"]["lr"].startswith("redacted:")
