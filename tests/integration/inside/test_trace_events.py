"""What a run's Python processes do with files, network and programs is on the trace."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading

import pytest

from afield.runs.capture import trace
from afield.runs.capture.trace import TraceFollower


def serve(server):
    server.accept()[0].close()


def names(opens, folder):
    return {
        (os.path.relpath(o.path, folder), o.mode, (o.where or "").rpartition("/")[2]) for o in opens
    }


def test_opens_are_named_with_mode_and_line(runner):
    for name in ("read", "append", "plus", "bytes", "low", "low-w"):
        (runner.folder / name).write_text("1")
    ran = runner.text(
        "import os, pathlib, io\n"
        "open('read').read()\n"
        "open('written', 'w').write('1')\n"
        "open('append', 'a').write('1')\n"
        "open('plus', 'r+').write('1')\n"
        "open(b'bytes', 'rb').read()\n"
        "pathlib.Path('made').write_text('1')\n"
        "os.close(os.open('low', os.O_RDONLY))\n"
        "os.close(os.open('low-w', os.O_WRONLY))\n"
        "io.open('new', 'x').close()\n"
        "os.truncate('low-w', 0)\n"
        "for _ in range(3): open('read')\n"
    )
    assert names(ran.trace.opens, runner.folder) == {
        ("script.py", "read", ""),
        ("read", "read", "script.py:2"),
        ("written", "write", "script.py:3"),
        ("append", "update", "script.py:4"),
        ("plus", "update", "script.py:5"),
        ("bytes", "read", "script.py:6"),
        ("made", "write", "script.py:7"),
        ("low", "read", "script.py:8"),
        ("low-w", "update", "script.py:9"),
        ("new", "write", "script.py:10"),
    }
    assert len(ran.trace.opens) == 10


def test_the_line_is_the_persons_though_a_library_opens(runner):
    (runner.folder / "helper.py").write_text(
        "import json, numpy\n\ndef save(path, what):\n    numpy.save(path, what)\n"
    )
    ran = runner.text(
        "import helper, json, csv, pickle, gzip, zipfile, shutil, numpy, configparser\n"
        "helper.save('a.npy', [1])\n"
        "numpy.load('a.npy')\n"
        "gzip.open('b.gz', 'wb').write(b'1')\n"
        "zipfile.ZipFile('c.zip', 'w').writestr('x', 'y')\n"
        "shutil.copyfile('c.zip', 'd.zip')\n"
        "configparser.ConfigParser().read('none.ini')\n"
    )
    found = names(ran.trace.opens, runner.folder)
    assert ("a.npy", "write", "helper.py:4") in found
    assert ("a.npy", "read", "script.py:3") in found
    assert ("b.gz", "write", "script.py:4") in found
    assert ("c.zip", "write", "script.py:5") in found
    assert ("d.zip", "write", "script.py:6") in found
    assert ("none.ini", "read", "script.py:7") in found


def test_own_modules_are_seen_and_the_environments_are_not(runner):
    (runner.folder / "mine.py").write_text("import json, email, numpy")
    ran = runner.text("import mine")
    again = runner.text("import mine")
    for found in (ran, again):
        assert {os.path.basename(o.path) for o in found.trace.opens} == {"mine.py", "script.py"}


def test_reads_are_what_was_there_before_and_writes_have_their_last_names(runner):
    for name in ("input", "grown", "gone", "old"):
        (runner.folder / name).write_text("1")
    (runner.folder / "olds").mkdir()
    ran = runner.text(
        "import os, shutil, tempfile\n"
        "open('input').read(); open('input', 'w').write('2'); open('input').read()\n"
        "open('grown', 'a').write('2')\n"
        "open('gone').read(); os.remove('gone')\n"
        "open('made', 'w').write('1'); open('made').read()\n"
        "for _ in range(2):\n"
        "    open('x.tmp', 'w').write('1'); os.replace('x.tmp', 'final')\n"
        "open('scratch', 'w').close(); os.remove('scratch')\n"
        "os.rename('old', 'new')\n"
        "os.mkdir('d'); open('d/in', 'w').close(); os.rename('d', 'e')\n"
        "os.mkdir('f'); open('f/in', 'w').close(); shutil.rmtree('f')\n"
    )
    at = {os.path.relpath(o.path, runner.folder): o for o in ran.trace.reads()}
    assert set(at) == {"script.py", "input", "grown", "gone"}
    written = {os.path.relpath(o.path, runner.folder) for o in ran.trace.writes()}
    assert written == {"input", "grown", "made", "final", "new", "e/in"}


def test_relative_paths_are_told_by_the_folder_of_the_moment(runner):
    for folder in ("a", "b"):
        (runner.folder / folder).mkdir()
        (runner.folder / folder / "f").write_text(folder)
    ran = runner.text(
        "import os\n"
        "for folder in 'ab':\n"
        "    os.chdir(folder); open('f').read(); os.chdir('..')\n"
        "fd = os.open('a', os.O_RDONLY)\n"
        "os.unlink('f', dir_fd=fd)\n"
        "os.rename('b/f', 'g', dst_dir_fd=fd)\n"
    )
    found = {os.path.relpath(o.path, runner.folder) for o in ran.trace.opens}
    assert {"a/f", "b/f"} <= found
    assert [os.path.relpath(r.path, runner.folder) for r in ran.trace.removals] == ["a/f"]
    (rename,) = ran.trace.renames
    assert os.path.relpath(rename.target, runner.folder) == "a/g"


@pytest.mark.parametrize(
    "name", ["naïve ключ 数据", "with space\tand tab", "new\nline", "byte\udcff"]
)
def test_paths_of_any_letters_are_kept(runner, name):
    (runner.folder / name).write_text("1")
    ran = runner.text(
        "import os\nfor name in os.listdir('.'):\n    os.path.isfile(name) and open(name)"
    )
    assert str(runner.folder / name) in {o.path for o in ran.trace.opens}


def test_databases_links_and_listings_are_seen(runner):
    ran = runner.text(
        "import sqlite3, os, glob, pathlib\n"
        "sqlite3.connect('my.db').execute('create table t (a)')\n"
        "sqlite3.connect(':memory:')\n"
        "os.symlink('my.db', 'link')\n"
        "os.listdir('.')\n"
        "list(os.scandir('.'))\n"
        "glob.glob('*.x')\n"
        "list(pathlib.Path('.').iterdir())\n"
        "for _ in range(3): os.listdir('/')\n"
    )
    found = names(ran.trace.opens, runner.folder)
    assert ("my.db", "write", "script.py:2") in found
    assert len(found) == 2
    assert [os.path.basename(link.target) for link in ran.trace.links] == ["link"]
    lines = {(entry.where or "").rpartition(":")[2] for entry in ran.trace.listings}
    assert lines == {"5", "6", "7", "8", "9"}


def test_network_addresses_are_seen_by_name(runner):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        done = threading.Thread(target=serve, args=(server,))
        done.start()
        ran = runner.text(
            "import socket\n"
            f"socket.create_connection(('localhost', {port})).close()\n"
            "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
            "try: s.sendto(b'1', ('203.0.113.7', 9))\n"
            "except OSError: pass\n"
            "try: socket.getaddrinfo('data.invalid', 443)\n"
            "except OSError: pass\n"
            "socket.socket().bind(('127.0.0.1', 0))\n"
        )
        done.join()
    seen = {(n.verb, n.host, n.port) for n in ran.trace.network}
    assert ("resolve", "localhost", str(port)) in seen
    assert ("connect", "127.0.0.1", str(port)) in seen
    assert ("bind", "127.0.0.1", "0") in seen
    assert set(ran.trace.addresses()) == {"data.invalid:443", "203.0.113.7:9"}


def test_commands_are_seen_with_their_line_and_whether_they_inherit(runner):
    ran = runner.text(
        "import subprocess, os, sys\n"
        "subprocess.run(['true', 'a b'])\n"
        "subprocess.run('true x', shell=True)\n"
        "os.system('true y')\n"
        "subprocess.run([sys.executable, '-c', ''], env={})\n"
        "subprocess.run([sys.executable, '-sc', '', '-I'])\n"
        "os.waitpid(os.posix_spawn('/bin/true', ['true', 'z'], os.environ), 0)\n"
        "os.execv('/bin/true', ['true', 'last'])\n"
    )
    commands = {command.argv: command for command in ran.trace.commands}
    assert set(commands) == {
        ("true", "a b"),
        ("/bin/sh", "-c", "true x"),
        ("true y",),
        (sys.executable, "-c", ""),
        (sys.executable, "-sc", "", "-I"),
        ("true", "z"),
        ("true", "last"),
    }
    assert [command.where.rpartition(":")[2] for command in ran.trace.unhooked()] == ["5"]
    assert len(ran.trace.interpreters) == 2


def test_each_interpreter_says_what_it_is(runner):
    ran = runner.run(
        "-c", "import sys; print(sys.prefix, sys.base_prefix, sys.path[1:])", "a", "b c"
    )
    (interpreter,) = ran.trace.interpreters
    said = f"{interpreter.prefix} {interpreter.base_prefix} {list(interpreter.path)}\n"
    assert ran.out.decode() == said
    assert interpreter.executable == sys.executable
    assert interpreter.version == ".".join(map(str, sys.version_info[:3]))
    assert interpreter.implementation == "cpython"
    assert interpreter.argv[-2:] == ("a", "b c")


def test_libraries_of_numbers_are_named_at_the_end(runner):
    ran = runner.text("import numpy")
    found = [os.path.basename(path) for path in ran.trace.libraries]
    assert any("openblas" in name or "mkl" in name for name in found)
    assert any(name.startswith("libc.so") for name in found)
    assert not any("multiarray" in name for name in found)


@pytest.mark.parametrize("end", ["os.kill(os.getpid(), 9)", "os._exit(3)", "os.abort()"])
def test_a_process_that_ends_at_once_leaves_its_whole_trace(runner, end):
    ran = runner.run(
        runner.script(
            "import os\n"
            "for n in range(3000):\n"
            "    try: open(f'/no/such/file/{n}', 'w')\n"
            "    except OSError: pass\n"
            f"{end}\n"
        ),
        check=False,
    )
    paths = [o.path for o in ran.trace.opens]
    assert [p for p in paths if p.startswith("/no/such")] == [
        f"/no/such/file/{n}" for n in range(3000)
    ]


def test_no_event_is_lost_between_threads_forks_and_segments(runner):
    ran = runner.text(
        "import os, threading\n"
        "def work(name):\n"
        "    for n in range(1500):\n"
        "        try: open(f'/no/such/file/{name}-{n}', 'w')\n"
        "        except OSError: pass\n"
        "threads = [threading.Thread(target=work, args=(t,)) for t in 'abcdefgh']\n"
        "[t.start() for t in threads]\n"
        "if os.fork() == 0:\n"
        "    work('child'); os._exit(0)\n"
        "[t.join() for t in threads]; os.wait()\n"
    )
    names = ["a", "b", "c", "d", "e", "f", "g", "h", "child"]
    expected = {f"/no/such/file/{name}-{n}" for name in names for n in range(1500)}
    assert expected <= {o.path for o in ran.trace.opens}
    times = [o.at_ns for o in ran.trace.opens]
    assert times == sorted(times)


def test_of_very_many_files_the_folders_are_told(runner):
    for name in ("data", "late", "code"):
        (runner.folder / name).mkdir()
    (runner.folder / "here.txt").touch()
    ran = runner.text(
        "import os\n"
        "def read(path):\n"
        "    try: os.close(os.open(path, os.O_RDONLY))\n"
        "    except OSError: pass\n"
        "for n in range(3000): read(f'data/{n}')\n"
        "for n in range(3): read(f'late/{n}')\n"
        "for n in range(50): read(f'code/{n}.py')\n"
        "for n in range(9): read(f'/{n}.no')\n"
        "for n in range(9): read(f'd{n}')\n"
        "open('data/out', 'w').close()\n"
        "os.chdir('data')\n"
        "for n in range(9): read(f'b{n}')\n"
        "os.chdir('../late')\n"
        "for n in range(9): read(f'c{n}')\n"
    )
    found = names(ran.trace.opens, runner.folder)
    told = [path for path, _, _ in found]
    assert sum(path.startswith("data/") for path in told) in range(1990, 2020)
    assert sum(path.startswith("data/b") for path in told) == 4
    assert sum(path.startswith("late/") for path in told) == 3 + 4
    assert sum(path.startswith("d") and "/" not in path for path in told) == 4  # "/" is not ""
    assert sum(path.startswith("code/") for path in told) == 50
    assert ("data/out", "write", "script.py:10") in found
    crowds = [
        (os.path.relpath(one.path, runner.folder), one.where.rpartition("/")[2])
        for one in ran.trace.crowds
    ]
    assert crowds == [
        ("data", "script.py:3"),
        (os.path.relpath("/", runner.folder), "script.py:3"),
        (".", "script.py:3"),
        ("data", "script.py:3"),
        ("late", "script.py:3"),
    ]


def test_a_follower_sees_events_while_the_run_goes_on(runner):
    path = runner.script("input()\nopen('a', 'w')\nprint(1, flush=True)\ninput()\nopen('b', 'w')\n")
    environ = runner.plan(seed="44" * 32, watch=True)
    follower = TraceFollower(environ["AFIELD_TRACE_FOLDER"])
    with subprocess.Popen(
        [sys.executable, path],
        env=environ,
        cwd=runner.folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(b"\n")
        child.stdin.flush()
        child.stdout.readline()
        first = [e for e in follower.poll() if isinstance(e, trace.Open)]
        assert [os.path.basename(o.path) for o in first] == ["script.py", "a"]
        assert follower.poll() == []
        child.stdin.write(b"\n")
        child.stdin.flush()
        child.wait()
    second = [e for e in follower.poll() if isinstance(e, trace.Open)]
    assert [os.path.basename(o.path) for o in second] == ["b"]
    whole = trace.read(environ["AFIELD_TRACE_FOLDER"])
    assert [os.path.basename(o.path) for o in whole.opens] == ["script.py", "a", "b"]


def test_a_killed_group_is_read_without_waiting(runner):
    environ = runner.plan(seed="55" * 32, watch=True)
    path = runner.script(
        "import os\nos.fork()\nopen('x', 'w')\nprint(1, flush=True)\nimport time\ntime.sleep(60)\n"
    )
    child = subprocess.Popen(
        [sys.executable, path],
        env=environ,
        cwd=runner.folder,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert child.stdout is not None
    child.stdout.readline(), child.stdout.readline()
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()
    found = trace.read(environ["AFIELD_TRACE_FOLDER"])
    assert len([o for o in found.opens if o.path.endswith("/x")]) == 2
    assert len(found.processes) == 2


def test_damaged_and_strange_records_are_passed_over(runner, tmp_path):
    folder = runner.text("open('a', 'w')\nopen('b', 'w')\n").folder
    (name,) = [n for n in os.listdir(folder) if n.endswith(".events")]
    data = (runner.folder / folder / name).read_bytes()
    for at in range(0, 2000, 7):
        broken = bytearray(data)
        broken[at] ^= 0xFF
        (tmp_path / "broken").mkdir(exist_ok=True)
        (tmp_path / "broken" / name).write_bytes(broken[: 4000 + at])
        trace.read(str(tmp_path / "broken"))
    (tmp_path / "broken" / "strange.0.events").write_bytes(b"x")
    trace.read(str(tmp_path / "broken"))
    assert trace.read(str(tmp_path / "none")) == trace.Trace()


def test_other_pythons_leave_the_same_trace(runner, other_python):
    runner.python = other_python
    ran = runner.text(
        "import os, subprocess, sys\n"
        "open('made', 'w').write('1'); os.rename('made', 'kept'); open('kept').read()\n"
        "subprocess.run([sys.executable, '-c', 'open(\"kept\")'])\n"
    )
    assert [os.path.basename(o.path) for o in ran.trace.writes()] == ["kept"]
    assert [os.path.basename(o.path) for o in ran.trace.reads()] == ["script.py"]
    assert len(ran.trace.interpreters) == 2
    assert len(ran.trace.commands) == 1


def test_a_child_that_loses_the_path_by_the_environment_is_told(runner):
    ran = runner.text(
        "import os, subprocess, sys\n"
        "os.environ['PYTHONPATH'] = '/elsewhere'\n"
        "subprocess.run([sys.executable, '-c', ''])\n"
    )
    assert [command.argv[1:] for command in ran.trace.unhooked()] == [("-c", "")]


def test_links_are_written_and_what_they_stand_for_is_not(runner):
    (runner.folder / "model").write_text("1")
    ran = runner.text("import os\nos.symlink('model', 'latest')\nos.link('model', 'copy')")
    assert {os.path.basename(o.path) for o in ran.trace.writes()} == {"latest", "copy"}


def test_tracing_off_leaves_only_interpreters_and_entropy(runner):
    environ = runner.plan(seed="66" * 32, watch=True) | {"AFIELD_TRACE": "0"}
    path = runner.script("import os\nopen('a', 'w')\nos.urandom(3)\nos.system('true')")
    subprocess.run([sys.executable, path], env=environ, cwd=runner.folder, check=True)
    found = trace.read(environ["AFIELD_TRACE_FOLDER"])
    assert (found.opens, found.commands, found.faults) == ((), (), ())
    assert found.calls() == (("os.urandom", f"{path}:3", 1),)
    assert found.active


def test_a_follower_gives_each_event_once_though_processes_come_and_go(runner):
    environ = runner.plan(seed="77" * 32, watch=True)
    follower = TraceFollower(environ["AFIELD_TRACE_FOLDER"])
    path = runner.script(
        "import os, sys\n"
        "for n in range(20):\n"
        "    if os.fork() == 0:\n"
        "        for m in range(300):\n"
        "            try: open(f'/no/such/{n}/{m}')\n"
        "            except OSError: pass\n"
        "        os._exit(0)\n"
        "for n in range(20): os.wait()\n"
    )
    found = []
    with subprocess.Popen([sys.executable, path], env=environ) as child:
        while child.poll() is None:
            found += follower.poll()
    found += follower.poll()
    paths = [e.path for e in found if isinstance(e, trace.Open) and e.path.startswith("/no")]
    assert sorted(paths) == sorted(f"/no/such/{n}/{m}" for n in range(20) for m in range(300))
    assert follower.poll() == []


def test_a_follower_counts_anew_what_went_on_after_it_was_first_seen(runner):
    path = runner.script("import os\nfor n in range(4):\n    os.urandom(1)\n    input()\n")
    environ = runner.plan(seed="88" * 32, watch=True)
    follower = TraceFollower(environ["AFIELD_TRACE_FOLDER"])
    found = []
    with subprocess.Popen([sys.executable, path], env=environ, stdin=subprocess.PIPE) as child:
        while not any(isinstance(e, trace.EntropyCall) for e in found):
            found += follower.poll()
        child.communicate(b"\n\n\n\n")
    assert [e.count for e in found if isinstance(e, trace.EntropyCall)] == [1]
    whole = trace.collect(follower.recount(found + follower.poll()))
    assert whole.calls() == (("os.urandom", f"{path}:3", 4),)


def test_a_read_that_failed_is_no_read_once_the_run_makes_the_file(runner):
    (runner.folder / "there").write_text("1")
    (runner.folder / "taken").write_text("1")
    ran = runner.text(
        "import contextlib, os\n"
        "for name in ('made', 'moved', 'there', 'taken'):\n"
        "    with contextlib.suppress(FileNotFoundError): open(name).read()\n"
        "open('made', 'w').write('1')\n"
        "open('temporary', 'w').write('1')\n"
        "os.replace('temporary', 'moved')\n"
        "open('there', 'w').write('2')\n"
        "os.remove('taken')\n"
        "open('taken', 'w').write('2')\n"
        "for name in ('made', 'moved', 'there', 'taken'): open(name).read()\n"
    )
    read = {os.path.relpath(event.path, runner.folder) for event in ran.trace.reads()}
    assert read == {"script.py", "there", "taken"}
