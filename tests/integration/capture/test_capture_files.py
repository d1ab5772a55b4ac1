"""What a run reads and writes is recorded truly, and the run itself goes on as it would."""

from __future__ import annotations

import os
import sys

import pytest

from afield.kernel.digest import digest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="paths and shells of POSIX")


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_inputs_and_outputs_have_digests_and_lines(run, project):
    write(
        project / "train.py",
        "import json\nrows = open('data.csv').read()\nopen('o.txt', 'w').write(rows)\n",
    )
    write(project / "data.csv", "a,b\n1,2\n")
    done = run("python", "train.py")
    found = done.inputs["data.csv"]
    assert found.digest == digest(b"a,b\n1,2\n")
    assert (found.size_bytes, found.where, found.kept) == (8, "train.py:2", True)
    assert (found.changed, found.seen_by.partition("+")[0]) == (False, "python")
    written = done.outputs["o.txt"]
    assert (written.digest, written.where) == (found.digest, "train.py:3")
    assert done.bytes_of(written) == b"a,b\n1,2\n"
    assert set(done.inputs) == {"data.csv"}
    assert done.manifest.blockers == ()
    assert done.manifest.capture.layers[:2] == ("tree", "python")
    found = done.manifest.capture
    assert found.inputs_complete == ("kernel" in found.layers)
    assert done.manifest.capture.notes == ()


def test_files_that_the_run_made_itself_are_no_inputs(run, project):
    code = "open('t', 'w').write('x'); open('t').read(); import os; os.remove('t')"
    done = run("python", "-c", code)
    assert done.inputs == {}
    assert done.outputs == {}


def test_what_another_program_writes_is_found_by_the_tree(run, project):
    write(project / "before.txt", "old")
    write(project / "same.txt", "same")
    done = run(
        "sh", "-c", "echo new > made.txt; echo changed > before.txt; cat same.txt", trace="python"
    )
    assert {path: record.seen_by for path, record in done.outputs.items()} == {
        "made.txt": "tree",
        "before.txt": "tree",
    }
    assert done.tree["before.txt"] == b"old"
    assert done.manifest.capture.layers == ("tree",)
    assert not done.manifest.capture.inputs_complete
    assert any("not known" in line for line in done.manifest.blockers)


def test_a_run_that_changes_folder_is_followed(run, project):
    write(project / "deep" / "in.txt", "deep")
    done = run("python", "-c", "import os; os.chdir('deep'); open('in.txt'); open('out.txt','w')")
    assert set(done.inputs) == {"deep/in.txt"}
    assert set(done.outputs) == {"deep/out.txt"}


def test_a_run_started_below_the_root_records_its_folder(run, project, git):
    write(project / "deep" / "in.txt", "deep")
    git(project, "init", "-q")
    done = run("python", "-c", "open('in.txt')", folder=str(project / "deep"))
    assert done.manifest.cwd == "deep"
    assert set(done.inputs) == {"deep/in.txt"}


def test_inputs_that_the_run_deletes_are_kept(run, project):
    write(project / "in.txt", "soon gone")
    done = run("python", "-c", "import os; open('in.txt').read(); os.remove('in.txt')")
    assert not (project / "in.txt").exists()
    found = done.inputs["in.txt"]
    assert (found.kept, found.changed) == (True, True)
    assert done.bytes_of(found) == b"soon gone"


def test_inputs_that_the_run_overwrites_are_kept_as_they_were(run, project):
    write(project / "state.txt", "first")
    code = "t = open('state.txt').read(); open('state.txt', 'w').write(t + ' second')"
    done = run("python", "-c", code)
    assert done.bytes_of(done.inputs["state.txt"]) == b"first"
    assert done.inputs["state.txt"].changed
    assert done.bytes_of(done.outputs["state.txt"]) == b"first second"


def test_what_was_seen_too_late_is_not_taken_for_an_input(run, tmp_path):
    write(tmp_path / "state.txt", "first")
    write(tmp_path / "gone.txt", "gone")
    state, gone = str(tmp_path / "state.txt"), str(tmp_path / "gone.txt")
    code = (
        f"import os; open({state!r}).read(); open({state!r}, 'w').write('second')\n"
        f"open({gone!r}).read(); os.remove({gone!r})"
    )
    done = run("python", "-c", code)
    for path, was in ((state, b"first"), (gone, b"gone")):
        assert done.inputs[path].digest in {None, digest(was)}
        assert done.inputs[path].changed
        assert done.inputs[path].kept == (done.inputs[path].digest is not None)


def test_children_of_fork_and_spawn_are_followed(run, project):
    write(
        project / "train.py",
        "import multiprocessing as m, sys\n"
        "def work(name):\n    open(name).read(); open(name + '.out', 'w').write('x')\n"
        "if __name__ == '__main__':\n"
        "    for how in ('fork', 'spawn'):\n"
        "        p = m.get_context(how).Process(target=work, args=(how,)); p.start(); p.join()\n"
        "        assert p.exitcode == 0\n",
    )
    for name in ("fork", "spawn"):
        write(project / name, name)
    done = run("python", "train.py")
    assert done.outcome.exit_code == 0, done.err
    assert set(done.inputs) == {"fork", "spawn"}
    assert set(done.outputs) == {"fork.out", "spawn.out"}


