from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import msgspec
import pytest

from afield.replay import compare_runs, decode_report
from afield.replay.errors import FolderInUse, NotReproducible, OutsideWrites, SecretsNeeded
from afield.runs import events
from afield.runs.capture.supervisor.preflight import preflight


def results(report):
    return {one.path: (one.verdict, one.canonicaliser) for one in report.outputs}


def test_a_run_is_reproduced_identically_with_unseeded_randomness_and_dirty_code(project):
    project.write("train.py", (project.folder / "train.py").read_text() + "print('dirty')\n")
    run = project.record("python", "train.py", "--noise")
    first = project.out.getvalue()
    report = project.reproduce(run)
    assert report.verdict == "identical", report
    assert report.cause is None
    assert results(report) == {
        "metrics.json": ("identical content", "json"),
        "model.pkl": ("identical bytes", "bytes"),
    }
    assert report.console.detail.startswith("only times differ: line 1: ")
    assert any(reason.startswith("stdout: times differ") for reason in report.reasons)
    assert "metrics.json: times not judged: fit_time" in report.reasons
    assert project.out.getvalue().split(b"took")[0] == first.split(b"took")[0]
    assert b"dirty" in project.out.getvalue()


def test_a_script_that_prints_its_own_run_is_reproduced(project):
    import afield

    source = Path(afield.__file__).parents[1]
    project.venv = source.parent / ".venv"
    project.write(
        "self.py",
        f"import sys\nsys.path.insert(0, {str(source)!r})\nimport afield\n"
        "with afield.init() as run:\n    print('this is', run.id, run.name, 'value 3')\n",
    )
    report = project.reproduce(project.record("python", "self.py"), env="here")
    assert report.verdict == "identical", report
    assert report.console.detail == "only folders and run names differ"


def test_the_reproduction_is_a_run_of_its_own_and_both_name_each_other(project):
    run = project.record()
    report = project.reproduce(run)
    view = project.workspace.run(report.new_run)
    assert view.reproduces == run
    assert view.id != run
    (told,) = project.workspace.run(run).reproductions
    assert (told.run, told.verdict) == (report.new_run, "identical")
    stored = project.workspace.record.vault.get(told.report)
    assert decode_report(stored) == msgspec.structs.replace(report)
    assert [one for one in project.workspace.verify() if one.damaged] == []


def test_what_was_given_with_the_run_is_handed_on_and_what_it_logged_is_not(project):
    project.write("log.py", "import os\nprint('ok')\n")
    secret = "correct2horse9"  # noqa: S105 - no secret
    given = {"lr": "1", "api_key": secret, "note": f"with {secret}"}
    run = project.record(
        *("python", "log.py"),
        params=given,
        tags={"stage": "baseline"},
        project="maps",
        experiment="first",
    )
    draft = events.params(run, {"found": 7})
    project.workspace.record.journal.append_many([draft])
    report = project.reproduce(run)
    assert report.verdict == "identical", report
    old, new = project.workspace.run(run), project.workspace.run(report.new_run)
    assert new.params == {name: old.params[name] for name in given}
    assert new.params["lr"] == "1"
    assert (new.tags, new.project, new.experiment) == ({"stage": "baseline"}, "maps", "first")
    found = compare_runs(project.workspace.record, project.workspace, run, report.new_run)
    assert [one.name for one in found.params] == ["found"]
    again = project.workspace.run(project.reproduce(report.new_run).new_run)
    assert (again.params, again.tags) == (new.params, new.tags)
    for path in project.workspace.path.rglob("*"):
        assert not path.is_file() or secret.encode() not in path.read_bytes()


def test_an_environment_is_built_once_and_then_reused(project, tmp_path):
    (project.workspace.path / "cache" / "environments").unlink()
    run = project.record()
    project.reproduce(run)
    assert any(said.startswith("building") for said in project.said)
    report = project.reproduce(run)
    assert not any(said.startswith("building") for said in project.said)
    assert report.environment.startswith(str(project.workspace.path))


