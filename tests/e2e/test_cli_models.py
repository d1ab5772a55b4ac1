"""`afield model`: versions registered, listed, shown, pointed at and staged."""

from __future__ import annotations

import sys

import pytest

import afield as library


@pytest.fixture
def run(project):
    one = library.init(project="risk", name="trained", workspace=project)
    (project / "weights.bin").write_bytes(b"w")
    one.save(str(project / "weights.bin"))
    one.finish()
    return "trained"


def told(afield, *words):
    answer = afield("model", *words, "--json")
    assert answer.code == 0, answer.err
    return answer.json


def test_what_a_run_keeps_becomes_counted_versions_with_aliases_and_stages(afield, run):
    assert afield("model", "list").out.startswith("no models yet")
    first = told(afield, "register", f"{run}:weights.bin", "fraud", "--note", "the first")
    assert (first["label"], first["description"]) == ("fraud@1", "the first")
    assert first["source"] == f"runs:/{first['run']}/weights.bin"
    assert told(afield, "register", run, "fraud")["label"] == "fraud@2"
    assert told(afield, "alias", "fraud@1", "champion")["version"] == 1
    assert told(afield, "stage", "fraud@champion", "production")["stage"] == "Production"
    assert told(afield, "stage", "fraud", "production", "--archive")["version"] == 2
    shown = told(afield, "show", "fraud")
    assert (shown["project"], shown["aliases"]) == ("risk", {"champion": 1})
    assert [(one["number"], one["stage"]) for one in shown["versions"]] == [
        (2, "Production"),
        (1, "Archived"),
    ]
    assert [one["name"] for one in told(afield, "list")["models"]] == ["fraud"]
    words = afield("model", "show", "fraud").out
    assert "fraud@1" in words
    assert "champion, Archived" in words
    assert told(afield, "alias", "fraud", "champion", "--remove")["version"] is None
    assert told(afield, "show", "fraud")["aliases"] == {}


def test_a_file_that_a_recorded_command_wrote_is_registered_by_its_path(afield, project):
    words = "import os; os.mkdir('out'); open('out/weights.bin', 'w').write('w')"
    assert afield("run", "--name", "wrote", "--", sys.executable, "-c", words).code == 0
    first = told(afield, "register", "wrote:out/weights.bin", "fraud")
    assert first["source"] == f"runs:/{first['run']}/out/weights.bin"
    assert told(afield, "register", "wrote:out", "fraud")["label"] == "fraud@2"
    with library.open(project) as workspace:
        kept = workspace.run("wrote").saved
    assert [(one.path, one.size_bytes) for one in kept] == [("out/weights.bin", 1)]
    assert afield("model", "register", "wrote:out/other.bin", "fraud").code == 1


def test_what_cannot_be_registered_or_named_is_refused(afield, run):
    told(afield, "register", run, "fraud")
    for code, words in (
        (1, ("register", "nobody", "fraud")),
        (1, ("register", f"{run}:missing.bin", "fraud")),
        (2, ("register", run, "a/b")),
        (1, ("show", "nothing")),
        (1, ("alias", "fraud@7", "champion")),
        (2, ("alias", "fraud", "latest")),
        (2, ("alias", "fraud", "a b")),
        (1, ("alias", "fraud", "champion", "--remove")),
        (2, ("stage", "fraud", "live")),
        (2, ("stage", "fraud", "none", "--archive")),
    ):
        answer = afield("model", *words)
        assert answer.code == code, (words, answer.err)
        assert answer.err
    assert len(told(afield, "show", "fraud")["versions"]) == 1
