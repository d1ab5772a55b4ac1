"""The console passes through unchanged and at once, and a copy without secrets is kept."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="shells of POSIX")

TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0" * 2


def test_stdout_and_stderr_stay_apart(run):
    done = run("sh", "-c", "echo one; echo two >&2; echo three")
    assert (done.out, done.err) == (b"one\nthree\n", b"two\n")
    assert done.console == (b"one\nthree\n", b"two\n")
    assert done.manifest.console_bytes == 14


def test_bytes_that_are_no_text_are_kept_as_they_are(run):
    code = "import os; os.write(1, bytes(range(256)) * 3); os.write(2, b'\\xff\\xfe')"
    done = run("python", "-c", code)
    assert done.out == bytes(range(256)) * 3
    assert done.console == (bytes(range(256)) * 3, b"\xff\xfe")


def test_the_last_line_needs_no_newline(run):
    done = run("sh", "-c", "printf 'no newline'")
    assert done.out == b"no newline"
    assert done.console[0] == b"no newline"


def test_a_large_console_passes_whole_in_bounded_memory(project, tmp_path):
    writer = (
        "import sys\nline = b'0123456789abcdef' * 63 + b' the end of it\\n'\nfor _ in range(20480):"
    )
    (project / "loud.py").write_text(writer + "\n    sys.stdout.buffer.write(line)\n")
    driver = (
        "import os, resource, sys\n"
        "from afield.runs.capture.capture import Request, capture\n"
        "from afield.workspace.store import make_store\n"
        "record, _ = make_store(sys.argv[1])\n"
        "request = Request(argv=('true',), folder=os.getcwd(), environ=dict(os.environ))\n"
        "capture(record, request, out=sys.stdout.buffer, err=sys.stderr.buffer)\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "request = Request(argv=(sys.executable, 'loud.py'), folder=os.getcwd(),"
        " environ=dict(os.environ))\n"
        "done = capture(record, request, out=sys.stdout.buffer, err=sys.stderr.buffer)\n"
        "after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "kept = record.vault.size(done.manifest.console)\n"
        "print(after - before, done.manifest.console_bytes, kept, file=sys.stderr)\n"
        "record.journal.close()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", driver, str(tmp_path / ".afield")],
        cwd=project,
        capture_output=True,
        check=True,
    )
    line = b"0123456789abcdef" * 63 + b" the end of it\n"
    assert hashlib.sha256(done.stdout).digest() == hashlib.sha256(line * 20480).digest()
    grown_kib, console_bytes, kept_bytes = map(int, done.stderr.split())
    assert console_bytes == len(line) * 20480 == 20_951_040
    assert kept_bytes > console_bytes
    assert grown_kib < 40_000


def test_output_arrives_while_the_command_runs(project, tmp_path):
    code = (
        "import os, time\nprint('early', flush=True)\n"
        "for _ in range(12_000):\n"
        "    if os.path.exists('heard'): break\n"
        "    time.sleep(0.01)\n"
        "print(os.path.exists('heard'))"
    )
    driver = (
        "import os, sys\n"
        "from afield.runs.capture.capture import Request, capture\n"
        "from afield.workspace.store import make_store\n"
        "record, _ = make_store(sys.argv[1])\n"
        "request = Request(argv=(sys.executable, '-c', sys.argv[2]), folder=os.getcwd(),"
        " environ=dict(os.environ))\n"
        "capture(record, request, out=sys.stdout.buffer, err=sys.stderr.buffer)\n"
    )
    words = [sys.executable, "-c", driver, str(tmp_path / ".afield"), code]
    with subprocess.Popen(words, cwd=project, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"early\n"
        (project / "heard").touch()  # the command waits for it
        assert process.stdout.read() == b"True\n"


def test_a_secret_is_shown_to_the_person_but_not_kept(run):
    done = run("sh", "-c", f"echo token {TOKEN}")
    assert TOKEN.encode() in done.out
    assert done.console[0] == b"token redacted:github-token\n"
    assert any(
        found.where == "console" and found.rule == "github-token"
        for found in done.manifest.redactions
    )


def test_a_secret_that_arrives_in_two_pieces_is_not_kept(run):
    code = (
        f"import os, time; os.write(1, b'x {TOKEN[:12]}'); time.sleep(0.3);"
        f" os.write(1, b'{TOKEN[12:]} y\\n')"
    )
    done = run("python", "-c", code)
    assert TOKEN.encode() in done.out
    assert done.console[0] == b"x redacted:github-token y\n"


def test_the_value_of_a_secret_variable_is_not_kept_wherever_it_appears(run):
    secret = "correct-horse-7-battery"  # noqa: S105 - what the test looks for
    done = run("sh", "-c", "echo $MY_TOKEN", environ={"MY_TOKEN": secret})
    assert done.out == secret.encode() + b"\n"
    assert done.console[0] == b"redacted:MY_TOKEN\n"


def test_nothing_of_a_secret_is_in_any_file_of_the_workspace(run, project, tmp_path):
    secret = "correct-horse-7-battery"  # noqa: S105 - what the test looks for
    (project / "train.py").write_text(f"KEY = '{TOKEN}'\nimport sys\nprint(KEY, sys.argv)\n")
    argv = ("python", "train.py", "--api-key", secret, f"--url=https://u:{secret}@example.org/")
    done = run(*argv, environ={"SOME_SECRET": secret}, params={"password": secret})
    done.record.journal.close()
    assert done.out.count(secret.encode()) == 2
    objects = [done.tree["train.py"], *done.console, repr(done.manifest).encode()]
    files = [path for path in (tmp_path / "workspace").rglob("*") if path.is_file()]
    for data in [*objects, *(path.read_bytes() for path in files)]:
        assert secret.encode() not in data
        assert TOKEN.encode() not in data
    assert "redacted:flag" in done.manifest.argv
    wheres = {found.where for found in done.manifest.redactions}
    assert wheres == {"argv", "code", "console", "env", "params"}
    assert any("train.py holds a secret" in line for line in done.manifest.blockers)
    assert any("--api-key is a secret" in line for line in done.manifest.blockers)
