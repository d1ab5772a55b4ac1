"""What two runs left is compared whole, and a report says what was not judged."""

# ruff: noqa: S108 - the names of temporary files are what is tested

from __future__ import annotations

import json
from dataclasses import dataclass, field
from types import SimpleNamespace

import msgspec
import pytest

from afield.kernel.files import OsFileSystem
from afield.kernel.ids import RunId
from afield.replay.canonical import Look, judge
from afield.replay.compare import Pair, compare_runs_content
from afield.replay.limits import FOLDER_OUTPUTS_MAX
from afield.replay.masks import Masks
from afield.replay.report import settle
from afield.runs.manifest import Capture, FileRecord, Manifest
from afield.vault import Vault


@dataclass
class Sides:
    """Two runs side by side: what each wrote, printed and logged."""

    vault: Vault
    outputs: tuple[dict[str, str], dict[str, str]] = ({}, {})
    console: tuple[str, str] = ("", "")
    metrics: tuple[dict[str, float], dict[str, float]] = ({}, {})
    wheres: dict[str, str] = field(default_factory=dict)
    seen_by: str = "python"
    complete: bool = False

    def refresh(self):
        """Nothing is written in the meantime."""

    def run(self, ref):
        metrics = self.metrics[0 if ref == "old" else 1]
        return SimpleNamespace(
            metrics={
                name: SimpleNamespace(last=value, min=value, max=value, mean=value, count=1)
                for name, value in metrics.items()
            }
        )

    def manifest(self, at):
        console = None
        if self.console[at]:
            data = self.console[at].encode()
            frame = b"\x01" + (1).to_bytes(8, "little") + len(data).to_bytes(4, "little")
            console = self.vault.put(frame + data)
        outputs = tuple(
            FileRecord(
                path=path,
                digest=self.vault.put(text.encode()),
                size_bytes=len(text),
                seen_by=self.seen_by,
                where=self.wheres.get(path),
            )
            for path, text in self.outputs[at].items()
        )
        return Manifest(
            argv=("x",),
            cwd=".",
            root="/p",
            exit_code=0,
            outputs=outputs,
            console=console,
            capture=Capture(layers=("tree",), inputs_complete=self.complete),
        )

    def compared(self):
        pair = Pair(RunId("old"), RunId("new"), self.manifest(0), self.manifest(1))
        look = Look(judge=judge, old=Masks(), new=Masks())
        return compare_runs_content(pair, vault=self.vault, runs=self, look=look)

    def settled(self):
        verdict, reasons = settle(self.compared(), ())
        return verdict, " | ".join(reasons)

    def grades(self):
        return [(one.path, one.verdict) for one in self.compared().outputs]


@pytest.fixture
def sides(tmp_path):
    return Sides(Vault(str(tmp_path / "packs"), OsFileSystem()))


@pytest.mark.parametrize(
    "path",
    ["/tmp/newcomer_model123456", "/tmp/name_x1abcd", "out/.cache/model.bin", "/tmp/tmpab12cd34"],
)
def test_an_output_in_a_temporary_place_or_a_cache_of_the_project_is_judged(sides, path):
    sides.outputs = {path: "1"}, {path: "2"}
    assert sides.grades() == [(path, "diverged")]
    assert sides.settled()[0] == "diverged"
    sides.outputs = {path: "1"}, {}
    assert sides.grades() == [(path, "missing")]
    sides.outputs = {}, {path: "1"}
    assert sides.settled()[0] == "diverged"


def test_temporary_names_stand_for_one_another_and_what_they_hold_is_compared(sides):
    sides.outputs = {"/tmp/tmpab12cd34/m": "1"}, {"/tmp/tmpzz99yy88/m": "1"}
    assert sides.grades() == [("/tmp/tmpab12cd34/m", "identical bytes")]
    sides.outputs = {"/tmp/tmpab12cd34/m": "1"}, {"/tmp/tmpzz99yy88/m": "2"}
    assert sides.settled()[0] == "diverged"


def test_two_temporary_files_are_never_taken_for_one(sides):
    old = {"/tmp/tmpab12cd34": "1", "/tmp/tmpbb12cd34": "2", "/tmp/tmpcc12cd34": "3"}
    sides.outputs = old, {"/tmp/tmpxx12cd34": "3", "/tmp/tmpyy12cd34": "2", "/tmp/tmpzz12cd34": "1"}
    assert [grade for _, grade in sides.grades()] == ["identical bytes"] * 3
    sides.outputs = old, {"/tmp/tmpxx12cd34": "3", "/tmp/tmpyy12cd34": "4", "/tmp/tmpzz12cd34": "1"}
    assert sorted(grade for _, grade in sides.grades()) == ["diverged"] + ["identical bytes"] * 2
    sides.outputs = old, {"/tmp/tmpxx12cd34": "3"}
    assert sorted(grade for _, grade in sides.grades()) == ["identical bytes"] + ["missing"] * 2


