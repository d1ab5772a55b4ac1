from __future__ import annotations

import json
import subprocess
import sys
import tomllib

import pytest
from packaging.pylock import Pylock

SECRET = "hf_" + "abcdefghijklmnopqrstuvwxyzABCDEFGH"
FORMS = ("requirements", "pylock", "dockerfile", "devcontainer")
ABSENT = {"their": "editable outside the project"}


def pins(text):
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def json_of(text):
    return json.loads("\n".join(row for row in text.splitlines() if not row.startswith("//")))


def left_out(answer):
    return {one["name"]: one["why"] for one in answer.json["left_out"]}


def test_requirements_are_exact_pins_under_a_head_that_says_python(afield):
    answer = afield("env", "export", "one", "--as", "requirements")
    assert (answer.code, answer.err) == (0, "")
    assert pins(answer.out) == ["sidecar==0.3", "tinystat==1.0"]
    python = ".".join(map(str, sys.version_info[:3]))
    assert f"# Recorded with cpython {python} on " in answer.out
    assert "uv pip install --no-deps -r requirements.txt" in answer.out


@pytest.mark.parametrize("name", ["requirements.txt", "pylock.toml"])
@pytest.mark.parametrize("run", ["one", "three"])
def test_what_is_exported_rebuilds_to_the_same_identities(afield, made, monkeypatch, run, name):
    form = name.partition(".")[0]
    answer = afield("env", "export", run, "--as", form, "-o", f"out/{name}")
    assert answer.code == 0
    venv = f"rebuilt-{run}-{form}"
    made.venv(venv)
    links = ("--no-index", "--find-links", str(made.links))
    made.install(venv, *links, "-r", name, cwd="out")
    monkeypatch.setenv("VIRTUAL_ENV", str(made.root / venv))
    found = afield("env", "diff", run, "--here", "--json", "--exit-code")
    assert found.code == 0
    assert found.json["unchecked"] == []
    assert found.json["a"]["identity"] == found.json["b"]["identity"]


def test_requirements_name_what_they_cannot_say_and_exit_with_3(afield, tmp_path):
    answer = afield("env", "export", "two", "--as", "requirements", "-o", "r.txt", "--json")
    assert answer.code == 3
    found = answer.json
    assert found["schema"] == "afield.env-export/1"
    assert (found["as"], found["file"], found["text"]) == ("requirements", "r.txt", None)
    assert list(left_out(answer)) == ["their"]
    text = (tmp_path / "r.txt").read_text()
    assert pins(text) == [
        "condaish==5.0",
        "forked @ git+https://git.example/team/forked.git@" + "0" * 39 + "1",
        "./wheels/lonely-1.1-py3-none-any.whl",
        "./wheels/sidecar-0.3-py3-none-any.whl",
        "tinystat==2.0",
    ]
    assert sorted(path.name for path in (tmp_path / "wheels").iterdir()) == [
        "lonely-1.1-py3-none-any.whl",
        "sidecar-0.3-py3-none-any.whl",
    ]
    for told in ("uv pip install --no-deps -e ./lib/mine", "condaish 5.0: listed no files"):
        assert any(told in note for note in found["notes"])
        assert told in text
    assert "NOT IN HERE:\n#   - their 0.2: editable outside the project, in " in text


def test_without_a_file_a_wheel_of_the_record_is_left_out_aloud(afield):
    answer = afield("env", "export", "three", "--as", "requirements")
    assert answer.code == 3
    assert (
        "left out: lonely 1.1: a local package: the record has its wheel; name a file with -o"
        in (answer.err)
    )
    assert pins(answer.out) == ["tinystat==2.0"]


