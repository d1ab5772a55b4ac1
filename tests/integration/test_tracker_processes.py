"""Logging from real processes: killed, forked, many at once, ended in every way."""

from __future__ import annotations

import os
import platform
import random
import signal
import subprocess
import sys
import textwrap
import time

import pytest

import afield
from afield.runs.live_owner import read_owner
from afield.runs.record import end_run, start_run

GLIBC = platform.libc_ver()[0] == "glibc"
EXACT = GLIBC or sys.version_info >= (3, 12)
"""Whether the code of a `raise SystemExit` can be known; else it is null, and never a false 0."""
OK = ("finished", 0)
PATIENCE_S = 120
"""For what takes a moment, on a machine that is busy with other things."""
POSIX = pytest.mark.skipif(os.name != "posix", reason="needs POSIX processes")


def _spawn(code, *args, **kwargs):
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, args)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **kwargs,
    )


def _script(code, *args, **kwargs):
    process = _spawn(code, *args, **kwargs)
    out, err = process.communicate(timeout=PATIENCE_S)
    return process.returncode, out, err


@POSIX
@pytest.mark.parametrize("seed", range(6))
def test_kill_9_right_after_a_call_loses_nothing(tmp_path, seed):
    count = random.Random(seed).choice([1, 2, 127, 128, 129, 5_000, 40_000])
    code, out, err = _script(
        """
        import os, signal, sys, afield
        folder, count = sys.argv[1], int(sys.argv[2])
        run = afield.init(workspace=folder)
        print(run.id, flush=True)
        for number in range(count):
            run.log({f"m{number % 3}": float(number)}, step=number)
        os.kill(os.getpid(), signal.SIGKILL)
        """,
        tmp_path,
        count,
    )
    assert code == -signal.SIGKILL, err
    with afield.open(tmp_path) as workspace:
        view = workspace.run(out.strip())
        assert view.status == "interrupted"
        assert view.exit_code is None
        assert view.ended >= view.started
        found = []
        for name in view.metrics:
            table = workspace.series(view, name)
            found += zip(table["step"].to_pylist(), table["value"].to_pylist(), strict=True)
        assert sorted(found) == [(number, float(number)) for number in range(count)]
    assert list((tmp_path / ".afield" / "live").iterdir()) == []


@POSIX
def test_a_live_run_is_followed_and_survives_its_readers(tmp_path):
    process = _spawn(
        """
        import sys, afield
        run = afield.init(workspace=sys.argv[1], name="live")
        for number in range(1000):
            run.log({"loss": float(number)})
        print(run.id, flush=True)
        sys.stdin.readline()
        run.log({"loss": -1.0, "late": 2.0})
        print(flush=True)
        sys.stdin.readline()
        """,
        tmp_path,
        stdin=subprocess.PIPE,
    )
    run = process.stdout.readline().strip()
    with afield.open(tmp_path) as workspace:
        view = workspace.run(run)
        assert (view.status, view.ended) == ("running", None)
        assert view.metrics["loss"].count == 1000
        assert workspace.series(run, "loss").num_rows == 1000
        assert workspace.series(run, "loss", max_points=10)["value"].to_pylist()[-1] == 999.0
        print("go", file=process.stdin, flush=True)
        process.stdout.readline()
        assert workspace.series(run, "loss")["value"].to_pylist()[-1] == -1.0
        assert workspace.run(run).metrics["late"].last == 2.0
        process.communicate("end\n", timeout=PATIENCE_S)
        assert workspace.run("live").status == "finished"
        assert workspace.series(run, "loss").num_rows == 1001


def test_eight_processes_at_once_into_a_new_workspace_lose_nothing(tmp_path):
    code = """
    import sys, time, pathlib, afield
    folder, number = sys.argv[1:]
    go = pathlib.Path(folder, "go")
    while not go.exists():
        time.sleep(0.001)
    run = afield.init(workspace=folder, name=f"run{number}", config={"number": int(number)})
    for step in range(2000):
        run.log({"a": float(step), "b": step * 0.5}, step=step)
    run.finish()
    assert run.faults == 0
    """
    processes = [_spawn(code, tmp_path, number) for number in range(8)]
    time.sleep(0.3)
    (tmp_path / "go").touch()
    for process in processes:
        _, err = process.communicate(timeout=PATIENCE_S)
        assert (process.returncode, err) == (0, "")
    with afield.open(tmp_path) as workspace:
        views = workspace.runs()
        assert {view.name for view in views} == {f"run{number}" for number in range(8)}
        assert {view.status for view in views} == {"finished"}
        for view in views:
            assert view.params == {"number": int(view.name[3:])}
            assert workspace.series(view, "a")["value"].to_pylist() == list(map(float, range(2000)))
        assert [found for found in workspace.verify() if found.damaged] == []


