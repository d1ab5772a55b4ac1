"""The first hour of a newcomer: run, show, compare, reproduce, in a repository of one's own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PATIENCE_S = 120
"""For what takes a moment, on a machine that is busy with other things."""

TRAIN = """\
import argparse, json, random, sys
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
options = parser.parse_args()
with open("data.csv") as file:
    rows = file.read().split()
print("training on", len(rows), "rows")
print("careful", file=sys.stderr)
with open("metrics.json", "w") as file:
    json.dump({"acc": options.lr + random.random() + len(rows)}, file)
"""


@pytest.fixture(scope="session")
def venv(tmp_path_factory):
    folder = tmp_path_factory.mktemp("venv") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    return folder


@pytest.fixture
def repository(tmp_path, own_home, venv, monkeypatch):
    """A git repository whose script has an uncommitted change, and a Python of its own."""
    folder = tmp_path / "my project ü"
    folder.mkdir()
    scripts = venv / ("Scripts" if os.name == "nt" else "bin")
    monkeypatch.setenv("PATH", os.pathsep.join([str(scripts), os.environ["PATH"]]))
    monkeypatch.setenv("VIRTUAL_ENV", str(venv))
    monkeypatch.chdir(folder)
    (folder / "train.py").write_text(TRAIN)
    (folder / "data.csv").write_text("a\nb\n")
    author = ["-c", "user.name=x", "-c", "user.email=x@localhost"]
    for words in (["init", "-q", "-b", "trunk"], ["add", "."], ["commit", "-q", "-m", "x"]):
        subprocess.run(["git", *author, *words], check=True, cwd=folder)
    with (folder / "train.py").open("a") as file:
        file.write("# not committed\n")
    return folder


def newest(afield_process, folder: Path) -> str:
    return afield_process("runs", "--json", "-n", "1", cwd=folder).json["runs"][0]["id"]


def test_the_whole_way_of_a_newcomer(afield_process, repository, own_home):
    first = afield_process("run", "python", "train.py", "--lr", "0.5", cwd=repository)
    assert first.code == 0
    assert first.out == "training on 2 rows\n"
    assert first.err.startswith("careful\nafield: recorded ")
    assert "1 input, 1 output" in first.err
    assert "code at trunk " in first.err
    assert "with changes" in first.err
    assert "reproduce it with: afield reproduce " in first.err
    assert not (repository / ".afield").exists(), "nothing was configured"
    run = newest(afield_process, repository)

    shown = afield_process("show", run[:8], "--json", cwd=repository).json
    assert shown["argv"] == ["python", "train.py", "--lr", "0.5"]
    assert shown["project"] == repository.name
    assert (shown["git"]["branch"], shown["git"]["dirty"]) == ("trunk", True)
    assert shown["environment"]["python"].startswith("3.")
    assert shown["environment"]["distributions"] == []
    assert [found["path"] for found in shown["inputs"]] == ["data.csv"]
    assert shown["inputs"][0]["seen_by"] in ("python", "python+kernel")
    assert shown["inputs"][0]["size_bytes"] == 4
    assert [found["path"] for found in shown["outputs"]] == ["metrics.json"]
    assert shown["status"] == "finished"
    page = afield_process("show", run, cwd=repository).out
    assert "$ python train.py --lr 0.5" in page
    assert "data.csv" in page

    again = afield_process("reproduce", run, cwd=repository)
    assert again.code == 0, again.out + again.err
    assert " identical " in again.out
    assert "metrics.json" in again.out
    assert "✓ running python train.py --lr 0.5" in again.err
    judged = afield_process("show", run, "--json", cwd=repository).json["reproductions"]
    assert [found["verdict"] for found in judged] == ["identical"]

    (repository / "data.csv").write_text("a\nb\nc\n")
    other = afield_process("run", "-q", "python", "train.py", "--lr", "0.5", cwd=repository)
    assert (other.code, other.err) == (0, "careful\n")
    second = newest(afield_process, repository)
    compared = afield_process("compare", run, second, cwd=repository)
    assert compared.code == 0
    assert "first cause: input: data.csv differs" in compared.out
    assert "+c" in compared.out
    found = afield_process("compare", run, second, "--json", cwd=repository).json
    assert found["schema"] == "afield.compare/1"
    assert found["cause"]["kind"] == "input"
    assert "nothing differs" in afield_process("compare", run, run, cwd=repository).out


def test_a_divergence_is_exit_4_with_its_first_cause(afield_process, repository, tmp_path):
    outside = tmp_path / "outside.csv"
    outside.write_text("1\n")
    (repository / "read.py").write_text(f"print(open({str(outside)!r}).read())\n")
    ran = afield_process("run", "python", "read.py", cwd=repository)
    assert "in the way of reproducing it: " in ran.err
    assert "outside the project" in ran.err
    run = newest(afield_process, repository)
    outside.write_text("2\n")
    answer = afield_process("reproduce", run, "--json", cwd=repository)
    assert answer.code == 4
    report = answer.json
    assert report["schema"] == "afield.reproduction/1"
    assert (report["run"], report["verdict"]) == (run, "diverged")
    assert report["new_run"] not in {None, run}
    assert report["cause"]["kind"] == "input"
    assert "outside.csv" in report["cause"]["detail"]
    assert {"outputs", "metrics", "console"} <= set(report)


def test_what_cannot_be_restored_is_exit_3(afield_process, repository, tmp_path):
    outside = tmp_path / "outside.csv"
    outside.write_text("1\n")
    (repository / "read.py").write_text(f"print(open({str(outside)!r}).read())\n")
    afield_process("run", "-q", "python", "read.py", cwd=repository)
    run = newest(afield_process, repository)
    outside.unlink()
    answer = afield_process("reproduce", run, cwd=repository)
    assert answer.code == 3, answer.out
    assert " incomplete " in answer.out
    assert "outside.csv" in answer.out


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is sent as a signal")
def test_a_reproduction_that_is_interrupted_gives_no_verdict(afield_process, repository, tmp_path):
    quick = tmp_path / "quick"
    quick.touch()
    slow = (
        "import os, time\nprint('began', flush=True)\n"
        f"time.sleep(0 if os.path.exists({str(quick)!r}) else 200)\n"
    )
    (repository / "slow.py").write_text(slow)
    afield_process("run", "-q", "--name", "slow", "python", "slow.py", cwd=repository)
    quick.unlink()
    with subprocess.Popen(
        [sys.executable, "-m", "afield", "reproduce", "slow", "--verbose"],
        cwd=repository,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as child:
        for line in child.stderr:
            if line.strip() == b"began":
                break
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=PATIENCE_S)
    assert (child.returncode, out) == (130, b"")
    assert err.decode().endswith("interrupted\n")
    assert afield_process("show", "slow", "--json", cwd=repository).json["reproductions"] == []


def test_the_folder_of_a_reproduction_can_be_kept(afield_process, repository, tmp_path):
    afield_process("run", "-q", "python", "train.py", cwd=repository)
    run = newest(afield_process, repository)
    taken = afield_process("reproduce", run, "--keep", str(repository), cwd=repository)
    assert taken.code == 2
    assert "something is there" in taken.err
    kept = tmp_path / "kept"
    answer = afield_process("reproduce", run, "--keep", str(kept), "-v", cwd=repository)
    assert answer.code == 0
    assert "rows" in answer.err, "what the command prints is shown"
    assert (kept / "metrics.json").read_bytes() == (repository / "metrics.json").read_bytes()


def test_options_of_afield_end_at_the_command(afield_process, repository):
    code = "import sys; print(sys.argv[1:])"
    words = ["--name", "x", "--json", "--tag", "y=z", "--help"]
    answer = afield_process(
        "run", "--name", "mine", "--tag", "a=b=c", "--param", "lr=3", "python", "-c", code, *words
    )
    assert answer.out == f"{words}\n"
    shown = afield_process("show", "mine", "--json").json
    assert shown["tags"] == {"a": "b=c"}
    assert shown["params"] == {"lr": "3"}
    after_dashes = afield_process("run", "-q", "--", "python", "-c", code, "--workspace", "/none")
    assert after_dashes.out == "['--workspace', '/none']\n"


@pytest.mark.parametrize("code", [3, 130])
def test_the_exit_code_is_the_commands(afield_process, repository, code):
    answer = afield_process("run", "python", "-c", f"raise SystemExit({code})")
    assert answer.code == code
    assert afield_process("runs", "--json").json["runs"][0]["exit_code"] == code


def test_json_of_a_run_is_one_line_on_stderr(afield_process, repository):
    answer = afield_process("run", "--json", "python", "-c", "print('mine')")
    assert answer.out == "mine\n"
    document = json.loads(answer.err)
    assert document["schema"] == "afield.recorded/1"
    assert document["exit_code"] == 0
    assert document["blockers"] == []


def test_a_command_that_is_not_there_is_not_recorded(afield_process, repository):
    answer = afield_process("run", "--json", "no-such-command-here")
    assert answer.code == 127
    assert answer.out == ""
    assert answer.err.startswith("error: command not found: `no-such-command-here`")
    assert '"afield.error/1"' in answer.err
    assert afield_process("runs", "--json").json["runs"] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "error: no command to record\nhint: afield run python train.py"),
        (["--tag", "x", "true"], "not of the form key=value"),
        (["--trace", "loud", "true"], "`loud` is not one of"),
        (["--nmae", "x", "true"], "no such option: `--nmae`: did you mean `--name`"),
    ],
)
def test_wrong_words_before_the_command_are_usage_errors(afield, repository, words, said):
    answer = afield("run", *words)
    assert answer.code == 2
    assert said in answer.err
    assert "hint: " in answer.err


@pytest.mark.parametrize(
    ("words", "name"), [([], "named within"), (["--name", "mine"], "mine")], ids=["free", "given"]
)
def test_a_script_may_name_the_run_that_records_it(repository, afield_process, afield, words, name):
    script = "import afield; run = afield.init(name='first'); run.name = 'named within'"
    afield_process("run", *words, "--", sys.executable, "-c", script, cwd=repository)
    assert afield("runs", "--json").json["runs"][0]["name"] == name


def test_a_run_can_be_followed_while_it_goes_on(repository, afield_process):
    script = (
        "import afield, time\n"
        "run = afield.init()\n"
        "for step in range(4):\n"
        "    print('line', step, flush=True)\n"
        "    run.log({'loss': 1 / (step + 1)}, step)\n"
        "time.sleep(200)\n"
    )
    command = [sys.executable, "-m", "afield", "run", "--name", "long", "--", sys.executable]
    child = subprocess.Popen(
        [*command, "-c", script],
        cwd=repository,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        give_up = time.monotonic() + PATIENCE_S
        seen = ""
        while not ("step 3 " in seen and "line 3\n" in seen) and time.monotonic() < give_up:
            seen = afield_process("log", "long", "--no-follow", cwd=repository).out
        assert "line 3\n" in seen
        assert "step 3  loss 0.25" in seen
        only = afield_process("log", "long", "--no-follow", "--console", cwd=repository).out
        assert only.startswith("line 0\nline 1\n")
        assert "step" not in only
    finally:
        child.send_signal(signal.SIGINT)
        child.wait(PATIENCE_S)
    ended = afield_process("log", "long", cwd=repository)
    assert ended.out.startswith("line 0\nline 1\n")
    assert "long killed" in ended.err or "long interrupted" in ended.err


@pytest.mark.skipif(os.name == "nt", reason="kill -9 is a signal")
def test_following_ends_when_the_run_is_killed(repository, afield_process):
    command = [sys.executable, "-m", "afield", "run", "--name", "victim", "python", "-c"]
    script = "import time; print('here', flush=True); time.sleep(200)"
    with subprocess.Popen(
        [*command, script], cwd=repository, stdout=subprocess.PIPE, start_new_session=True
    ) as child:
        assert child.stdout.readline() == b"here\n"
        assert "it is still running" in afield_process("show", "victim", cwd=repository).out
        with subprocess.Popen(
            [sys.executable, "-m", "afield", "log", "victim"],
            cwd=repository,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as follower:
            os.killpg(child.pid, signal.SIGKILL)
            _, err = follower.communicate(timeout=PATIENCE_S)
    assert b"victim interrupted" in err
    assert "its recorder was cut off" in afield_process("show", "victim", cwd=repository).out


def test_log_writes_each_stream_to_its_own(afield_process, repository):
    afield_process("run", "-q", "python", "train.py", cwd=repository)
    answer = afield_process("log", cwd=repository)
    assert answer.out == "training on 2 rows\n"
    assert answer.err.startswith("careful\n")
    lines = afield_process("log", "--json", cwd=repository).out.splitlines()
    kinds = [(found["kind"], found.get("stream")) for found in map(json.loads, lines)]
    assert sorted(kinds, key=str) == [("console", "stderr"), ("console", "stdout"), ("ended", None)]
