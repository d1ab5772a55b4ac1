"""The door itself: help, what it loads, usage errors, exit codes, pipes, completion."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import click
import pytest

from afield.cli.catalog import COMMANDS
from afield.cli.faults import report
from afield.cli.session import Session
from afield.kernel.errors import Busy, Damaged, NotAllowed, NoWorkspace, Refused, Unreachable, Usage

HEAVY = (
    *("pyarrow", "numpy", "rich", "uv", "PIL", "cryptography", "zstandard", "msgspec", "blake3"),
    *("fastapi", "starlette", "psycopg", "ray", "sqlite3", "asyncio", "importlib.metadata"),
)
MODULES_MAX = 140


def modules_after(code):
    code += "\nimport json, sys; sys.stderr.write(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True
    )
    return json.loads(done.stderr)


@pytest.mark.parametrize(
    "code",
    [
        "import afield",
        "from afield.cli.main import main; main(['--help'])",
        "from afield.cli.main import main; main([])",
    ],
)
def test_import_and_help_load_next_to_nothing(code):
    loaded = modules_after(code)
    assert not [name for name in loaded if name.split(".")[0] in HEAVY or name in HEAVY]
    assert len(loaded) <= MODULES_MAX


@pytest.mark.parametrize("command", ["run", "note", "tag", "delete", "init", "completion"])
def test_the_help_of_a_command_draws_nothing(command):
    loaded = modules_after(f"from afield.cli.main import main; main(['{command}', '--help'])")
    assert not {"pyarrow", "numpy", "rich"} & set(loaded)


def test_help_lists_every_command_in_groups(afield):
    answer = afield("--help")
    assert answer.code == 0
    for name, entry in COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(entry.help)}$", answer.out, re.MULTILINE)
    assert answer.out.index("Every day:") < answer.out.index("Options of every command:")
    assert afield().out == answer.out == afield("-h").out


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help_with_the_global_options(afield, name):
    answer = afield(name, "--help")
    assert answer.code == 0
    for option in ("--workspace PATH", "--json", "--no-color"):
        assert option in answer.out
    assert max(map(len, answer.out.splitlines())) <= 100
    assert answer.out.startswith(f"Usage: afield {name}")
    assert "\\b" not in answer.out  # a raw docstring shows the mark that keeps lines apart


def test_the_version_is_shown(afield):
    assert re.fullmatch(r"afield \d+\.\d+\.\d+\n", afield("--version").out)


def test_an_unknown_command_is_a_usage_error_with_a_suggestion(afield):
    answer = afield("rnus")
    assert answer.code == 2
    assert (
        answer.err == "error: no such command: `rnus`: did you mean `runs`?\nhint: afield --help\n"
    )
    assert afield("--json", "rnus").json["error"]["code"] == "afield.usage"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["show"], "missing argument `RUN`"),
        (["runs", "--limit", "0"], "invalid value for `--limit`"),
        (["runs", "--nope"], "no such option: `--nope`"),
        (["completion", "tcsh"], "`tcsh` is not one of"),
        (["reproduce", "x", "--tolerance", "-1"], "`-1` is not a finite number"),
        (["compare", "x", "y", "--tolerance", "inf"], "`inf` is not a finite number"),
        (["compare", "x", "y", "--tolerance", "acc=lots"], "`lots` is not a number"),
        (["compare", "x", "y", "--tolerance", "=1"], "names no metric"),
        (["delete"], "missing argument `RUNS...`"),
    ],
)
def test_wrong_words_are_exit_2_with_a_hint(afield, words, said):
    answer = afield(*words)
    assert answer.code == 2
    assert said in answer.err
    assert f"hint: afield {words[0]} --help" in answer.err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Refused("no"), 1),
        (Usage("no"), 2),
        (NoWorkspace("no"), 10),
        (Busy("no"), 11),
        (NotAllowed("no"), 12),
        (Damaged("no"), 13),
        (Unreachable("no"), 14),
        (OSError(28, "No space left on device", "/x"), 14),
        (PermissionError(13, "Permission denied", "/x"), 1),
        (AssertionError("never"), 70),
        (ZeroDivisionError("division by zero"), 70),
        (KeyboardInterrupt(), 130),
        (click.Abort(), 130),
    ],
)
def test_every_kind_of_fault_has_its_exit_code(error, code, capsys):
    assert report(error, Session({})) == code
    assert capsys.readouterr().err


def test_a_fault_is_told_as_what_value_why_then_cause_then_hint(capsys):
    error = Refused("cannot do", "this", "it is late", hint="sleep")
    error.__cause__ = ValueError("tired")
    assert report(error, Session({})) == 1
    assert capsys.readouterr().err == (
        "error: cannot do: `this`: it is late\ncause: ValueError: tired\nhint: sleep\n"
    )


def test_a_bug_is_told_shortly_and_wholly_when_asked(capsys):
    with pytest.raises(KeyError) as caught:
        _ = {}["missing"]
    assert report(caught.value, Session({})) == 70
    short = capsys.readouterr().err
    assert report(caught.value, Session({"AFIELD_TRACEBACK": "1"})) == 70
    whole = capsys.readouterr().err
    assert "this is a bug in Afield: `KeyError: 'missing'`: at test_cli_door.py:" in short
    assert "Traceback" not in short
    assert "Traceback" in whole


def test_a_reader_that_goes_away_is_no_fault(project, own_home):
    line = f"{sys.executable} -m afield runs --json --all"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {line} | head -c 1"],
        capture_output=True,
        check=False,
        cwd=project,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"{", b"")


def test_python_dash_m_afield_is_the_same_door(afield_process):
    assert afield_process("--help").out.startswith("Usage: afield ")


def test_output_that_goes_nowhere_near_a_terminal_has_no_colour(afield_process, project):
    answer = afield_process("show", "first", FORCE_COLOR="")
    assert "\x1b" not in answer.out + answer.err


@pytest.mark.skipif(os.name == "nt", reason="needs a pseudo-terminal")
@pytest.mark.parametrize(
    ("words", "environ", "coloured"),
    [([], {}, True), (["--no-color"], {}, False), ([], {"NO_COLOR": "1"}, False)],
)
def test_a_terminal_gets_colours_unless_it_wants_none(project, own_home, words, environ, coloured):
    import pty

    main_end, child_end = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "afield", "runs", *words],
        stdout=child_end,
        stderr=child_end,
        env={**os.environ, "TERM": "xterm-256color", **environ},
    ) as child:
        os.close(child_end)
        seen = b""
        while True:
            try:
                block = os.read(main_end, 65536)
            except OSError:
                break
            if not block:
                break
            seen += block
    os.close(main_end)
    assert child.returncode == 0
    assert b"third" in seen
    assert (re.search(rb"\x1b\[[0-9;]*3[0-7]m", seen) is not None) is coloured


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_for_the_shell(afield, shell):
    answer = afield("completion", shell)
    assert answer.code == 0
    assert "_AFIELD_COMPLETE" in answer.out
    assert answer.err == ""
    found = afield("completion", shell, "--json").json
    assert found["script"] + "\n" == answer.out


def completed(afield_process, words, cwd=None):
    environ = {
        "_AFIELD_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
    }
    answer = afield_process(cwd=cwd, **environ)
    assert answer.err == ""
    return [line.partition(",")[2] for line in answer.out.splitlines() if line]


def test_commands_options_and_runs_are_completed(afield_process, project):
    assert completed(afield_process, "afield rep") == ["reproduce", "repair"]
    assert completed(afield_process, "afield runs --del") == ["--deleted"]
    assert completed(afield_process, "afield show fir") == ["first"]
    ids = completed(afield_process, "afield reproduce ", cwd=project)
    assert len(ids) == 3
    assert all(len(run) == 8 for run in ids)


def test_completion_is_silent_when_there_is_nothing_to_read(afield_process, tmp_path):
    (tmp_path / ".afield").mkdir()
    (tmp_path / ".afield" / "config.toml").write_text("= broken")
    assert completed(afield_process, "afield show x", cwd=tmp_path) == []


def test_doctor_tells_each_check_as_pass_fail_or_not_run(afield, project):
    answer = afield("doctor", "--json")
    checks = {check["name"]: check for check in answer.json["checks"]}
    assert {"python", "git", "uv", "disk", "workspace", "record", "capture: Python"} <= set(checks)
    assert {check["state"] for check in checks.values()} <= {"pass", "fail", "not run"}
    assert checks["record"]["state"] == "pass"
    assert answer.code == (0 if answer.json["sound"] else 3)
    assert "3 runs" in checks["workspace"]["detail"]
    assert re.search(r"^(pass|not run) +python ", afield("doctor").out, re.MULTILINE)


def test_doctor_finds_damage_and_exits_3(afield, project):
    pack = next(iter((project / ".afield" / "journal").rglob("*.log")))
    data = bytearray(pack.read_bytes())
    data[-20] ^= 1
    pack.write_bytes(data)
    answer = afield("doctor", "--json")
    checks = {check["name"]: check["state"] for check in answer.json["checks"]}
    assert answer.code == 3
    assert checks["record"] == "fail"


def test_the_demo_refuses_a_folder_that_holds_something(afield, project):
    answer = afield("demo", "--folder", str(project))
    assert answer.code == 2
    assert "it is not empty" in answer.err