@POSIX
def test_forked_children_log_to_the_run_and_do_not_end_it(tmp_path):
    code, out, err = _script(
        """
        import os, sys, afield
        run = afield.init(workspace=sys.argv[1])
        print(run.id, flush=True)
        run.log({"loss": 0.0})
        children = []
        for child in range(4):
            pid = os.fork()
            if pid == 0:
                for step in range(500):
                    run.log({f"child{child}": float(step), "all": 1.0}, step=step)
                run.config.update({f"c{child}": child})
                if child == 0:
                    run.finish()
                if child == 1:
                    sys.exit(3)          # with exit handlers
                os._exit(0)
            children.append(pid)
        for pid in children:
            os.waitpid(pid, 0)
        run.log({"loss": 1.0})
        """,
        tmp_path,
    )
    assert (code, err) == (0, "")
    with afield.open(tmp_path) as workspace:
        view = workspace.run(out.strip())
        assert view.status == "finished"
        assert view.params == {f"c{child}": child for child in range(4)}
        assert view.metrics["all"].count == 2000
        for child in range(4):
            steps = workspace.series(view, f"child{child}")["step"].to_pylist()
            assert steps == list(range(500))
        assert workspace.series(view, "loss")["value"].to_pylist() == [0.0, 1.0]


@POSIX
def test_a_forked_child_that_begins_its_own_run_is_the_parents_child(tmp_path):
    code, _, err = _script(
        """
        import os, sys, afield
        outer = afield.init(workspace=sys.argv[1], name="outer")
        if os.fork() == 0:
            with afield.init(workspace=sys.argv[1], name="inner") as inner:
                inner.log({"x": 1.0})
            os._exit(0)
        os.wait()
        """,
        tmp_path,
    )
    assert (code, err) == (0, "")
    with afield.open(tmp_path) as workspace:
        outer, inner = workspace.run("outer"), workspace.run("inner")
        assert inner.parent == outer.id
        assert (outer.status, inner.status) == ("finished", "finished")


@pytest.mark.parametrize(
    ("last", "status", "exit_code"),
    [
        ("pass", "finished", 0),
        ("sys.exit()", "finished", 0),
        ("sys.exit(0)", "finished", 0),
        ("sys.exit(7)", "failed", 7),
        ("sys.exit(-1)", "failed", 255),
        ("sys.exit('words')", "failed", 1),
        ("exit(4)", "failed", 4),
        ("quit()", "finished", 0),
        ("raise SystemExit(3)", "failed" if EXACT else "finished", 3 if EXACT else None),
        ("raise SystemExit", "finished", 0 if EXACT else None),
        ("raise SystemExit('words')", "failed" if EXACT else "finished", 1 if EXACT else None),
        ("raise SystemExit(-1)", "failed" if EXACT else "finished", 255 if EXACT else None),
        ("try:\n sys.exit(3)\nexcept SystemExit:\n pass", "finished", 0),
        ("try:\n exit(3)\nexcept SystemExit:\n pass\nsys.exit(4)", "failed", 4),
        ("try:\n sys.exit(3)\nfinally:\n pass", *(("failed", 3) if EXACT else ("finished", None))),
        ("thread = threading.Thread(target=sys.exit, args=(5,))\nthread.start()", "finished", 0),
        ("sys.excepthook = print\nraise ValueError('x')", "failed", 1),
        ("raise ValueError('x')", "failed", 1),
        ("try:\n raise ValueError('x')\nexcept ValueError:\n sys.excepthook(*sys.exc_info())", *OK),
        ("os._exit(3)", "interrupted", None),
        ("raise KeyboardInterrupt", "killed", 130),
        ("afield.finish(5)", "failed", 5),
    ],
)
def test_a_script_without_a_finish_ends_its_run_as_it_ends(tmp_path, last, status, exit_code):
    begin = "import os, sys, threading, afield\nafield.init(workspace=sys.argv[1])\n"
    _script(begin + last, tmp_path)
    with afield.open(tmp_path) as workspace:
        (view,) = workspace.runs()
        assert (view.status, view.exit_code) == (status, exit_code)


