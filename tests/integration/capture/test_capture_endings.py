"""However a run ends, its ending is recorded truly and reaches the caller unchanged."""

from __future__ import annotations

import contextlib
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from afield.kernel.errors import AfieldError
from afield.runs.capture.errors import CommandNotExecutable, CommandNotFound

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals and shells of POSIX")

FORKS_AMONG_THREADS = pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
PATIENCE_S = 120
"""For what takes a moment, on a machine that is busy with other things."""

DRIVER = """
import os, sys
from afield.runs.capture.capture import Request, capture
from afield.workspace.store import make_store
record, _ = make_store(sys.argv[1])
request = Request(
    argv=tuple(sys.argv[2:]), folder=os.getcwd(), environ=dict(os.environ), terminal=os.isatty(1)
)
done = capture(record, request, out=sys.stdout.buffer, err=sys.stderr.buffer)
record.journal.close()
with open("done", "w") as stream:
    print(done.exit_code, done.manifest.signal, file=stream)
sys.exit(done.exit_code)
"""

PATIENT = """
import signal, sys, time
count = 0
def hear(number, frame):
    global count
    count += 1
signal.signal(signal.SIGINT, hear)
signal.signal(signal.SIGTERM, hear)
open("ready", "w").close()
give_up = time.monotonic() + 120
while not count and time.monotonic() < give_up:
    time.sleep(0.01)
time.sleep(0.4)
print("heard", count, flush=True)
"""


UNTIL_LET_GO = "n=0; while [ ! -e go ] && [ $n -lt 1200 ]; do sleep 0.1; n=$((n + 1)); done"


def wait_for(path):
    give_up = time.monotonic() + PATIENCE_S
    while not path.exists():
        assert time.monotonic() < give_up, f"{path.name} never came"
        time.sleep(0.01)


def drive(project, *argv, **options):
    words = [sys.executable, "-c", DRIVER, str(project / ".afield"), *argv]
    return subprocess.Popen(words, cwd=project, **options)


def test_a_run_that_succeeds_is_finished_with_its_manifest(run):
    done = run("sh", "-c", "echo hello")
    assert done.outcome.exit_code == 0
    assert done.manifest.exit_code == 0
    assert done.kinds() == ["run.started", "run.captured", "run.ended"]
    assert done.out == b"hello\n"


def test_a_run_that_fails_keeps_its_exit_code(run):
    done = run("sh", "-c", "echo no >&2; exit 3")
    assert done.outcome.exit_code == 3
    assert done.manifest.exit_code == 3
    assert done.err == b"no\n"


def test_a_run_that_is_killed_is_recorded_with_its_signal(run):
    done = run("sh", "-c", "kill -KILL $$")
    assert done.outcome.exit_code == 128 + signal.SIGKILL
    assert done.manifest.exit_code is None
    assert done.manifest.signal == "SIGKILL"


def test_a_traceback_of_the_program_comes_through(run, project):
    (project / "train.py").write_text("raise RuntimeError('lost')\n")
    done = run("python", "train.py")
    assert done.outcome.exit_code == 1
    assert b"RuntimeError: lost" in done.err
    assert b"afield" not in done.err.lower()


def test_a_command_that_is_not_there_is_refused_and_not_recorded(run, tmp_path):
    with pytest.raises(CommandNotFound) as caught:
        run("no-such-command-at-all")
    assert caught.value.exit_code == 127
    assert not list((tmp_path / "workspace" / ".afield").glob("live/*"))
    with pytest.raises(CommandNotFound):
        run("./missing.sh")


def test_a_file_that_is_no_program_is_refused(run, project):
    (project / "plain.txt").write_text("no program")
    with pytest.raises(CommandNotExecutable) as caught:
        run("./plain.txt")
    assert caught.value.exit_code == 126
    with pytest.raises(AfieldError):
        run("./")


def test_a_script_that_names_a_missing_interpreter_is_refused(run, project):
    script = project / "train.sh"
    script.write_text("#!/no/such/interpreter\n")
    script.chmod(0o755)
    with pytest.raises(CommandNotFound, match="/no/such/interpreter"):
        run("./train.sh")


def test_a_script_without_a_first_line_runs_as_a_shell_runs_it(run, project):
    script = project / "train"
    script.write_text("echo from the shell\n")
    script.chmod(0o755)
    assert run("./train").out == b"from the shell\n"


def test_a_process_left_in_the_background_does_not_hold_the_run(run, project):
    done = run("sh", "-c", f"({UNTIL_LET_GO}; echo late) & echo now")
    (project / "go").touch()  # it was there to the end of the record
    assert done.out == b"now\n"
    told = "a process was left in the background: its later output is not in the record"
    assert told in done.manifest.capture.warnings


