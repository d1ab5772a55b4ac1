from __future__ import annotations

import os

import msgspec
import pytest

from afield.replay.environment import Built
from afield.replay.execute import Place, command_line, move_paths, pinned_threads, variables
from afield.replay.masks import is_cache
from afield.runs.capture.host import usable_cores
from afield.runs.manifest import Capture, Entropy, Environment, Host, Manifest

OLD = Place("/home/ada/proj", "/home/ada/proj/.venv", "/home/ada/proj/.venv/bin/python")
NEW = Place("/srv/x/proj", "/cache/env", "/cache/env/bin/python")
BASE = Manifest(
    argv=("python", "train.py"),
    cwd=".",
    root=OLD.root,
    exit_code=0,
    environment=Environment(
        python="3.11.7",
        implementation="cpython",
        executable=OLD.executable,
        prefix=OLD.prefix,
        base_prefix="/usr",
        platform="linux",
        identity="i",
    ),
    entropy=Entropy(mode="replay", run_seed="00" * 32, hash_seed="7"),
    host=Host(
        system="Linux", release="6", machine="x", cpu="A", cores=usable_cores(), memory_bytes=1
    ),
    capture=Capture(layers=("tree",)),
)
BUILT = Built("/cache/env", "/cache/env/bin/python", "3.11.7")


def changed(**more):
    return msgspec.structs.replace(BASE, **more)


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (("python", "train.py"), ("python", "train.py")),
        (("pytest", "-q"), ("pytest", "-q")),
        ((OLD.executable, "t.py"), ("/cache/env/bin/python", "t.py")),
        (("/usr/bin/python3", "t.py"), ("/cache/env/bin/python", "t.py")),
        (("/home/ada/proj/.venv/bin/pytest",), ("/cache/env/bin/pytest",)),
        (("./go.sh", "--d=/home/ada/proj/d.csv"), ("./go.sh", "--d=/srv/x/proj/d.csv")),
        (("python", "/home/ada/proj"), ("python", "/srv/x/proj")),
        (("python", "/home/ada/project2/x"), ("python", "/home/ada/project2/x")),
    ],
)
def test_the_command_line_moves_with_the_project_and_its_environment(argv, expected):
    assert command_line(changed(argv=argv), NEW) == expected


def test_without_an_environment_the_interpreter_stays():
    here = Place("/srv/x/proj")
    assert command_line(changed(argv=("/usr/bin/python3", "t.py")), here)[0] == "/usr/bin/python3"


def test_several_paths_in_one_text_are_moved():
    text = "/home/ada/proj/src:/home/ada/proj/.venv/lib:/home/ada/other"
    assert move_paths(text, OLD, NEW) == "/srv/x/proj/src:/cache/env/lib:/home/ada/other"


def test_recorded_variables_replace_those_of_their_kind():
    found = variables(
        changed(
            variables={"PYTHONPATH": "/home/ada/proj/src", "HF_TOKEN": "redacted:name"},
            threads={"OMP_NUM_THREADS": "3"},
        ),
        NEW,
        environ={
            "PATH": "/bin",
            "HOME": "/home/bob",
            "OMP_NUM_THREADS": "8",
            "PYTHONWARNINGS": "error",
            "VIRTUAL_ENV": "/else",
            "HF_TOKEN": "t",
        },
        built=BUILT,
        overlay=None,
    )
    assert found["PYTHONPATH"] == "/srv/x/proj/src"
    assert found["OMP_NUM_THREADS"] == "3"
    assert found["HF_TOKEN"] == "t"  # noqa: S105 - no secret
    assert found["HOME"] == "/home/bob"
    assert found["VIRTUAL_ENV"] == "/cache/env"
    assert found["PATH"] == f"/cache/env/bin{os.pathsep}/bin"
    assert "PYTHONWARNINGS" not in found


def test_the_environment_that_is_here_is_left_as_it_is():
    environ = {"PATH": "/mine/bin:/bin", "VIRTUAL_ENV": "/mine"}
    found = variables(BASE, NEW, environ=environ, built=None, overlay=None)
    assert (found["PATH"], found["VIRTUAL_ENV"]) == ("/mine/bin:/bin", "/mine")


def test_the_overlay_goes_before_the_environment():
    found = variables(BASE, NEW, environ={"PATH": "/bin"}, built=BUILT, overlay="/o")
    assert found["PATH"].split(os.pathsep) == ["/o/bin", "/cache/env/bin", "/bin"]
    assert found["AFIELD_OVERLAY"] == "/o"


def test_a_hash_seed_that_the_person_set_is_kept_when_nothing_was_replayed():
    recorded = {"PYTHONHASHSEED": "5"}
    off = changed(entropy=Entropy(mode="off"), variables=recorded)
    found = variables(off, NEW, environ={}, built=None, overlay=None)
    assert found["PYTHONHASHSEED"] == "5"
    found = variables(changed(variables=recorded), NEW, environ={}, built=None, overlay=None)
    assert "PYTHONHASHSEED" not in found


def test_the_recorded_time_zone_is_set():
    found = variables(
        changed(locale={"timezone": "Asia/Tokyo"}), NEW, environ={}, built=None, overlay=None
    )
    assert found["TZ"] == "Asia/Tokyo"


def test_on_another_number_of_cores_threads_are_pinned_to_the_recorded_one():
    assert pinned_threads(BASE) == {}
    other = changed(host=msgspec.structs.replace(BASE.host, cores=usable_cores() + 3))
    assert pinned_threads(other)["OMP_NUM_THREADS"] == str(usable_cores() + 3)
    found = variables(
        msgspec.structs.replace(other, threads={"OMP_NUM_THREADS": "1"}),
        NEW,
        environ={},
        built=None,
        overlay=None,
    )
    assert found["OMP_NUM_THREADS"] == "1"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/home/ada/.cache/matplotlib/fontlist-v390.json", True),
        ("pkg/__pycache__/a.cpython-311.pyc", True),
        ("data/cache/x.csv", False),
        ("results.json", False),
    ],
)
def test_caches_are_told_from_data(path, expected):
    assert is_cache(path) is expected