def test_a_script_that_writes_into_its_environment_spoils_no_later_reproduction(project, new_venv):
    script = (
        "import os, tinystat; print(tinystat.SCALE)\n"
        "if os.environ.get('SPOIL'): open(tinystat.__file__, 'a').write('SCALE = 66\\n')\n"
    )
    project.write("spoil.py", script)
    project.venv = new_venv(project.folder.parent / "own", "tinystat==1.0")
    run = project.record("python", "spoil.py")
    report = project.reproduce(run, variables={"SPOIL": "1", "UV_LINK_MODE": "hardlink"})
    assert report.verdict == "incomplete"
    assert any("changed while the command ran" in reason for reason in report.reasons)
    assert any("tinystat.py" in reason for reason in report.reasons)
    report = project.reproduce(run)
    assert (report.verdict, project.out.getvalue()) == ("identical", b"1.0\n"), report


def test_ignored_inputs_links_modes_and_working_folder_are_restored(project):
    project.write("ignored/secret.csv", "4\n")
    project.write("deep/er/go.sh", "#!/bin/sh\npython -c \"print(open('../../link').read())\"\n")
    (project.folder / "deep/er/go.sh").chmod(0o755)
    (project.folder / "link").symlink_to("ignored/secret.csv")
    run = project.record("./go.sh", cwd="deep/er")
    assert project.out.getvalue() == b"4\n\n"
    report = project.reproduce(run)
    assert report.verdict == "identical", report
    assert project.out.getvalue() == b"4\n\n"


def test_code_that_asks_git_is_told_the_recorded_commit(project):
    project.write(
        "ask.py",
        "import subprocess\n"
        "for words in (['rev-parse', 'HEAD'], ['status', '--short'], ['branch']):\n"
        "    print(subprocess.check_output(['git', *words]).decode())\n",
    )
    run = project.record("python", "ask.py")
    told = project.out.getvalue()
    assert b"?? ask.py" in told
    report = project.reproduce(run)
    assert project.out.getvalue() == told
    assert report.verdict == "identical", report


def test_a_project_without_git_is_reproduced(project, tmp_path):
    project.folder = tmp_path / "plain"
    project.write("a.py", "print(open('d.txt').read())\n")
    project.write("d.txt", "7")
    run = project.record("python", "a.py")
    report = project.reproduce(run)
    assert (report.verdict, project.out.getvalue()) == ("identical", b"7\n"), report


def test_a_run_that_failed_is_reproduced_as_failing(project):
    project.write("fail.py", "import sys\nprint('no')\nsys.exit(3)\n")
    report = project.reproduce(project.record("python", "fail.py"))
    assert report.verdict == "identical", report
    assert (report.exit.recorded, report.exit.reproduced) == (3, 3)


def test_a_result_that_depends_on_the_clock_diverges_and_the_line_is_named(project):
    project.write("clock.py", "import time\nprint('ok')\nprint('value', time.time_ns() % 10**9)\n")
    report = project.reproduce(project.record("python", "clock.py"))
    assert (report.verdict, report.cause.kind) == ("diverged", "console")
    assert report.cause.detail.startswith("stdout, line 2: value ")


def test_an_output_that_is_not_written_again_is_missing(project):
    project.write(
        "once.py",
        "import os, pathlib\n"
        "marker = pathlib.Path(os.environ['HOME_OF_TEST'], 'ran')\n"
        "if not marker.exists():\n"
        "    open('first.txt', 'w').write('x')\n"
        "marker.mkdir(exist_ok=True)\n",
    )
    variables = {"HOME_OF_TEST": str(project.workspace.path.parent)}
    run = project.record("python", "once.py", variables=variables)
    report = project.reproduce(run, variables=variables)
    assert report.verdict == "diverged"
    assert results(report)["first.txt"] == ("missing", "bytes")
    assert report.cause.kind == "output", report


def test_an_input_outside_the_project_that_has_changed_is_the_cause(project, tmp_path):
    outside = tmp_path / "outside.csv"
    outside.write_text("1\n")
    run = project.record("python", "-c", f"print(open({str(outside)!r}).read())")
    assert project.reproduce(run).verdict == "identical"
    outside.write_text("2\n")
    report = project.reproduce(run)
    assert (report.verdict, report.cause.kind) == ("diverged", "input")
    assert "outside.csv differs" in report.cause.detail
    outside.unlink()
    report = project.reproduce(run)
    assert (report.verdict, report.cause.kind) == ("incomplete", "input")
    assert any("outside.csv cannot be read here" in reason for reason in report.reasons)


