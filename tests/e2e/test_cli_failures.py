"""What the command line says of runs that failed: `show`, `runs` and `issue`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from afield.cli.commands.issue import COMMANDS

SCRIPT = """\
import sys
from pathlib import Path

def fit(text):
    raise ValueError(f"bad batch {text.strip()} in {Path('rows.csv').resolve()}")

if len(sys.argv) > 1:
    Path("rows.csv").read_text()
    fit(sys.argv[1])
"""
API = """\
import os, sys
import afield

def step(n):
    raise RuntimeError(f"loss is nan at step {n}, with {os.environ['API_TOKEN']}")

if sys.argv[1] == "block":
    with afield.init("w", name=sys.argv[2]):
        step(3)
afield.init("w", name=sys.argv[2])
step(4711)
"""
HIDDEN = ("AFIELD_WORKSPACE", "AFIELD_RUN", "NO_COLOR", "COLUMNS", "FORCE_COLOR")
TOKEN = "tk-93jf02Kd8sLq"  # noqa: S105 - nobody's


def write_scripts(folder):
    (folder / "train.py").write_text(SCRIPT)
    (folder / "api.py").write_text(API)
    (folder / "rows.csv").write_text("a,b\n1,2\n")


@pytest.fixture
def place(tmp_path, own_home, monkeypatch):
    """A folder with scripts that fail; one stands in it."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    write_scripts(folder)
    return folder