def test_an_input_outside_the_project_is_kept_and_named(run, project, tmp_path):
    write(tmp_path / "data.csv", "far away")
    path = str(tmp_path / "data.csv")
    done = run("python", "-c", f"open({path!r}).read()")
    assert done.bytes_of(done.inputs[path]) == b"far away"
    assert done.manifest.blockers == (f"input {path} is outside the project",)


def test_an_input_that_is_too_large_is_digested_but_not_kept(run, project, tmp_path):
    (tmp_path / "big.bin").write_bytes(bytes(3_000_000))
    path = str(tmp_path / "big.bin")
    done = run("python", "-c", f"open({path!r}, 'rb').read()", keep_bytes_max=1_000_000)
    found = done.inputs[path]
    assert (found.kept, found.digest) == (False, digest(bytes(3_000_000)))
    assert f"not kept: {path}, 3.0 MB (too large)" in done.manifest.blockers


def test_the_cache_of_a_tool_is_no_output_wherever_a_variable_puts_it(run, tmp_path):
    code = "import os; open(os.environ['UV_CACHE_DIR'] + '/x', 'w').write('x')"
    (tmp_path / "cache").mkdir()
    assert run("python", "-c", code, environ={"UV_CACHE_DIR": f"{tmp_path}/cache"}).outputs == {}


def test_of_many_inputs_outside_the_project_three_are_named_and_the_rest_counted(
    run, project, tmp_path
):
    for number in range(5):
        write(tmp_path / f"{number}.csv", str(number))
    done = run("python", "-c", "for n in range(5): open(f'../{n}.csv').read()")
    assert list(done.manifest.blockers) == [
        *(f"input {tmp_path}/{number}.csv is outside the project" for number in range(3)),
        "2 more inputs are outside the project",
    ]


def test_data_that_git_ignores_comes_along_when_it_is_read(run, project, git):
    git(project, "init", "-q")
    write(project / ".gitignore", "data/\n")
    write(project / "data" / "read.csv", "read")
    write(project / "data" / "unread.csv", "unread")
    done = run("python", "-c", "open('data/read.csv').read()")
    assert done.bytes_of(done.inputs["data/read.csv"]) == b"read"
    assert set(done.tree) == {".gitignore", "data/read.csv"}


def test_the_environment_and_the_system_are_no_inputs(run):
    code = "import json, email, decimal, sqlite3; open('/etc/hostname'); open('/proc/self/maps')"
    assert run("python", "-c", code).inputs == {}


def test_what_chooses_among_pythons_and_afield_itself_are_no_inputs(run, project, tmp_path):
    """As pyenv does it: a script named `python` on the search path reads its own files."""
    home = tmp_path / "switcher"
    write(home / "version", "3")
    write(
        home / "shims" / "python3",
        f'#!/bin/sh\nread x < {home}/version\nexec {sys.executable} "$@"\n',
    )
    (home / "shims" / "python3").chmod(0o755)
    write(tmp_path / "data.csv", "1")
    write(project / "t.py", f"import afield.runs.tracker\nopen('{tmp_path}/data.csv').read()\n")
    path = os.pathsep.join([f"{home}/shims", os.environ["PATH"]])
    done = run("python3", "t.py", environ={"PATH": path})
    assert set(done.inputs) == {str(tmp_path / "data.csv")}