def test_another_package_version_here_is_the_cause(project, new_venv, tmp_path):
    run = project.record()
    project.venv = new_venv(tmp_path / "other", "tinystat==2.0", "sidecar==0.3")
    report = project.reproduce(run, env="here")
    assert (report.verdict, report.cause.kind) == ("diverged", "environment")
    assert report.cause.detail == "tinystat 1.0 → 2.0"
    assert project.reproduce(run).verdict == "identical"


def test_a_package_that_no_index_has_makes_it_incomplete_and_is_named(project, new_venv, tmp_path):
    project.venv = new_venv(tmp_path / "own", "tinystat==1.0")
    info = next(project.venv.glob("lib/*/site-packages/tinystat-1.0.dist-info"))
    for name in ("METADATA",):
        text = (info / name).read_text().replace("Version: 1.0", "Version: 9.9")
        (info / name).write_text(text)
    run = project.record()
    report = project.reproduce(run)
    assert report.verdict == "incomplete", report
    assert report.cause.kind == "environment"
    assert any("tinystat==9.9 could not be installed" in reason for reason in report.reasons)


def test_files_that_differ_under_the_same_version_are_said(project, new_venv, tmp_path):
    project.venv = new_venv(tmp_path / "patched", "tinystat==1.0")
    record = next(project.venv.glob("lib/*/site-packages/tinystat-1.0.dist-info/RECORD"))
    record.write_text(record.read_text() + "tinystat_extra.py,sha256=abc,3\n")
    report = project.reproduce(project.record())
    assert report.verdict == "incomplete"
    assert "tinystat 1.0: its files differ from those recorded" in report.reasons


def test_an_editable_package_of_the_project_is_taken_from_the_restored_code(
    project, new_venv, tmp_path
):
    project.write(
        "src/mine/__init__.py", "WHERE = __file__\ndef main():\n    print('mine', WHERE)\n"
    )
    project.write(
        "pyproject.toml",
        '[project]\nname = "mine"\nversion = "0.1"\n[project.scripts]\nmine = "mine:main"\n',
    )
    project.venv = new_venv(tmp_path / "editable", "sidecar==0.3")
    site = next(project.venv.glob("lib/*/site-packages"))
    (site / "mine.pth").write_text(f"{project.folder}/src\n")
    info = site / "mine-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 0.1\n")
    (info / "RECORD").write_text("mine.pth,,\n")
    (info / "direct_url.json").write_text(
        json.dumps({"url": project.folder.as_uri(), "dir_info": {"editable": True}})
    )
    program = project.venv / "bin/mine"
    program.write_text(f"#!/bin/sh\nexec {project.venv}/bin/python -c 'import mine; mine.main()'\n")
    program.chmod(0o755)
    run = project.record("mine")
    report = project.reproduce(run)
    assert report.verdict == "identical", report
    assert b"afield-reproduce-" in project.out.getvalue()
    read = {one.path for one in project.workspace.manifest(report.new_run).inputs}
    assert not [path for path in read if path.endswith(".pth")], "those are our own"


def test_a_console_script_of_a_package_runs_in_the_rebuilt_environment(project):
    run = project.record(str(project.venv / "bin/tinystat"))
    assert project.out.getvalue() == b"tinystat 1.0\n"
    report = project.reproduce(run)
    assert (report.verdict, project.out.getvalue()) == ("identical", b"tinystat 1.0\n"), report


def test_uv_run_uses_the_rebuilt_environment_and_changes_nothing_in_it(project, new_venv):
    project.write(".gitignore", ".venv/\n*.json\n*.pkl\n")
    project.write(
        "pyproject.toml",
        '[project]\nname = "mine"\nversion = "0.1"\nrequires-python = ">=3.8"\n'
        "[tool.uv]\npackage = false\n",
    )
    project.venv = new_venv(project.folder / ".venv", "tinystat==1.0")
    uv = str(Path(sys.executable).parent / "uv")
    script = "import sys, tinystat; print(sys.prefix)"
    run = project.record(uv, "run", "--no-sync", "python", "-c", script)
    assert project.out.getvalue().decode().strip() == str(project.folder / ".venv")
    report = project.reproduce(run)
    assert report.verdict == "identical", report
    assert project.out.getvalue().decode().strip() == report.environment