@pytest.mark.parametrize(
    ("last", "status", "exit_code"),
    [
        ("main()", "finished", 0),
        ("sys.exit(main() or 6)", *(("failed", 6) if EXACT else ("finished", None))),
        ("main() / 0", "failed", 1),
    ],
)
def test_a_run_begun_in_a_thread_or_deep_in_calls_ends_as_the_script(
    tmp_path, last, status, exit_code
):
    _script(
        f"""
        import sys, threading, afield
        def main():
            begin = threading.Thread(target=lambda: afield.init(workspace=sys.argv[1]))
            begin.start(), begin.join()
            return 0
        {last}
        """,
        tmp_path,
    )
    with afield.open(tmp_path) as workspace:
        (view,) = workspace.runs()
        assert (view.status, view.exit_code) == (status, exit_code)


LEFT_TO_THE_STATUS = pytest.mark.skipif(
    not GLIBC or sys.version_info >= (3, 12),
    reason="not run: this Python or system needs no exit status, or tells none",
)
MAIN = """
    import atexit, ctypes, os, signal, sys, afield
    atexit.register(lambda: last())  # runs after Afield's own
    def main():
        run = afield.init(workspace=sys.argv[1])
        for step in range(300):
            run.log({"loss": 1.0}, step)
        return 3
    def last():
        LAST
    sys.exit(main())
"""


@LEFT_TO_THE_STATUS
@pytest.mark.parametrize(
    ("last", "code", "status", "exit_code"),
    [
        ("pass", 3, "failed", 3),
        ("1 / 0", 3, "failed", 3),
        ("os.chdir('/'), os.close(0), os.close(1)", 3, "failed", 3),
        ("os._exit(0)", 0, "interrupted", None),
        ("os.kill(os.getpid(), signal.SIGKILL)", -9, "interrupted", None),
        ("os.fork() and os.wait() or ctypes.CDLL(None).exit(9)", 3, "failed", 3),
        ("os.fork() and os.wait() or os._exit(9)", 3, "failed", 3),
        ("os.fork() and (os.wait(), os._exit(0)) or ctypes.CDLL(None).exit(9)",
         0, "interrupted", None),
    ],
)  # fmt: skip
def test_an_end_that_python_does_not_tell_is_told_by_the_exit_status(
    tmp_path, last, code, status, exit_code
):
    done = _script(MAIN.replace("LAST", last), tmp_path)
    assert done[0] == code
    with afield.open(tmp_path) as workspace:
        (view,) = workspace.runs()
        assert (view.status, view.exit_code) == (status, exit_code)
        assert view.ended >= view.started
        assert workspace.series(view, "loss").num_rows == 300
        assert [found for found in workspace.verify() if found.damaged] == []
    assert list((tmp_path / ".afield" / "live").iterdir()) == []


@LEFT_TO_THE_STATUS
def test_a_run_whose_end_is_still_to_be_told_is_running(tmp_path):
    process = _spawn(
        MAIN.replace("LAST", "print(flush=True); sys.stdin.readline()"),
        tmp_path,
        stdin=subprocess.PIPE,
    )
    process.stdout.readline()
    with afield.open(tmp_path) as workspace:
        assert workspace.runs()[0].status == "running"
        process.communicate("end\n", timeout=60)
        assert (workspace.runs()[0].status, workspace.runs()[0].exit_code) == ("failed", 3)


@LEFT_TO_THE_STATUS
def test_an_exit_status_ends_the_run_for_readers_on_other_machines(tmp_path):
    _script(MAIN.replace("LAST", "pass"), tmp_path)
    (owner,) = (tmp_path / ".afield" / "live").glob("*/owner.json")
    owner.write_text(owner.read_text().replace('"host": "', '"host": "other-'))
    with afield.open(tmp_path) as workspace:
        assert workspace.runs()[0].exit_code == 3