def test_modules_of_the_project_are_code_and_those_outside_are_inputs(run, project, tmp_path):
    write(project / "inner.py", "x = 1")
    write(tmp_path / "lib" / "outer.py", "y = 1")
    environ = {"PYTHONPATH": str(tmp_path / "lib"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = run("python", "-c", "import inner, outer", environ=environ)
    assert set(done.inputs) == {str(tmp_path / "lib" / "outer.py")}
    assert done.manifest.variables["PYTHONPATH"] == str(tmp_path / "lib")


def test_network_and_commands_are_named(run):
    code = (
        "import socket, subprocess; s = socket.socket(); s.settimeout(0.01)\n"
        "try: s.connect(('192.0.2.1', 81))\nexcept OSError: pass\n"
        "subprocess.run(['true', '--password', 'hunter22x'])"
    )
    done = run("python", "-c", code, trace="python")
    assert done.manifest.network == ("192.0.2.1:81",)
    assert "reads the network: 192.0.2.1:81" in done.manifest.blockers
    assert len(done.manifest.commands) == 1
    assert done.manifest.capture.notes == ("not seen: what 1 program read past Python",)


def test_a_fifo_is_not_opened_by_us(run, project):
    code = (
        "import os, threading\nos.mkfifo('pipe')\n"
        "t = threading.Thread(target=lambda: open('pipe', 'w').write('through')); t.start()\n"
        "print(open('pipe').read()); t.join()"
    )
    done = run("python", "-c", code)
    assert done.out == b"through\n"
    assert done.inputs == {}


def test_without_a_trace_the_record_says_so(run, project):
    write(project / "in.txt", "unseen")
    done = run("python", "-c", "open('in.txt'); open('out.txt', 'w')", trace="off")
    assert done.inputs == {}
    assert set(done.outputs) == {"out.txt"}
    assert "what it read was not watched: --trace=off" in done.manifest.blockers
    assert done.manifest.environment is not None


def test_the_child_knows_its_run(run):
    code = "import os; print(os.environ['AFIELD_RUN'], os.environ['AFIELD_WORKSPACE'])"
    done = run("python", "-c", code)
    assert done.out.decode().split() == [done.outcome.run, done.record.workspace]


def test_hundreds_of_small_files_are_all_there(run, project, tmp_path):
    data = tmp_path / "data"
    for number in range(500):
        write(data / f"{number}.txt", f"file {number}")
    done = run("python", "-c", f"for n in range(500): open(f'{data}/{{n}}.txt').read()")
    assert len(done.inputs) == 500
    for number in (0, 250, 499):
        assert done.bytes_of(done.inputs[str(data / f"{number}.txt")]) == b"file %d" % number


def test_links_that_the_run_makes_or_turns_are_outputs_by_their_targets(run, project):
    write(project / "ckpt_1" / "w", "old")
    (project / "kept").symlink_to("ckpt_1")
    (project / "latest").symlink_to("ckpt_1")
    (project / "best").symlink_to("ckpt_1")
    done = run(
        "sh",
        "-c",
        "mkdir ckpt_2; echo new > ckpt_2/w; ln -sfn ckpt_2 latest; ln -s nowhere broken;"
        "ln -s ckpt_2/w t; mv t file; rm best",
    )
    links = {path: one for path, one in done.outputs.items() if one.note == "symbolic link"}
    assert {path: done.bytes_of(one) for path, one in links.items()} == {
        "latest": b"ckpt_2",
        "broken": b"nowhere",
        "file": b"ckpt_2/w",
    }
    assert links["latest"].digest == digest(b"ckpt_2")
    assert set(done.outputs) == {*links, "ckpt_2/w"}


def test_a_link_that_python_puts_in_place_is_a_link_and_not_its_target(run, project):
    code = (
        "import os; open('a.pt', 'w').write('x'); os.symlink('a.pt', 'tmp')\n"
        "os.replace('tmp', 'latest.pt'); open('latest.pt').read()"
    )
    done = run("python", "-c", code)
    assert {path: one.note for path, one in done.outputs.items()} == {
        "a.pt": None,
        "latest.pt": "symbolic link",
    }


def test_what_becomes_executable_is_named(run, project, git):
    for name in ("was.sh", "plain.sh", "off.sh"):
        write(project / name, "echo\n")
    (project / "was.sh").chmod(0o755)
    (project / "off.sh").chmod(0o755)
    git(project, "init", "-q")
    done = run(
        "sh",
        "-c",
        "chmod +x plain.sh; chmod -x off.sh; echo >> was.sh; echo > new.sh; chmod +x new.sh;"
        "echo > text",
    )
    assert {path: one.note for path, one in done.outputs.items()} == {
        "plain.sh": "made executable",
        "off.sh": "no longer executable",
        "was.sh": None,
        "new.sh": "executable",
        "text": None,
    }


def test_libraries_that_the_run_builds_are_outputs_but_not_those_of_environments(run, project):
    write(project / "env" / "pyvenv.cfg", "")
    write(project / "conda" / "conda-meta" / "history", "")
    write(project / "there.so", "old")
    code = (
        "for name in ('fast.so', 'libx.so.1', 'env/lib.so', 'conda/lib.so'):\n"
        "    open(name, 'w').write('x')"
    )
    done = run("python", "-c", code)
    assert set(done.outputs) == {"fast.so", "libx.so.1"}
    assert done.outputs["fast.so"].where == "<string>:2"
    assert set(run("sh", "-c", "echo 1 > env/b.so; echo 2 > b.so").outputs) == {"b.so"}


def test_a_folder_that_calls_itself_a_cache_holds_outputs_unless_a_tool_keeps_it(run, project):
    for name in ("features", ".pytest_cache", ".mypy_cache", ".ruff_cache", "__pycache__"):
        write(project / name / "CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55")
    done = run("sh", "-c", "for d in features .[mpr]*_cache __pycache__; do echo 1 > $d/x; done")
    assert set(done.outputs) == {"features/x"}
    code = "open('features/y', 'w').write('1'); open('.pytest_cache/y', 'w').write('1')"
    assert set(run("python", "-c", code).outputs) == {"features/y"}