@pytest.mark.parametrize("program", ["python", "python3", "venv"])
def test_the_interpreter_is_that_of_the_rebuilt_environment(project, program):
    program = str(project.venv / "bin/python") if program == "venv" else program
    run = project.record(program, "-c", "import sys, tinystat; print(sys.prefix)")
    report = project.reproduce(run)
    assert report.verdict == "identical", report
    assert project.out.getvalue().decode().strip() == report.environment


def test_paths_of_the_project_in_arguments_move_with_it(project):
    run = project.record("python", str(project.folder / "train.py"))
    (project.folder / "train.py").unlink()
    assert project.reproduce(run).verdict == "identical"


def test_recorded_variables_are_set_again_and_others_of_their_kind_are_not(project):
    script = "import os; print(os.environ.get('OMP_NUM_THREADS'), os.environ.get('MKL_X'))"
    run = project.record("python", "-c", script, variables={"OMP_NUM_THREADS": "3"})
    report = project.reproduce(run, variables={"OMP_NUM_THREADS": "5", "MKL_X": "1"})
    assert (report.verdict, project.out.getvalue()) == ("identical", b"3 None\n")


def test_a_secret_variable_that_is_not_at_hand_is_asked_for(project):
    script = "import os; print(len(os.environ['HF_TOKEN']))"
    secret = {"HF_TOKEN": "hf_" + "Zq4" * 11}
    run = project.record("python", "-c", script, variables=secret)
    assert project.reproduce(run, variables=secret).verdict == "identical"
    assert project.reproduce(run, secrets=secret).verdict == "identical"
    with pytest.raises(SecretsNeeded, match="HF_TOKEN"):
        project.reproduce(run)


def test_a_secret_argument_is_asked_for_and_stands_in_no_record(project):
    project.write("login.py", "import sys\nprint(len(sys.argv[2]), sys.argv[2])\n")
    secret = "correct2horse9"  # noqa: S105 - no secret
    run = project.record("python", "login.py", "--password", secret)
    told = project.out.getvalue()
    with pytest.raises(SecretsNeeded, match="`password`"):
        project.reproduce(run)
    report = project.reproduce(run, secrets={"password": secret})
    assert project.out.getvalue() == told
    assert report.verdict == "identical", report
    assert secret not in " ".join(project.said)
    again = project.workspace.manifest(report.new_run)
    assert again.argv == project.workspace.manifest(run).argv
    for path in project.workspace.path.rglob("*"):
        assert not path.is_file() or secret.encode() not in path.read_bytes()


def outside_script(*paths):
    lines = "".join(f"open({str(path)!r}, 'w').write(str(time.time_ns()))\n" for path in paths)
    return f"import time\n{lines}print('ok')\n"


def test_files_outside_the_project_are_not_overwritten_unasked(project, tmp_path):
    mine = tmp_path / "mine.txt"
    project.write("out.py", outside_script(mine))
    run = project.record("python", "out.py")
    mine.write_text("precious")
    with pytest.raises(OutsideWrites) as caught:
        project.reproduce(run)
    assert mine.read_text() == "precious"
    assert caught.value.fields["paths"] == (str(mine),)
    assert "--allow-outside-writes" in caught.value.hint
    report = project.reproduce(run, outside_writes=True)
    assert mine.read_text() != "precious"
    assert (report.verdict, report.cause.kind) == ("diverged", "output")
    mine.unlink()
    report = project.reproduce(run)
    assert report.verdict == "diverged"
    assert f"it wrote outside the folder of the reproduction: {mine}" in report.reasons