def test_the_scripts_own_hooks_and_exit_codes_stay_as_they_are(tmp_path):
    code, out, err = _script(
        """
        import sys, afield
        sys.excepthook = lambda *_: print("mine")
        afield.init(workspace=sys.argv[1])
        raise ValueError
        """,
        tmp_path,
    )
    assert (code, out.strip(), err) == (1, "mine", "")
    code, _, err = _script(
        "import sys, afield; afield.init(workspace=sys.argv[1]); sys.exit(9)", tmp_path
    )
    assert (code, err) == (9, "")


@POSIX
def test_a_full_disk_stops_recording_and_not_the_training(tmp_path):
    code, out, err = _script(
        """
        import resource, sys, afield
        run = afield.init(workspace=sys.argv[1], name="full")
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
        for number in range(100_000):
            run.log({"loss": float(number)})
        run.config["late"] = "x" * 7000
        print("trained", run.faults > 0)
        """,
        tmp_path,
    )
    assert (code, out.strip()) == (0, "trained True")
    assert err.count("not everything could be recorded") == 1
    with afield.open(tmp_path) as workspace:
        view = workspace.run("full")
        values = workspace.series(view, "loss")["value"].to_pylist()
        assert len(values) >= 512
        assert values == [float(number) for number in range(len(values))]


def test_a_script_under_afield_run_joins_that_run(tmp_path):
    with afield.Workspace.init(tmp_path) as workspace:
        run = start_run(workspace.record, project="given", kind="command", params={"a": 1})
        environ = os.environ | {"AFIELD_RUN": run, "AFIELD_WORKSPACE": str(workspace.path)}
        code, out, err = _script(
            """
            import subprocess, sys, afield
            given = dict(project="script", experiment="mine", config={"b": 2}, tags=["t"])
            with afield.init(**given) as run:
                run.log({"loss": 1.0})
                print(run.id, run.project, run.experiment)
            again = afield.init(name="second")
            print(again.id)
            again.finish()
            code = "import afield; run = afield.init(); run.log({'loss': 2.0})"
            subprocess.run([sys.executable, "-c", code], check=True)
            """,
            env=environ,
        )
        assert (code, err) == (0, "")
        joined, second = out.splitlines()
        assert joined == f"{run} given mine"
        assert workspace.run(run).status == "running"
        end_run(workspace.record, run, status="finished", exit_code=0)
        view = workspace.run(run)
        assert (view.project, view.experiment) == ("given", "mine")
        assert view.params == {"a": 1, "b": 2}
        assert view.tags == {"t": "true"}
        assert workspace.series(run, "loss")["value"].to_pylist() == [1.0, 2.0]
        assert workspace.run(second).parent == run


@POSIX
def test_a_child_that_outlives_the_run_is_told_and_lives_on(tmp_path):
    code, out, err = _script(
        """
        import os, sys, time, afield
        from afield.runs.series.live import live_parts
        run = afield.init(workspace=sys.argv[1])
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            run.log({"child": 1.0})
            os.read(read, 1)
            for number in range(10_000):
                run.log({"child": 2.0})
            os._exit(0 if run.faults else 1)
        while not any(part.records for part in live_parts(run._record.live_folder(run.id))):
            time.sleep(0.001)
        run.finish()
        os.write(write, b"x")
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        """,
        tmp_path,
    )
    assert (code, out.strip()) == (0, "0")
    assert err.count("the run was ended elsewhere") == 1
    with afield.open(tmp_path) as workspace:
        (view,) = workspace.runs()
        assert set(view.metrics) == {"child"}


def test_a_joining_script_chooses_the_project_that_nobody_gave(tmp_path):
    with afield.Workspace.init(tmp_path) as workspace:
        run = start_run(workspace.record, project_default="folder", kind="command")
        assert workspace.run(run).project == "folder"
        environ = os.environ | {"AFIELD_RUN": run, "AFIELD_WORKSPACE": str(workspace.path)}
        code, out, err = _script(
            """
            import afield
            print(afield.init(project="mine", name="exp").project)
            """,
            env=environ,
        )
        assert (code, out.strip(), err) == (0, "mine", "")
        end_run(workspace.record, run, status="finished", exit_code=0)
        view = workspace.run("exp")
        assert (view.id, view.project, view.experiment) == (run, "mine", "default")