def test_a_lock_holds_the_files_and_hashes_of_every_package(afield, tmp_path):
    answer = afield("env", "export", "two", "--as", "pylock", "-o", "pylock.toml", "--json")
    assert answer.code == 3
    assert set(left_out(answer)) == {"condaish", "their"}
    assert left_out(answer)["condaish"].startswith("the index gives none: ")
    text = (tmp_path / "pylock.toml").read_text()
    found = tomllib.loads(text)
    Pylock.from_dict(found)
    minor = ".".join(map(str, sys.version_info[:2]))
    assert (found["lock-version"], found["requires-python"]) == ("1.0", f"=={minor}.*")
    packages = {one["name"]: one for one in found["packages"]}
    assert list(packages) == ["forked", "lonely", "mine", "sidecar", "tinystat"]
    assert "version" not in packages["forked"]  # PEP 751: not of a source tree
    assert packages["forked"]["vcs"]["commit-id"] == "0" * 39 + "1"
    assert packages["mine"]["directory"] == {"path": "lib/mine", "editable": True}
    assert packages["lonely"]["wheels"][0]["path"] == "wheels/lonely-1.1-py3-none-any.whl"
    assert packages["tinystat"]["wheels"][0]["hashes"]["sha256"]
    assert len(packages["tinystat"]["tool"]["afield"]["identity"]) == 64
    assert len(found["tool"]["afield"]["left-out"]) == 2
    assert "#   - the files of tinystat lie on this machine alone (file:)" in text
    assert "#   - condaish 5.0: the index gives none" in text


def test_a_lock_of_an_environment_without_packages_is_one_too(afield, made):
    made.venv("venv-bare")
    made.record("bare", made.python("venv-bare"), "-c", "print(1)")
    answer = afield("env", "export", "bare", "--as", "pylock")
    assert answer.code == 0
    assert Pylock.from_dict(tomllib.loads(answer.out)).packages == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("pylock.toml", False),
        ("pylock.dev.toml", False),
        ("lock.toml", True),
        ("pylock.a.b.toml", True),
    ],
)
def test_a_lock_that_no_installer_would_take_by_its_name_is_said(afield, name, said):
    answer = afield("env", "export", "one", "--as", "pylock", "-o", name)
    assert answer.code == 0
    assert ("installers take a lock by its name" in answer.err) is said


def test_a_lock_without_an_index_is_refused_and_may_work_later(afield, monkeypatch):
    for name in ("UV_NO_INDEX", "UV_FIND_LINKS"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("UV_INDEX_URL", "http://someone:hidden@127.0.0.1:9/index/")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    answer = afield("env", "export", "one", "--as", "pylock", "--json")
    assert answer.code == 14
    error = answer.json["error"]
    assert error["code"] == "replay.index_unreachable"
    assert error["hint"] == "`--as requirements` needs no index"
    assert "hidden" not in answer.out + answer.err


def test_a_dockerfile_has_the_base_the_pins_the_code_the_variables_and_the_command(
    afield, made, tmp_path
):
    answer = afield("env", "export", "two", "--as", "dockerfile", "-o", "image/Dockerfile")
    assert answer.code == 3
    text = (tmp_path / "image" / "Dockerfile").read_text()
    lines = text.splitlines()
    version = ".".join(map(str, sys.version_info[:3]))
    assert any(
        line.startswith("FROM ") and line.endswith(f"python:{version}-slim") for line in lines
    )
    for line in (
        "COPY wheels/ /tmp/wheels/",
        "    /tmp/wheels/lonely-1.1-py3-none-any.whl \\",
        "    tinystat==2.0",
        "COPY code/ /work/",
        "    -e /work/lib/mine",
        'WORKDIR "/work"',
        'ENV OMP_NUM_THREADS="2"',
        'ENV SEED="5 \\"and\\" \\$more"',
        'CMD ["python", "train.py"]',
    ):
        assert line in lines, text
    code = tmp_path / "image" / "code"
    assert (code / "train.py").read_bytes() == (made.project / "train.py").read_bytes()
    assert (code / "lib/mine/mine.py").exists()
    assert "left out: their 0.2" in answer.err
    assert "note: system libraries are those of the base image" in answer.err


def test_a_secret_variable_is_named_and_never_written(afield):
    for form in ("dockerfile", "devcontainer"):
        answer = afield("env", "export", "two", "--as", form)
        assert SECRET not in answer.out + answer.err
        assert "variable HF_TOKEN" in answer.err
        assert "ENV HF_TOKEN" not in answer.out


def test_the_command_of_a_dockerfile_keeps_every_word_as_it_was(afield):
    out = afield("env", "export", "one", "--as", "dockerfile").out
    command = json.loads(out.splitlines()[-1].removeprefix("CMD "))
    assert command == ["python", "train.py", "--word", 'two "words" $HOME']


def test_code_is_never_written_into_a_folder_that_holds_something(afield, tmp_path):
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "mine.txt").write_text("mine")
    answer = afield("env", "export", "one", "--as", "dockerfile", "-o", "Dockerfile")
    assert answer.code == 1
    assert "something is there" in answer.err
    assert not (tmp_path / "Dockerfile").exists()