def test_files_outside_the_project_are_not_overwritten_through_a_link(project, tmp_path):
    (tmp_path / "shared").mkdir()
    (project.folder / "results").symlink_to(tmp_path / "shared")
    project.write("out.py", "open('results/r.txt', 'w').write('1')\nprint('ok')\n")
    run = project.record("python", "out.py")
    (tmp_path / "shared/r.txt").write_text("precious")
    with pytest.raises(OutsideWrites):
        project.reproduce(run)
    assert (tmp_path / "shared/r.txt").read_text() == "precious"


@pytest.mark.parametrize("program", ["python", "tinystat"])
@pytest.mark.parametrize("env", ["exact", "here"])
def test_a_program_of_an_ignored_environment_is_found_by_its_relative_path(
    project, new_venv, program, env
):
    project.write(".gitignore", ".venv/\n")
    project.venv = new_venv(project.folder / ".venv", "tinystat==1.0")
    words = ("-c", "print('tinystat', '1.0')") if program == "python" else ()
    run = project.record(f".venv/bin/{program}", *words)
    report = project.reproduce(run, env=env, here=str(project.folder))
    assert (report.verdict, project.out.getvalue()) == ("identical", b"tinystat 1.0\n"), report
    if env == "here":
        assert project.reproduce(run, env=env).verdict == "identical"


def test_standard_input_that_was_read_is_not_called_identical(project):
    project.write("ask.py", "print(int(input()) * 2)\n")
    project.write("numbers.txt", "21\n" * 3)
    saved = os.dup(0)
    given = os.open(project.folder / "numbers.txt", os.O_RDONLY)
    os.dup2(given, 0)
    try:
        unread = project.record("python", "train.py")
        run = project.record("python", "ask.py")
        os.lseek(0, 0, os.SEEK_SET)
        report = project.reproduce(run)
    finally:
        os.dup2(saved, 0)
        os.close(saved)
        os.close(given)
    assert project.out.getvalue() == b"42\n"
    assert report.verdict == "incomplete"
    assert any(reason.startswith("standard input came from a file") for reason in report.reasons)
    assert project.reproduce(unread).verdict == "identical"


def test_an_argument_that_is_no_text_is_refused(project):
    project.write("show.py", "import os, sys\nprint(os.fsencode(sys.argv[1]))\n")
    run = project.record("python", "show.py", os.fsdecode(b"a\xff"))
    assert project.out.getvalue().strip() == b"b'a\\xff'"
    assert any("argument 2 is no UTF-8" in one for one in project.workspace.manifest(run).blockers)
    with pytest.raises(NotReproducible, match="argument 2 is no UTF-8 text"):
        project.reproduce(run)


def test_variables_that_nobody_recorded_are_named_when_nothing_else_explains_it(project):
    script = "import os; print(os.environ.get('MODE'))"
    run = project.record("python", "-c", script, variables={"MODE": "a", "MY_TOKEN": "t"})
    report = project.reproduce(run, variables={"MODE": "b"})
    assert (report.verdict, report.cause.kind) == ("diverged", "console")
    (told,) = (one for one in report.reasons if one.startswith("variables that"))
    assert "MY_TOKEN" in told


@pytest.mark.parametrize("imported", [True, False])
def test_an_editable_package_outside_the_project_counts_when_it_was_imported(
    project, new_venv, tmp_path, imported
):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/other.py").write_text("VALUE = 7\n")
    project.venv = new_venv(tmp_path / "own", "tinystat==1.0")
    site = next(project.venv.glob("lib/*/site-packages"))
    (site / "other.pth").write_text(f"{tmp_path}/elsewhere\n")
    info = site / "other-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 0.1\n")
    (info / "RECORD").write_text("other.pth,,\n")
    url = (tmp_path / "elsewhere").as_uri()
    (info / "direct_url.json").write_text(json.dumps({"url": url, "dir_info": {"editable": True}}))
    script = "import other; print(other.VALUE)" if imported else "print(7)"
    for _ in range(2):  # the second time its byte code is cached
        run = project.record("python", "-c", script, variables={"PYTHONDONTWRITEBYTECODE": ""})
    report = project.reproduce(run)
    assert report.verdict == ("incomplete" if imported else "identical"), report
    assert any("other 0.1 is editable outside" in reason for reason in report.reasons)


