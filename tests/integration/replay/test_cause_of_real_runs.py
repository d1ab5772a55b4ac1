"""Two recorded runs of a real project that differ in one thing: that thing is named first."""

from __future__ import annotations

import pytest

from afield.replay import compare_runs


def compared(project, old, new):
    project.workspace.refresh()
    return compare_runs(project.workspace.record, project.workspace, old, new)


def recorded(project, *words, **more):
    return project.record("python", "train.py", *words, run_seed="ab" * 32, hash_seed="7", **more)


@pytest.fixture
def first(project):
    return recorded(project)


def test_two_equal_runs_have_no_cause_and_no_differences(project, first):
    found = compared(project, first, recorded(project))
    assert found.cause is None
    assert {one.verdict for one in found.outputs} == {"identical bytes", "identical content"}
    assert not found.code.changed
    assert not found.inputs
    assert found.exit.verdict == "identical"


def test_a_changed_line_of_code_is_named_with_its_difference(project, first):
    text = (project.folder / "train.py").read_text()
    project.write("train.py", text.replace("noise if", "2 * noise if"))
    found = compared(project, first, recorded(project))
    assert (found.cause.kind, found.cause.detail) == ("code", "train.py differs")
    assert any(line.startswith("+") and "2 * noise if" in line for line in found.cause.evidence)
    assert found.code.changed == ("train.py",)
    assert any("2 * noise if" in line for line in found.code.diff)


def test_a_changed_package_is_named(project, first, new_venv, tmp_path):
    project.venv = new_venv(tmp_path / "other", "tinystat==2.0", "sidecar==0.3")
    found = compared(project, first, recorded(project))
    assert (found.cause.kind, found.cause.detail) == ("environment", "tinystat 1.0 → 2.0")
    (change,) = found.environment.changed
    assert (change.name, change.a, change.b) == ("tinystat", "1.0", "2.0")


def test_one_changed_byte_of_an_input_is_named_with_the_line_that_read_it(project, first):
    project.write("data.csv", "1.0\n2.0\n7.0\n")
    found = compared(project, first, recorded(project))
    assert found.cause.kind == "input"
    assert found.cause.detail == "data.csv differs, first read at train.py:4"
    assert "+7.0" in found.cause.evidence
    assert found.inputs[0].path == "data.csv"


def test_a_changed_argument_is_named(project, first):
    found = compared(project, first, recorded(project, "--noise"))
    assert found.cause.kind == "arguments"
    assert "--noise" in found.cause.detail


def test_a_changed_variable_is_named(project, first):
    other = recorded(project, variables={"SEED": "3"})
    found = compared(project, first, other)
    assert (found.cause.kind, found.cause.detail) == ("variables", "variable SEED: (not set) vs 3")


def test_another_seed_is_named(project, first):
    other = project.record("python", "train.py", run_seed="cd" * 32, hash_seed="7")
    found = compared(project, first, other)
    assert found.cause.kind == "seed"
    assert found.console.verdict == "diverged"


def test_a_changed_weight_of_a_model_is_told(project):
    script = "import pickle, sys; pickle.dump([1.0, float(open('w').read())], open('m.pkl', 'wb'))"
    project.write("w", "2.0")
    old = project.record("python", "-c", script)
    project.write("w", "2.5")
    found = compared(project, old, project.record("python", "-c", script))
    assert found.cause.kind == "input"
    assert found.outputs[0].verdict == "diverged"


def test_params_and_metrics_of_runs_that_were_not_captured_are_compared(project):
    from afield.runs.record import end_run, start_run

    record = project.workspace.record
    runs = [start_run(record, kind="python", params={"lr": lr}) for lr in (0.1, 0.2)]
    for run in runs:
        end_run(record, run, status="finished", exit_code=0)
    found = compared(project, *runs)
    assert found.captured == (False, False)
    assert [(one.name, one.a, one.b) for one in found.params] == [("lr", 0.1, 0.2)]
    assert (found.cause.kind, found.cause.detail) == ("arguments", "param lr: 0.1 vs 0.2")