def test_a_devcontainer_has_the_image_the_pins_and_the_variables(afield, tmp_path):
    answer = afield("env", "export", "two", "--as", "devcontainer", "-o", "d/devcontainer.json")
    assert answer.code == 3
    found = json_of((tmp_path / "d/devcontainer.json").read_text())
    version = ".".join(map(str, sys.version_info[:3]))
    assert found["image"] == f"python:{version}"
    assert found["containerEnv"]["OMP_NUM_THREADS"] == "2"
    assert found["onCreateCommand"][:5] == ["python", "-m", "pip", "install", "--no-deps"]
    assert ".devcontainer/wheels/lonely-1.1-py3-none-any.whl" in found["onCreateCommand"]
    assert found["postCreateCommand"]["mine"][-2:] == ["-e", "./lib/mine"]
    assert (tmp_path / "d/wheels/lonely-1.1-py3-none-any.whl").exists()


@pytest.mark.parametrize("form", FORMS)
def test_two_exports_of_a_run_are_the_same(afield, form):
    first, second = (afield("env", "export", "two", "--as", form, "--json").json for _ in range(2))
    assert first == second
    assert first["text"].startswith(("# The Python environment of", "// The Python environment of"))


@pytest.mark.parametrize("form", FORMS)
def test_a_run_without_an_environment_is_refused(afield, form):
    answer = afield("env", "export", "shell", "--as", form, "--json")
    assert answer.code == 1
    assert answer.json["error"]["code"] == "replay.no_environment_recorded"


def test_a_file_that_is_there_is_replaced_whole(afield, tmp_path):
    (tmp_path / "r.txt").write_text("old\n" * 100)
    answer = afield("env", "export", "one", "--as", "requirements", "-o", "r.txt")
    assert answer.out == "wrote r.txt\n"
    assert pins((tmp_path / "r.txt").read_text()) == ["sidecar==0.3", "tinystat==1.0"]
    assert [path.name for path in tmp_path.iterdir()] == ["r.txt"]


def test_a_form_must_be_named(afield):
    assert afield("env", "export", "one").code == 2
    answer = afield("env", "exprt", "one")
    assert answer.code == 2
    assert "no such command: `exprt`: did you mean `export`?" in answer.err


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("afield env ", ["diff", "export"]),
        ("afield env ex", ["export"]),
        ("afield env export one --as py", ["pylock"]),
        ("afield env diff one --h", ["--here", "--help"]),
        ("afield env export thr", ["three"]),
    ],
)
def test_the_shell_completes_the_group(made, words, found):
    environ = {
        **made.environ,
        "AFIELD_WORKSPACE": str(made.root),
        "_AFIELD_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
    }
    done = subprocess.run(
        [sys.executable, "-m", "afield"], env=environ, capture_output=True, check=True
    )
    assert [line.partition(",")[2] for line in done.stdout.decode().splitlines()] == found


def test_the_help_of_the_group_draws_and_loads_nothing():
    code = "from afield.cli.main import main; main(['env', '--help'])"
    code += "\nimport json, sys; sys.stderr.write(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    loaded = json.loads(done.stderr)
    assert not {"rich", "msgspec", "afield.replay", "afield.cli.commands.env_diff"} & set(loaded)
    assert len(loaded) <= 140