def test_a_run_that_left_nothing_is_not_called_identical(project):
    report = project.reproduce(project.record("python", "-c", "pass"))
    assert report.verdict == "incomplete"
    told = "the run left no outputs, metrics or console: only its end was compared"
    assert told in report.reasons


def test_an_image_that_came_out_otherwise_gets_a_picture_in_a_kept_folder(project, tmp_path):
    script = r"""
import struct, time, zlib
def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
pixels = b"\0" + str(time.time_ns())[-8:].encode()
head = chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 1, 8, 0, 0, 0, 0))
image = head + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")
open("plot.png", "wb").write(b"\x89PNG\r\n\x1a\n" + image)
"""
    run = project.record("python", "-c", script)
    report = project.reproduce(run, keep=tmp_path / "kept", env="here")
    assert [one.canonicaliser for one in report.outputs] == ["png"]
    assert (tmp_path / "kept/plot.png.diff.png").read_bytes().startswith(b"\x89PNG")


def test_the_folder_is_kept_when_asked_for_and_never_overwritten(project, tmp_path):
    run = project.record()
    report = project.reproduce(run, keep=tmp_path / "kept")
    assert report.folder == str(tmp_path / "kept")
    assert (tmp_path / "kept/model.pkl").exists()
    with pytest.raises(FolderInUse):
        project.reproduce(run, keep=tmp_path / "kept")


def test_nothing_is_left_behind_and_the_project_is_untouched(project, tmp_path):
    run = project.record()
    status = project.git("status", "--short")
    before = sorted((path, path.stat().st_mtime_ns) for path in project.folder.rglob("*"))
    places = {"TMPDIR": str(tmp_path / "tmp")}
    (tmp_path / "tmp").mkdir()
    project.reproduce(run, variables=places)
    assert sorted((path, path.stat().st_mtime_ns) for path in project.folder.rglob("*")) == before
    assert project.git("status", "--short") == status
    assert list((tmp_path / "tmp").iterdir()) == []


def test_metrics_are_compared_step_by_step(project):
    project.write(
        "log.py",
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import time, afield\n"
        "run = afield.init()\n"
        "for step in range(50):\n"
        "    bad = time.time_ns() % 10**9 + 1 if step == 7 and len(sys.argv) > 2 else 0\n"
        "    loss = 1 / (step + 1) + bad\n"
        "    afield.log({'loss': loss, 'fit_time': time.perf_counter()}, step=step)\n"
        "run.finish()\n",
    )
    import afield

    project.venv = project.venv.__class__(afield.__file__).parents[2] / ".venv"
    path = str(project.venv.__class__(afield.__file__).parents[1])
    run = project.record("python", "log.py", path)
    report = project.reproduce(run, env="here")
    assert report.verdict == "identical", report
    verdicts = {one.name: one.verdict for one in report.metrics}
    assert verdicts == {"fit_time": "not judged", "loss": "identical bytes"}
    run = project.record("python", "log.py", path, "bad")
    report = project.reproduce(run, env="here")
    assert (report.verdict, report.cause.kind) == ("diverged", "metric")
    assert report.cause.detail.startswith("loss: step 7: ")


def test_a_run_that_was_not_captured_is_refused(project):
    from afield.runs.record import end_run, start_run

    run = start_run(project.workspace.record, kind="python")
    end_run(project.workspace.record, run, status="finished", exit_code=0)
    with pytest.raises(NotReproducible):
        project.reproduce(run)


LINKS = """\
import os, sys
open('ignored/turn', 'a').write('x')
step = len(open(sys.argv[1]).read()) if sys.argv[1:] else 12
os.makedirs(f'checkpoint_{step}', exist_ok=True)
open(f'checkpoint_{step}/w', 'w').write('weights')
if os.path.islink('latest'):
    os.remove('latest')
os.symlink(f'checkpoint_{step}', 'latest')
os.symlink(os.path.abspath('latest'), 'absolute')
os.symlink('latest/w', 'ignored/w')
open('latest/more', 'w').write('more')
print(open('latest/w').read(), open('ignored/w').read())
"""