def test_a_background_process_keeps_its_output_after_the_run(project, tmp_path):
    with (tmp_path / "out").open("wb") as out:
        line = f"({UNTIL_LET_GO}; echo late) & echo now"
        process = drive(project, "sh", "-c", line, stdout=out)
        assert process.wait(timeout=PATIENCE_S) == 0
    assert (tmp_path / "out").read_bytes() == b"now\n"
    (project / "go").touch()
    give_up = time.monotonic() + PATIENCE_S
    while b"late" not in (tmp_path / "out").read_bytes():
        assert time.monotonic() < give_up
        time.sleep(0.05)


def test_a_reader_that_goes_away_ends_the_command_as_in_a_pipeline(project):
    endless = "i=0; while :; do echo line; done"
    process = drive(project, "sh", "-c", endless, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(timeout=PATIENCE_S) == 128 + signal.SIGPIPE
    process.stderr.close()


def test_a_signal_sent_to_us_alone_reaches_the_command_once(project):
    (project / "patient.py").write_text(PATIENT)
    process = drive(project, sys.executable, "patient.py", stdout=subprocess.PIPE)
    wait_for(project / "ready")
    os.kill(process.pid, signal.SIGTERM)
    out, _ = process.communicate(timeout=PATIENCE_S)
    assert out == b"heard 1\n"
    assert process.returncode == 0


@FORKS_AMONG_THREADS
def test_ctrl_c_on_a_terminal_reaches_the_command_once(project):
    (project / "patient.py").write_text(PATIENT)
    pid, master = pty.fork()
    if pid == 0:
        os.chdir(project)
        words = [sys.executable, "-c", DRIVER, str(project / ".afield")]
        os.execv(sys.executable, [*words, sys.executable, "patient.py"])  # noqa: S606 - no shell is the point
    try:
        wait_for(project / "ready")
        os.write(master, b"\x03")
        seen = read_to_end(master)
        _, status = os.waitpid(pid, 0)
    finally:
        os.close(master)
    assert b"heard 1" in seen
    assert os.waitstatus_to_exitcode(status) == 0
    assert (project / "done").read_text() == "0 None\n"


def test_a_signal_that_another_thread_of_ours_is_given_reaches_the_command(project):
    (project / "patient.py").write_text(PATIENT)
    told = """
import signal, threading, time
def tell():
    while not os.path.exists("ready"):
        time.sleep(0.01)
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
threading.Thread(target=tell, daemon=True).start()
done = capture"""
    code = DRIVER.replace("done = capture", told)
    words = [sys.executable, "-c", code, str(project / ".afield"), sys.executable, "patient.py"]
    done = subprocess.run(
        words, cwd=project, capture_output=True, timeout=2 * PATIENCE_S, check=False
    )
    assert (done.stdout, done.returncode) == (b"heard 1\n", 0)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="not run: no /proc here")
def test_a_signal_to_the_whole_group_reaches_the_command_once_however_busy_the_machine(project):
    (project / "patient.py").write_text(PATIENT)
    process = drive(
        project, sys.executable, "patient.py", stdout=subprocess.PIPE, start_new_session=True
    )
    wait_for(project / "ready")
    canary, _ = one_of(process, "(cat)")
    os.kill(canary, signal.SIGSTOP)  # from now on it has no time to die
    assert one_of(process, "(cat)", "T") == (canary, "T")
    os.killpg(process.pid, signal.SIGINT)
    out, _ = process.communicate(timeout=PATIENCE_S)
    assert (out, process.returncode) == (b"heard 1\n", 0)


def one_of(process, name, states="RSDT"):
    """Wait for a child of this name that is in one of these states."""
    give_up = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up:
        for path in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                pid, found, state, parent = path.read_text("utf-8", "replace").split()[:4]
                if (found, parent) == (name, str(process.pid)) and state in states:
                    return int(pid), state
        time.sleep(0.01)
    return pytest.fail(f"there is no {name}")


