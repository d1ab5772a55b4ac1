"""W&B's files of runs, written by hand as its core writes them; `make libraries` has its own."""

from __future__ import annotations

import json
import math
import struct
import zlib

import pytest

from afield.runs.secrets import HOLDS_SECRETS
from afield.workspace.workspace import Workspace

HEAD = struct.pack("<4sHB", b":W&B", 0xBEE1, 0)
BLOCK_BYTES = 32 << 10


@pytest.fixture
def here(afield, tmp_path, monkeypatch):
    folder = tmp_path / "here"
    folder.mkdir()
    assert afield("init", str(folder)).code == 0
    monkeypatch.chdir(folder)
    return folder


def varint(value):
    value %= 1 << 64
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def items(values, path=2):
    return b"".join(
        field(1, field(path, name) + field(16, json.dumps(value))) for name, value in values.items()
    )


def stamp(seconds):
    return field(1, int(seconds)) + field(2, int(seconds % 1 * 1e9))


def began(run, project="proj", name="my run", **config):
    body = field(1, run) + field(3, project) + field(4, items(config, 1)) + field(8, name)
    body += field(6, "grp") + field(9, "some *notes*") + field(10, "a") + field(13, "vm")
    return field(17, body + field(17, stamp(1_700_000_000.5)))


def row(step, **values):
    own = {"_step": step, "_timestamp": 1_700_000_001.25 + step, "_runtime": step}
    return field(2, items({**values, **own}))


def log_of(records):
    """Frame records as LevelDB does: in blocks, parts of one kind each."""
    data = bytearray(HEAD)
    for whole in records:
        first, one = True, whole
        while True:
            room = BLOCK_BYTES - len(data) % BLOCK_BYTES
            if room < 7:
                data += bytes(room)
                continue
            now, one = one[: room - 7], one[room - 7 :]
            kind = (1 if not one else 2) if first else (4 if not one else 3)
            data += struct.pack("<IHB", zlib.crc32(bytes([kind]) + now), len(now), kind) + now
            first = False
            if not one:
                break
    return bytes(data)


def keep(folder, run, records, when="20260101_101010"):
    place = folder / "wandb" / f"offline-run-{when}-{run}"
    (place / "files").mkdir(parents=True)
    (place / f"run-{run}.wandb").write_bytes(log_of(records))
    return place


@pytest.fixture
def project(tmp_path):
    """A project with one run of W&B's that holds all kinds of records."""
    folder = tmp_path / "project"
    machine = field(2, "CPython 3.11.7") + field(1, "Linux-6-x86_64") + field(6, "train.py")
    machine += (
        field(5, "--lr") + field(5, "0.1") + field(9, field(1, "https://h/r") + field(2, "c" * 40))
    )
    records = [
        began("abc12345", lr=0.1, net={"depth": 3}, layers=[1, 2], _wandb={}),
        field(26, machine),
        *(row(step, loss=1 / (step + 1), words=f"w{step}") for step in range(3000)),
        row(3000, odd=math.nan, big=2**53),
        row(3001, odd=-math.inf, flag=True),
        field(
            2, field(1, field(2, "nested") + field(2, "x") + field(16, "4")) + field(2, field(1, 7))
        ),
        field(7, field(2, stamp(1_700_000_050)) + field(3, field(1, "cpu") + field(16, "12.5"))),
        field(5, items({"late": "set"}, 1) + field(2, field(1, "layers"))),
        field(13, field(1, 1) + field(2, stamp(1_700_000_060)) + field(3, "hello console\n")),
        field(3, items({"best": 0.9, "loss": 1 / 3000, "hist": {"_type": "histogram"}})),
        field(18, field(1, 3) + field(2, 9000)),
    ]
    place = keep(folder, "abc12345", records)
    (place / "files" / "media").mkdir()
    (place / "files" / "media" / "a.txt").write_text("picture", encoding="utf-8")
    (place / "files" / "output.log").write_text("from the file", encoding="utf-8")
    return folder


