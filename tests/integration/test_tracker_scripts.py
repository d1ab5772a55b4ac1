"""Scripts that were not written for this machine: of W&B, or where nothing can be recorded."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest

import afield

WANDB = """
import argparse
import sys
import {module} as wandb

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
args = parser.parse_args([])

with wandb.init(
    entity="team", project="digits", name="first", group="sweep", job_type="train",
    notes="a note", tags=["baseline"], config=args, dir="wandb", id="abc123", resume="allow",
    reinit=True, mode="online", settings=None,
) as run:
    wandb.config.update({{"depth": 3}}, allow_val_change=True)
    wandb.config.seed = 7
    wandb.define_metric("val/*", step_metric="epoch", summary="max")
    wandb.watch(object(), log="all")
    wandb.watch(object())
    for step in range(3):
        wandb.log({{"loss": wandb.config.lr * step}}, step)
    run.log({{"val": {{"acc": 0.5}}}}, 5, False)
    wandb.log({{"last": 1.0}}, commit=True)
    wandb.run.summary["best"] = 0.9
    wandb.summary["words"] = "fine"
    with open("model.pt", "w") as stream:
        stream.write("weights")
    wandb.save("*.pt", policy="now")
wandb.finish(quiet=True)
"""


def _script(code, folder, **variables):
    environ = {name: text for name, text in os.environ.items() if not name.startswith("AFIELD")}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        cwd=folder,
        env=environ | {name: str(value) for name, value in variables.items()},
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_a_script_of_wandb_runs_when_its_import_is_changed(tmp_path):
    code, _, err = _script(
        WANDB.format(module="afield"), tmp_path, AFIELD_WORKSPACE=tmp_path / "there"
    )
    assert code == 0, err
    with afield.open(tmp_path / "there") as workspace:
        view = workspace.run("first")
        assert (view.project, view.status) == ("digits", "finished")
        assert view.params == {"lr": 0.1, "depth": 3, "seed": 7}
        assert view.tags == {"baseline": "true", "group": "sweep", "job_type": "train"}
        assert view.summary == {"best": 0.9, "words": "fine"}
        assert [note.text for note in view.notes] == ["a note"]
        assert [file.path for file in view.saved] == ["model.pt"]
        assert workspace.series(view, "loss")["step"].to_pylist() == [0, 1, 2]
        assert workspace.series(view, "val/acc")["step"].to_pylist() == [5]
        assert workspace.series(view, "last")["step"].to_pylist() == [5]
    told = err.splitlines()
    assert len([line for line in told if "`dir`, `id`, `resume` are ignored" in line]) == 1
    assert len([line for line in told if "`define_metric` does nothing" in line]) == 1
    assert len([line for line in told if "`watch` does nothing" in line]) == 1
    assert len(told) == 3


def test_a_disabled_run_takes_every_call_and_keeps_nothing(tmp_path):
    code, out, err = _script(
        """
        import afield as wandb
        run = wandb.init(mode="disabled", config={"lr": 0.1}, notes="x", tags=["t"])
        wandb.config.depth = 3
        wandb.log({"loss": 1.0}, 1)
        run.summary["best"] = 1
        run.name = "other"
        run.save("nothing"), run.note("x"), run.tag(a=1)
        print(run.disabled, wandb.config.lr, run.config.depth, run.summary["best"], run.faults)
        run.finish()
        print(wandb.run, run.finished)
        """,
        tmp_path,
        AFIELD_WORKSPACE=tmp_path / "there",
    )
    assert (code, err) == (0, "")
    assert out.splitlines() == ["True 0.1 3 1 0", "None True"]
    assert list(tmp_path.iterdir()) == []


def test_an_argument_that_nobody_knows_is_an_error(tmp_path):
    with pytest.raises(TypeError, match="did you mean 'resume'"):
        afield.init(workspace=tmp_path, resum=True)


def test_without_a_run_config_and_summary_say_so_and_do_not_raise(tmp_path):
    code, out, err = _script(
        """
        import afield
        afield.config.lr = 0.1
        afield.summary.update({"x": 1})
        print(dict(afield.config), dict(afield.summary), afield.run)
        """,
        tmp_path,
    )
    assert (code, out.strip()) == (0, "{} {} None")
    assert err.count("call `afield.init` first") == 2


UNUSABLE = {
    "a file is in the way": lambda path: path.write_text("x"),
    "somebody else's folder": lambda path: (
        (path / ".afield").mkdir(parents=True),
        (path / ".afield" / "x").touch(),
    ),
    "a damaged configuration": lambda path: (
        (path / ".afield").mkdir(parents=True),
        (path / ".afield" / "config.toml").write_text("?"),
    ),
}


@pytest.mark.parametrize("how", UNUSABLE)
@pytest.mark.parametrize("begin", ["afield.init(config={'lr': 1})", "pass"])
def test_training_goes_on_where_nothing_can_be_recorded(tmp_path, how, begin):
    UNUSABLE[how](tmp_path / "there")
    code, out, err = _script(
        f"""
        import afield
        {begin}
        for step in range(3):
            afield.log({{"loss": 1.0}}, step)
        afield.config.depth = 3
        print(afield.run.disabled, afield.run.faults, afield.config.depth)
        """,
        tmp_path,
        AFIELD_WORKSPACE=tmp_path / "there",
    )
    assert (code, out.strip()) == (0, "True 1 3"), err
    assert err.count("NOTHING IS RECORDED") == len(err.splitlines()) == 1


def test_a_place_that_the_script_itself_names_must_be_usable(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(afield.AfieldError):
        afield.init(workspace=tmp_path / "file")
    assert afield.run is None


@pytest.mark.parametrize("found", ["garbage", "0123456789abcdef", ""])
def test_a_run_to_join_that_makes_no_sense_is_as_none(tmp_path, found):
    with afield.Workspace.init(tmp_path) as workspace:
        code, out, err = _script(
            """
            import afield
            for _ in range(2):
                with afield.init() as run:
                    run.log({"loss": 1.0})
                print(run.id)
            """,
            tmp_path,
            AFIELD_RUN=found,
            AFIELD_WORKSPACE=tmp_path,
        )
        assert code == 0, err
        assert err.count("AFIELD_RUN") == len(err.splitlines()) == int(found == "garbage")
        runs = {view.id: view.parent for view in workspace.runs()}
        assert runs == dict.fromkeys(out.split())


def test_a_run_to_join_in_a_workspace_that_is_gone_is_told_and_not_joined(tmp_path):
    code, out, err = _script(
        "import afield; print(afield.init().disabled)",
        tmp_path,
        AFIELD_RUN="0123456789abcdef",
        AFIELD_WORKSPACE=tmp_path / "gone",
    )
    assert (code, out.strip()) == (0, "False")
    assert err.count("cannot join") == 1


def test_values_of_secret_variables_are_replaced_wherever_they_turn_up(tmp_path):
    code = """
        import os, afield
        key = os.environ["CLOUD_TOKEN"]
        with afield.init(config={"where": f"bucket?{key}"}, tags={"t": key}) as run:
            run.summary["said"] = key
            run.note(f"it is {key}")
    """
    env = os.environ | {"CLOUD_TOKEN": "quite-Plain-9", "AFIELD_WORKSPACE": str(tmp_path)}
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], env=env, check=True)
    everything = b"".join(
        path.read_bytes() for path in (tmp_path / ".afield").rglob("*") if path.is_file()
    )
    assert b"quite-Plain-9" not in everything
    with afield.open(tmp_path) as workspace:
        (view,) = workspace.runs()
        assert "redacted:" in view.notes[0].text
        assert view.params["where"].startswith("bucket?redacted:")