@pytest.fixture(scope="session")
def original(tmp_path_factory):
    """Where runs were recorded: `one` and `two` fail alike, `three` succeeds."""
    folder, home = tmp_path_factory.mktemp("failing"), tmp_path_factory.mktemp("elsewhere")
    write_scripts(folder)
    environ = {name: value for name, value in os.environ.items() if name not in HIDDEN}
    for code, *words in (
        (0, "init"),
        (1, "run", "--name", "one", "--", sys.executable, "train.py", "17"),
        (1, "run", "--name", "two", "--", sys.executable, "train.py", "4711"),
        (0, "run", "--name", "three", "--", sys.executable, "train.py"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "afield", *words],
            cwd=folder,
            env={**environ, "HOME": str(home), "USERPROFILE": str(home)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == code, done.stderr
    return folder


@pytest.fixture
def failed(original, tmp_path, own_home, monkeypatch):
    """A copy of those runs of one's own; one stands in it."""
    folder = tmp_path / "work"
    shutil.copytree(original, folder)
    monkeypatch.chdir(folder)
    return folder


def git(*words):
    who = ["-c", "user.name=ada", "-c", "user.email=ada@example.org"]
    subprocess.run(["git", *who, *words], check=True, capture_output=True, env=dict(os.environ))


def test_show_says_what_broke_where_and_who_had_it_before(afield, failed):
    assert afield("note", "one", "the export had a bad row: make rows.csv again").code == 0
    page = " ".join(afield("show", "two").out.split())
    assert "ValueError: bad batch 4711" in page
    assert "in train.py:5 in fit" in page
    assert "the same failure happened once before: last in one" in page
    assert "the export had a bad row: make rows.csv again" in page
    assert "three by" in page
    assert "afield compare" in page
    fingerprint = afield("show", "two", "--json").json["failure"]["fingerprint"]
    assert f"(failure {fingerprint})" in page
    assert "not seen before" in afield("show", "one").out
    assert "failure" not in afield("show", "three").out


def test_run_says_at_once_that_somebody_had_the_same_failure(afield_process, place):
    words = ("run", "--", sys.executable, "train.py")
    first, second = afield_process(*words, "17"), afield_process(*words, "18")
    assert first.code == second.code == 1
    assert "happened" not in first.err
    assert "afield: the same failure happened once before: last in " in second.err
    assert "afield: what was noted then, and what helped: afield show " in second.err
    assert "happened" not in afield_process(*words).err


def test_show_tells_programs_the_same(afield, failed):
    afield("note", "one", "make rows.csv again")
    one, two, three = (afield("show", name, "--json").json for name in ("one", "two", "three"))
    found = two["failure"]
    assert found["exception"] == "ValueError"
    assert found["message"].startswith("bad batch 4711")
    assert found["where"] == {"file": "train.py", "line": 5, "function": "fit"}
    assert found["fingerprint"] == one["failure"]["fingerprint"]
    assert found["times_before"] == 1
    (before,) = found["before"]
    assert (before["run"], before["name"]) == (one["id"], "one")
    assert [note["text"] for note in before["notes"]] == ["make rows.csv again"]
    assert found["solved_by"]["run"] == three["id"]
    assert found["solved_by"]["failed"] == two["id"]
    assert one["failure"]["before"] == []
    assert three["failure"] is None


def test_runs_are_found_by_their_failure(afield, failed):
    fingerprint = afield("show", "one", "--json").json["failure"]["fingerprint"]

    def names(query):
        return {run["name"] for run in afield("runs", query, "--json").json["runs"]}

    assert names('exception = "ValueError"') == {"one", "two"}
    assert names(f'failure = "{fingerprint}"') == {"one", "two"}
    assert names("exception is null") == {"three"}
    table = afield("runs", "--columns", "name,exception,failure").out
    assert "ValueError" in table
    assert fingerprint in table


def test_a_deleted_run_does_not_count_as_before(afield, failed):
    assert afield("delete", "one").code == 0
    assert afield("show", "two", "--json").json["failure"]["times_before"] == 0


def test_an_issue_holds_what_a_stranger_needs(afield, failed, original, own_home):
    text = afield("issue", "two").out
    assert text.startswith("# ValueError: bad batch 4711")
    assert "train.py 4711" in text
    assert "exit code 1" in text
    assert '  File "./train.py", line 5, in fit' in text
    assert "happened once before" in text
    assert f"{sys.version_info.major}.{sys.version_info.minor}." in text
    assert "| `rows.csv` | 8 B | `" in text
    assert "afield reproduce" in text
    assert ("afield bundle" in text) == ("bundle" in COMMANDS)
    assert str(original) not in text
    assert str(own_home) not in text
    assert len(text) < 65_536


def test_an_issue_shows_what_was_not_committed(afield, afield_process, place):
    assert afield("init").code == 0
    for words in (["init", "-q"], ["add", "train.py"], ["commit", "-q", "-m", "first"]):
        git(*words)
    (place / "train.py").write_text(SCRIPT.replace("bad batch", "awful batch"))
    script = ["--", sys.executable, "train.py", "3"]
    assert afield_process("run", "--name", "dirty", *script, cwd=place).code == 1
    text = afield("issue", "dirty").out
    assert "with uncommitted changes" in text
    assert "Changed: `train.py`" in text
    assert '-    raise ValueError(f"bad batch' in text
    assert '+    raise ValueError(f"awful batch' in text
    assert "`api.py`" in text.split("Not in the commit:")[1].splitlines()[0]


def test_an_issue_from_a_repository_without_a_commit_says_so_once(afield, afield_process, place):
    subprocess.run(["git", "init", "-q", "-b", "main"], check=True)
    afield_process("init")
    afield_process("run", "--name", "new", sys.executable, "train.py", "7")
    assert "No commit yet on `main`, with uncommitted changes." in afield("issue", "new").out


def test_an_issue_is_written_to_a_file_and_told_in_json(afield, failed):
    answer = afield("issue", "two", "-o", "report.md", "--json").json
    assert answer["schema"] == "afield.issue/1"
    assert (answer["file"], answer["text"]) == ("report.md", None)
    written = (failed / "report.md").read_text(encoding="utf-8")
    assert written == afield("issue", "two", "--json").json["text"]
    (failed / "report.md").write_text("mine")
    refused = afield("issue", "two", "-o", "report.md")
    assert refused.code == 2
    assert "`report.md`: it is there already" in refused.err
    assert (failed / "report.md").read_text() == "mine"
    assert afield("issue", "two", "-o", "report.md", "--force").code == 0
    assert (failed / "report.md").read_text(encoding="utf-8") == written
    refused = afield("issue", "two", "-o", "nowhere/report.md")
    assert refused.code == 1
    assert "cannot write the report: `nowhere/report.md`" in refused.err


def test_an_issue_of_a_run_that_did_not_fail_says_so(afield, failed):
    text = afield("issue", "three").out
    assert "finished" in text
    assert "Nothing that was printed tells why" in text


def test_text_of_a_failure_ends_no_block_and_calls_nobody(afield, afield_process, place):
    (place / "odd.py").write_text("raise ValueError('```\\n@ada <b> | [x](y) #12 `z`')\n")
    afield("init")
    afield_process("run", "--name", "odd", "--", sys.executable, "odd.py", cwd=place)
    text = afield("issue", "odd").out
    assert "````pytb" in text
    title = text.splitlines()[0]
    assert "<b>" not in title.replace("\\<b\\>", "")
    assert "@ada" not in title


@pytest.mark.parametrize("how", ["block", "script"])
def test_a_script_without_afield_run_tells_why_it_failed(afield, place, own_home, how):
    assert afield("init").code == 0
    for name in ("first", "second"):
        done = subprocess.run(
            [sys.executable, "api.py", how, name],
            capture_output=True,
            encoding="utf-8",
            env={**os.environ, "API_TOKEN": TOKEN},
            check=False,
            timeout=120,
        )
        assert done.returncode == 1
        assert done.stderr.startswith("Traceback (most recent call last)")
    found = afield("show", "second", "--json").json["failure"]
    assert found["exception"] == "RuntimeError"
    assert found["where"] == {"file": "api.py", "line": 5, "function": "step"}
    assert [one["name"] for one in found["before"]] == ["first"]
    assert TOKEN not in found["message"] + found["text"]
    assert "redacted:API_TOKEN" in found["message"]
    text = afield("issue", "second").out
    assert "RuntimeError" in text
    assert TOKEN not in text


def test_a_command_in_another_language_fails_by_its_last_words(afield, afield_process, place):
    if os.name == "nt":
        pytest.skip("not run: needs a POSIX shell")
    afield("init")
    for name, script in (
        ("said", "echo 'solver: no convergence after 300 steps' >&2; exit 4"),
        ("killed", "kill -9 $$"),
        ("stopped", "kill -INT $$"),
    ):
        afield_process("run", "--name", name, "--", "sh", "-c", script, cwd=place)
    runs = {run["name"]: run["exception"] for run in afield("runs", "--json").json["runs"]}
    assert runs == {"said": "exit 4", "killed": "SIGKILL", "stopped": None}
    assert "memory runs out" in afield("show", "killed").out


def test_a_script_that_shows_its_faults_in_its_own_way_is_understood(afield, afield_process, place):
    (place / "own.py").write_text(
        "import sys\nsys.excepthook = lambda *_: print('sorry', file=sys.stderr)\n"
        "def fit():\n    raise LookupError('no such column')\nfit()\n"
    )
    afield("init")
    answer = afield_process(
        "run", "--quiet", "--name", "own", "--", sys.executable, "own.py", cwd=place
    )
    assert answer.err == "sorry\n"
    found = afield("show", "own", "--json").json["failure"]
    assert found["exception"] == "LookupError"
    assert found["where"] == {"file": "own.py", "line": 4, "function": "fit"}