def only(here):
    workspace = Workspace.open(here)
    (view,) = workspace.runs(limit=None)
    return workspace, view


def test_all_that_the_records_say_stands_here(afield, here, project):
    done = afield("import", "wandb", str(project), "--json")
    assert done.code == 0, (done.err, done.out)
    workspace, view = only(here)
    with workspace:
        assert (view.name, view.project, view.kind) == ("my run", "proj", "imported")
        assert (view.status, view.exit_code, view.host) == ("failed", 3, "vm")
        assert view.started.timestamp() == 1_700_000_000.5
        assert view.duration_s == 9000
        assert view.params == {"lr": 0.1, "net.depth": 3, "late": "set"}
        assert view.summary == {"best": 0.9}
        assert view.tags == {"a": "true", "group": "grp"}
        assert [note.text for note in view.notes] == ["some *notes*"]
        loss = workspace.points(view, "loss")
        assert loss.step.tolist() == list(range(3000))
        assert loss.value.tolist() == [1 / (step + 1) for step in range(3000)]
        assert loss.time_ns[7] == 1_700_000_008_250_000_000
        odd = workspace.points(view, "odd")
        assert (odd.step.tolist(), list(map(repr, odd.value))) == (
            [3000, 3001], ["np.float64(nan)", "np.float64(-inf)"],
        )  # fmt: skip
        assert workspace.points(view, "nested.x").step.tolist() == [7]
        assert {name: view.metrics[name].last for name in ("flag", "big", "system.cpu")} == {
            "flag": 1.0, "big": 2.0**53, "system.cpu": 12.5,
        }  # fmt: skip
        assert [each.path for each in view.saved] == ["media/a.txt", "wandb-history.jsonl"]
        history = workspace.record.vault.get(view.saved[1].object).decode().splitlines()
        assert len(history) == 3000
        assert json.loads(history[7]) == {"_step": 7, "_timestamp": 1_700_000_008.25, "words": "w7"}
        manifest = view.manifest
        assert manifest.argv == ("python", "train.py", "--lr", "0.1")
        assert (manifest.git.commit, manifest.environment.python) == ("c" * 40, "3.11.7")
    assert "hello console" in afield("log", "my run").out
    assert afield("verify").code == 0


def test_a_second_import_adds_nothing_and_one_of_the_resumed_run_what_is_new(afield, here, project):
    assert afield("import", "wandb", str(project)).code == 0
    for place in (
        project,
        project / "wandb",
        *project.glob("wandb/offline*"),
        *project.rglob("*.wandb"),
    ):
        again = afield("import", "wandb", str(place), "--json")
        assert (again.json["same"], again.json["new"]) == (1, 0), place
    more = [began("abc12345"), row(4000, loss=5.0), field(18, field(2, 1))]
    keep(project, "abc12345", more, "20260102_101010")
    keep(project, "other", [began("other", name="new")], "20260103_101010")
    grown = afield("import", "wandb", str(project), "--json")
    assert (grown.json["new"], grown.json["grown"]) == (1, 1)
    found = afield("show", "my run", "--json").json
    assert (found["metrics"]["loss"]["count"], found["status"]) == (3001, "finished")
    assert afield("show", "new", "--json").json["status"] == "interrupted"


@pytest.mark.parametrize("cut_bytes", [7, 40, 20_000, BLOCK_BYTES + 3, 5 * BLOCK_BYTES + 99])
def test_of_a_log_that_is_cut_anywhere_the_whole_records_are_brought(
    afield, here, project, cut_bytes
):
    (log,) = project.rglob("*.wandb")
    log.write_bytes(log.read_bytes()[:-cut_bytes])
    done = afield("import", "wandb", str(project), "--json")
    (one,) = done.json["runs"]
    assert done.code == 3 or not one["left"]
    workspace, view = only(here)
    with workspace:
        steps = workspace.points(view, "loss").step.tolist()
        assert steps == list(range(len(steps)))
        assert view.status == "interrupted"