def test_a_cache_outside_the_project_is_left_out_and_the_report_says_so(sides):
    fonts = "/home/ada/.cache/matplotlib/fontlist-v390.json"
    sides.outputs = {fonts: "1", "a": "1"}, {fonts: "2", "a": "1"}
    assert sides.settled() == (
        "identical",
        f"left out, as caches outside the project: {fonts}",
    )
    sides.outputs = {fonts: "1"}, {}
    assert sides.settled()[0] == "incomplete"


def test_what_another_program_wrote_meanwhile_is_left_out_where_every_open_was_seen(sides):
    sides.console = "done", "done"
    sides.outputs = {"beside.txt": "1"}, {}
    sides.seen_by, sides.complete = "tree", True
    told = "left out, as changed meanwhile by other programs: beside.txt"
    assert sides.settled() == ("identical", told)
    sides.outputs = {}, {"beside.txt": "1"}
    assert sides.settled() == ("identical", told)
    sides.outputs = {"beside.txt": "1"}, {"beside.txt": "2"}
    assert sides.settled()[0] == "diverged"
    sides.outputs, sides.complete = ({"beside.txt": "1"}, {}), False
    assert sides.grades() == [("beside.txt", "missing")]
    sides.seen_by, sides.complete = "kernel", True
    assert sides.grades() == [("beside.txt", "missing")]


def test_what_only_masks_make_alike_is_a_reason(sides):
    sides.console = "loss 0.5\ntook 3.2s\n", "loss 0.5\ntook 4.1s\n"
    sides.outputs = (
        {"m.json": json.dumps({"a": 1, "fit_time": 1.5})},
        {"m.json": json.dumps({"a": 1, "fit_time": 2.5})},
    )
    sides.metrics = {"loss": 1.0, "elapsed": 3.0}, {"loss": 1.0, "elapsed": 4.0}
    verdict, reasons = sides.settled()
    assert verdict == "identical"
    assert "stdout: times differ: line 2: took 3.2s vs 4.1s; masked, not judged" in reasons
    assert "m.json: times not judged: fit_time" in reasons
    assert "metrics not judged, as measured times or rates: elapsed" in reasons


@pytest.mark.parametrize(
    "what",
    [
        {"console": ("took 3.2s\n", "took 4.1s\n")},
        {"metrics": ({"elapsed": 3.0}, {"elapsed": 4.0})},
        {"outputs": ({"m.json": '{"fit_time": 1.5}'}, {"m.json": '{"fit_time": 2.5}'})},
        {"outputs": ({"m.csv": "fit_time\n1.5\n"}, {"m.csv": "fit_time\n2.5\n"})},
        {"outputs": ({"m.jsonl": '{"fit_time": 1}\n'}, {"m.jsonl": '{"fit_time": 2}\n'})},
    ],
)
def test_a_run_of_which_nothing_could_be_judged_is_incomplete(sides, what):
    for name, value in what.items():
        setattr(sides, name, value)
    verdict, reasons = sides.settled()
    assert verdict == "incomplete"
    assert "nothing of the results could be judged" in reasons


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("r.json", '{"eta": 0.1}', '{"eta": 0.2}'),
        ("r.json", '{"ms": 1}', '{"ms": 2}'),
        ("r.csv", "step,eta,fit_time\n1,0.1,5\n", "step,eta,fit_time\n1,0.2,6\n"),
        ("r.csv", "time,event\n5,1\n", "time,event\n6,1\n"),
    ],
)
def test_a_value_whose_name_may_be_another_thing_than_a_time_is_judged(sides, path, old, new):
    sides.outputs = {path: old}, {path: new}
    assert sides.settled()[0] == "diverged"


def test_a_metric_named_like_a_learning_rate_is_judged(sides):
    sides.metrics = {"eta": 0.1}, {"eta": 0.2}
    assert sides.settled()[0] == "diverged"


def test_outputs_beyond_the_bound_are_not_called_good(sides):
    one = FileRecord(path="a", digest="a" * 64, size_bytes=1, seen_by="tree")
    many = tuple(
        msgspec.structs.replace(one, path=f"f{at}") for at in range(FOLDER_OUTPUTS_MAX + 1)
    )
    manifest = msgspec.structs.replace(sides.manifest(0), outputs=many)
    look = Look(judge=judge, old=Masks(), new=Masks())
    pair = Pair(RunId("old"), RunId("new"), manifest, manifest)
    compared = compare_runs_content(pair, vault=sides.vault, runs=sides, look=look)
    assert settle(compared, ())[0] == "incomplete"
    assert compared.outputs[0].path == f"1 outputs beyond the first {FOLDER_OUTPUTS_MAX}"