def test_an_interrupt_that_ends_the_command_is_recorded_as_killed(project):
    (project / "ready.py").write_text("import time; open('ready', 'w').close(); time.sleep(200)")
    process = drive(project, sys.executable, "ready.py", stderr=subprocess.PIPE)
    wait_for(project / "ready")
    os.kill(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 128 + signal.SIGINT
    assert (project / "done").read_text() == "130 SIGINT\n"
    assert b"KeyboardInterrupt" in err


def test_a_signal_that_was_ignored_stays_ignored(project):
    words = [sys.executable, "-c", DRIVER, str(project / ".afield")]
    command = "trap '' HUP; exec \"$@\""
    done = subprocess.run(
        ["sh", "-c", command, "sh", *words, "grep", "SigIgn", "/proc/self/status"],
        cwd=project,
        capture_output=True,
        check=True,
    )
    assert int(done.stdout.split()[-1], 16) & 1 << (signal.SIGHUP - 1)


@FORKS_AMONG_THREADS
def test_progress_bars_see_a_terminal_where_there_is_one(project):
    code = "import os; print(os.isatty(1), os.isatty(2), os.get_terminal_size(1).columns)"
    pid, master = pty.fork()
    if pid == 0:
        os.chdir(project)
        import fcntl
        import struct
        import termios

        fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 77, 0, 0))
        words = [sys.executable, "-c", DRIVER, str(project / ".afield")]
        os.execv(sys.executable, [*words, sys.executable, "-c", code])  # noqa: S606 - no shell is the point
    try:
        seen = read_to_end(master)
        os.waitpid(pid, 0)
    finally:
        os.close(master)
    assert b"True True 77" in seen


def test_a_record_that_cannot_be_written_does_not_stop_the_command(run, tmp_path):
    run("true")
    live = tmp_path / "workspace" / ".afield" / "live"
    for path in live.iterdir() if live.exists() else []:
        path.rmdir()
    live.rmdir() if live.exists() else None
    live.write_text("no folder can be made here")
    done = run("sh", "-c", "echo on; exit 5")
    assert done.outcome.exit_code == 5
    assert done.out == b"on\n"
    assert not done.outcome.recorded
    assert b"afield: the run is not recorded" in done.err


def test_a_record_that_fails_at_the_end_does_not_change_the_exit_code(run, tmp_path):
    packs = tmp_path / "workspace" / ".afield" / "packs"
    run("true")
    for path in packs.iterdir():
        path.unlink()
    packs.rmdir()
    packs.write_text("no pack can be written here")
    done = run("sh", "-c", "echo on; exit 6")
    assert done.outcome.exit_code == 6
    assert done.out == b"on\n"
    assert not done.outcome.recorded
    assert b"afield: " in done.err


def test_a_hash_seed_that_is_none_is_for_python_to_complain_of(run):
    done = run("sh", "-c", "echo $PYTHONHASHSEED", environ={"PYTHONHASHSEED": "nonsense"})
    assert done.out == b"nonsense\n"
    assert done.manifest.entropy.mode == "off"
    fixed = run("sh", "-c", "echo $PYTHONHASHSEED", environ={"PYTHONHASHSEED": "7"})
    assert (fixed.out, fixed.manifest.entropy.hash_seed) == (b"7\n", "7")


def test_seeds_that_are_given_are_used(run):
    code = "import random; print(random.random(), hash('x'))"
    first = run("python", "-c", code)
    seeds = first.manifest.entropy
    again = run("python", "-c", code, run_seed=seeds.run_seed, hash_seed=seeds.hash_seed)
    other = run("python", "-c", code)
    assert first.out == again.out != other.out


def test_a_run_inside_a_run_names_its_parent(run):
    outer = run("true")
    inner = run("true", environ={"AFIELD_RUN": outer.outcome.run})
    starts = [
        entry.body
        for batch in inner.record.journal.read()
        for entry in batch.entries
        if entry.about == inner.outcome.run and entry.kind == "run.started"
    ]
    assert starts[0]["parent"] == outer.outcome.run


def test_descriptors_that_the_shell_opened_stay_open(run, tmp_path):
    path = tmp_path / "fed"
    path.write_text("through a descriptor")
    fd = os.open(path, os.O_RDONLY)
    try:
        os.set_inheritable(fd, True)  # noqa: FBT003 - its signature
        assert run("cat", f"/dev/fd/{fd}").out == b"through a descriptor"
    finally:
        os.close(fd)


def read_to_end(master):
    seen = b""
    while True:
        try:
            chunk = os.read(master, 4096)
        except OSError:  # the other side is closed
            return seen
        if not chunk:
            return seen
        seen += chunk


def test_a_pipe_that_is_read_stands_in_the_way(project):
    code = DRIVER + "\n"
    code = code.replace("sys.exit(done.exit_code)", "print(*done.manifest.blockers, sep='\\n')")
    words = [sys.executable, "-c", code, str(project / ".afield"), "cat"]
    told = "standard input came from a pipe, which is not kept"
    done = subprocess.run(words, cwd=project, input=b"fed\n", capture_output=True, check=True)
    assert told in done.stdout.decode().splitlines()
    done = subprocess.run(
        words, cwd=project, stdin=subprocess.DEVNULL, capture_output=True, check=True
    )
    assert b"standard input" not in done.stdout


def test_the_live_folder_is_gone_after_the_end(run, tmp_path):
    run("true")
    live = tmp_path / "workspace" / ".afield" / "live"
    assert not live.exists() or not list(live.iterdir())