def test_a_damaged_block_costs_itself_and_is_named(afield, here, project):
    (log,) = project.rglob("*.wandb")
    data = bytearray(log.read_bytes())
    data[2 * BLOCK_BYTES + 500] ^= 0xFF
    log.write_bytes(data)
    done = afield("import", "wandb", str(project), "--json")
    assert done.code == 3
    why = [each["why"] for each in done.json["runs"][0]["left"]]
    assert any("do not match their checksum (block 2)" in each for each in why)
    workspace, view = only(here)
    with workspace:
        assert 2000 < view.metrics["loss"].count < 3000
        assert view.metrics["system.cpu"].last == 12.5


def test_files_that_lead_elsewhere_and_what_is_no_log_are_left_and_named(
    afield, here, project, tmp_path
):
    outside = tmp_path / "secret"
    outside.write_text("mine", encoding="utf-8")
    (place,) = project.glob("wandb/offline*")
    (place / "files" / "stolen").symlink_to(outside)
    (place / "files" / ".env").write_text("API_KEY=a8Gh3kLm9QwErTy7uIoP\n", encoding="utf-8")
    (project / "model.txt").write_text("weights", encoding="utf-8")
    (place / "files" / "model.txt").symlink_to(project / "model.txt")
    (project / "wandb" / "latest-run").symlink_to(place)
    for name, data in (("x", b"nothing of the kind"), ("y", b""), ("z", HEAD + b"\xff" * 90)):
        broken = project / "wandb" / f"run-20260101_101011-{name}"
        broken.mkdir()
        (broken / f"run-{name}.wandb").write_bytes(data)
    done = afield("import", "wandb", str(project), "--json")
    assert done.code == 3
    left = {each["what"]: each["why"] for each in done.json["runs"][0]["left"]}
    assert left == {"stolen": "it is a link that leads out of the folder", ".env": HOLDS_SECRETS}
    assert {one["what"] for one in done.json["left"]} == {
        "run-x.wandb",
        "run-y.wandb",
        "run-z.wandb",
    }
    saved = {one["path"] for one in afield("show", "my run", "--json").json["saved"]}
    assert saved == {"media/a.txt", "model.txt", "wandb-history.jsonl"}
    nothing = afield("import", "wandb", str(tmp_path / "here"))
    assert nothing.code == 1


def raw(pairs, path=2):
    return b"".join(field(1, field(path, name) + field(16, value)) for name, value in pairs)


def test_values_that_are_odd_json_cost_nothing(afield, here, tmp_path):
    half, deep = '"\\ud800 abcdefghijklmnop=:"', "[" * 5000 + "]" * 5000
    path = b"".join(field(2, "a") for _ in range(3000)) + field(16, "1")
    config = raw([("half", half), ("deep", deep), ("none", "nothing of JSON"), ("n", "1e999")], 1)
    records = [
        field(17, field(1, "odd") + field(4, config + field(1, path)) + field(8, "odd")),
        field(2, raw([("_step", "1"), ("m", "-Infinity"), ("text", half), ("tree", deep)])),
        field(2, raw([("_step", "1e400"), ("m", "1"), ("_timestamp", "NaN")])),
        field(3, raw([("s", half), ("t", deep)]) + field(1, path)),
    ]
    keep(tmp_path / "project", "odd", records)
    done = afield("import", "wandb", str(tmp_path / "project"), "--json")
    assert done.code == 0, done.out
    found = afield("show", "odd", "--json").json
    assert found["params"]["half"] == "? abcdefghijklmnop=:"
    assert found["params"]["none"] == "nothing of JSON"
    assert found["params"]["deep"].startswith("object:") or found["params"]["deep"] == deep
    assert (found["metrics"]["m"]["count"], found["metrics"]["m"]["last"]) == (1, "-inf")
    assert afield("verify").code == 0