@POSIX
@pytest.mark.parametrize("seed", range(4))
def test_killed_at_any_moment_what_was_logged_is_there_and_nothing_else(tmp_path, seed):
    counter = tmp_path / "counter"
    counter.write_bytes(bytes(8))
    process = _spawn(
        """
        import mmap, struct, sys, afield
        with open(sys.argv[2], "r+b") as stream:
            counted = mmap.mmap(stream.fileno(), 8)
        run = afield.init(workspace=sys.argv[1])
        print(run.id, flush=True)
        number = 0
        while True:
            run.log({f"m{number % 7}": float(number)}, step=number)
            number += 1
            struct.pack_into("=Q", counted, 0, number)
        """,
        tmp_path,
        counter,
    )
    run = process.stdout.readline().strip()
    time.sleep(random.Random(seed).uniform(0.0, 0.2))
    process.kill()
    process.communicate()
    returned = int.from_bytes(counter.read_bytes(), sys.byteorder)
    with afield.open(tmp_path) as workspace:
        found = []
        for name in workspace.run(run).metrics:
            table = workspace.series(run, name)
            assert table["value"].to_pylist() == list(map(float, table["step"].to_pylist()))
            found += table["step"].to_pylist()
    assert sorted(found) == list(range(len(found)))
    assert len(found) in (returned, returned + 1)


@POSIX
@pytest.mark.parametrize("seed", range(4))
def test_killed_while_runs_begin_and_end_leaves_every_run_whole(tmp_path, seed):
    process = _spawn(
        """
        import random, sys, afield
        while True:
            run = afield.init(workspace=sys.argv[1], config={"a": 1})
            for number in range(300):
                run.log({"loss": random.random()})
            run.finish()
            print(run.id, flush=True)
        """,
        tmp_path,
    )
    done = [process.stdout.readline().strip() for _ in range(3)]
    time.sleep(random.Random(seed).uniform(0.0, 0.1))
    process.kill()
    done += process.stdout.read().split()  # `communicate` would leave out what was read ahead
    process.communicate()
    with afield.open(tmp_path) as workspace:
        views = workspace.runs(limit=None)
        assert {view.id for view in views if view.status == "finished"} >= set(done)
        assert len(views) <= len(done) + 2
        for view in views:
            assert view.status in {"finished", "interrupted"}
            if view.id in done:
                assert view.params == {"a": 1}
                assert workspace.series(view, "loss").num_rows == 300
        assert [found for found in workspace.verify() if found.damaged] == []
        assert workspace.refresh() == 0
    left = list((tmp_path / ".afield" / "live").iterdir())  # one may have been begun just then
    assert [path for path in left if read_owner(str(path)) is not None] == []


@POSIX
@pytest.mark.parametrize("gone", ["owner.json", "ending.json", "series-*"])
def test_a_run_that_was_killed_while_it_cleaned_up_is_not_ended_again(tmp_path, gone):
    code, _, _ = _script(
        """
        import os, signal, sys, afield
        run = afield.init(workspace=sys.argv[1])
        run.log({"loss": 1.0})
        def hear(event, args):
            if event == "os.remove" and run.id in str(args[0]):
                os.kill(os.getpid(), signal.SIGKILL)
        sys.addaudithook(hear)
        run.finish()
        """,
        tmp_path,
    )
    assert code == -signal.SIGKILL
    live = tmp_path / ".afield" / "live"
    removed = list(live.glob(f"*/{gone}"))  # as it might have come first, or second
    assert removed
    for path in removed:
        path.unlink()
    for path in live.rglob("*"):
        os.utime(path, (0, 0))  # found much later
    with afield.open(tmp_path) as workspace:
        (view,) = workspace.runs()
        assert (view.status, view.exit_code) == ("finished", 0)
        assert workspace.series(view, "loss")["value"].to_pylist() == [1.0]
    assert list(live.iterdir()) == []