def test_links_that_a_run_makes_are_made_again_and_compared_by_their_targets(project):
    project.write("ignored/keep", "")
    project.write("links.py", LINKS)
    run = project.record("python", "links.py")
    report = project.reproduce(run)
    assert report.verdict == "identical", (report, project.err.getvalue())
    found = results(report)
    assert found["latest"] == ("identical bytes", "symbolic link")
    assert found["absolute"] == ("identical content", "symbolic link")


def test_a_link_that_leads_elsewhere_is_named(project, tmp_path):
    counter = tmp_path / "counter"
    counter.write_text("x" * 12)
    code = (
        f"import os\nn = len(open({str(counter)!r}).read())\nprint('ok')\n"
        "os.symlink(f'checkpoint_{n}', 'latest')\n"
    )
    project.write("link.py", code)
    run = project.record("python", "link.py")
    counter.write_text("x" * 13)
    report = project.reproduce(run)
    assert report.verdict == "diverged"
    (told,) = report.outputs
    assert (told.path, told.verdict) == ("latest", "diverged")
    assert told.detail == "it leads to 'checkpoint_12' vs 'checkpoint_13'"


def test_a_link_of_the_project_that_a_run_turns_overwrites_nothing_outside(project, tmp_path):
    (tmp_path / "shared").mkdir()
    (project.folder / "results").symlink_to(tmp_path / "shared")
    project.write("turn.py", "import os\nos.remove('results')\nos.symlink('here', 'results')\n")
    report = project.reproduce(project.record("python", "turn.py"))
    assert report.verdict == "identical", report


def test_a_file_that_is_executable_on_one_side_only_is_told(project, tmp_path):
    flag = tmp_path / "flag"
    flag.write_text("")
    code = (
        "import os\nopen('tool.txt', 'w').write('x')\n"
        f"os.chmod('tool.txt', 0o755 if os.path.exists({str(flag)!r}) else 0o644)\n"
    )
    project.write("tool.py", code)
    run = project.record("python", "tool.py")
    assert project.reproduce(run).verdict == "identical"
    flag.unlink()
    report = project.reproduce(run)
    assert any("tool.txt: executable vs mode not changed" in told for told in report.reasons)


def test_folders_that_a_run_makes_are_left_to_it_and_those_that_were_there_are_made(project):
    (project.folder / "there").mkdir()
    (project.folder / "remade/old").mkdir(parents=True)
    script = (
        "import os, pathlib, shutil, subprocess\n"
        "os.mkdir('new')\n"
        "pathlib.Path('new/deep').mkdir()\n"
        "subprocess.run(['mkdir', 'shell'], check=True)\n"
        "shutil.rmtree('remade')\n"
        "os.mkdir('remade')\n"
        "os.mkdir('beside')\n"
        "shutil.move('beside', 'placed')\n"
        "for folder in ('new/deep', 'shell', 'there', 'remade', 'placed'):\n"
        "    open(f'{folder}/o.txt', 'w').write('1')\n"
    )
    project.write("make.py", script)
    run = project.record("python", "make.py")
    made = project.workspace.manifest(run).folders_made
    if "new" not in made:
        pytest.skip("not run: the file system does not tell when a folder was made")
    assert made == ("new", "placed", "shell")
    report = project.reproduce(run, env="here")
    assert report.verdict == "identical", report
    assert sorted(results(report)) == [
        "new/deep/o.txt", "placed/o.txt", "remade/o.txt", "shell/o.txt", "there/o.txt"
    ]  # fmt: skip


def test_a_program_of_the_project_comes_along_and_another_one_in_its_place_does_not_count(project):
    if preflight() is not None:
        pytest.skip("not run: the kernel cannot be asked here")
    program = project.folder / "prog"
    shutil.copy("/bin/cat", program)
    project.write("rows.txt", "1\n")
    run = project.record("sh", "-c", "./prog rows.txt > out.txt")
    (kept,) = (one for one in project.workspace.manifest(run).inputs if one.path == "prog")
    assert (kept.kept, kept.size_bytes) == (True, program.stat().st_size)
    shutil.copy("/bin/true", program)
    report = project.reproduce(run, env="here")
    assert report.verdict == "identical", report
    assert results(report) == {"out.txt": ("identical bytes", "bytes")}
