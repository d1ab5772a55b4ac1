"""A difference that nothing recorded explains is told with what in the code may be why."""

from __future__ import annotations

import pytest

from afield.replay.causes import Cause, Side, first_cause
from afield.runs.manifest import Capture, Entropy, FileRecord, Host, Manifest

HOST = Host(system="Linux", release="6", machine="x86_64", cpu="A", cores=2, memory_bytes=1)


def shown(text, *, path="plot.py", cwd=".", read=(), **more):
    """Return the cause of a figure that differs for no recorded reason."""
    manifest = Manifest(
        argv=("python", "plot.py"),
        cwd=cwd,
        root="/p",
        exit_code=0,
        inputs=tuple(
            FileRecord(path=one, digest="d", size_bytes=1, seen_by="python") for one in read
        ),
        host=HOST,
        capture=Capture(layers=("tree", "python")),
        **more,
    )
    side = Side(manifest, {path: (0o644, "x")}, source={path: text}.get)
    symptoms = [Cause("output", "figure-1.png: 2 % of the pixels differ", ("first",))]
    return first_cause(side, side, symptoms=symptoms, show=lambda *_: [])


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("import time\nx = time.time()", "time.time"),
        ("import time as t\nx = t.perf_counter_ns()", "time.perf_counter_ns"),
        ("from time import time\nx = time()", "time.time"),
        ("from timeit import default_timer as timer\nx = timer()", "timeit.default_timer"),
        ("from datetime import datetime\nx = datetime.now()", "datetime.datetime.now"),
        ("import datetime\nx = datetime.date.today()", "datetime.date.today"),
        ("table = {}\nx = table['mean_fit_time']", "mean_fit_time"),
    ],
)
def test_a_time_that_the_code_measures_is_named_with_its_line(code, word):
    found = shown(code)
    assert found.kind == "output"
    assert found.detail == (
        f"figure-1.png: 2 % of the pixels differ; a time is measured at plot.py:2 (`{word}`)"
    )
    assert found.evidence == ("first", f"a time is measured at plot.py:2 (`{word}`)")


def test_a_process_id_is_called_that():
    found = shown("import os\nx = os.getpid()")
    assert "; the process id is taken at plot.py:2 (`os.getpid`)" in found.detail


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("from joblib import Parallel as P\nP(2)(x)", "joblib.Parallel"),
        ("import concurrent.futures\nconcurrent.futures.ThreadPoolExecutor()", "Executor"),
        ("forest = Forest(\n    n_jobs=-1)", "n_jobs=-1"),
        ("import multiprocessing as mp\nmp.Pool(2)", "multiprocessing.Pool"),
    ],
)
def test_parallel_work_is_named_with_its_line(code, word):
    found = shown(code)
    assert "; work is done in parallel at plot.py:2 (`" in found.detail
    assert word in found.detail


def test_a_time_comes_before_parallel_work_and_both_are_evidence():
    found = shown("import time\nf(n_jobs=2)\ntime.time()")
    assert "a time is measured at plot.py:3" in found.detail
    assert [line.split(" at ")[0] for line in found.evidence[1:]] == [
        "a time is measured",
        "work is done in parallel",
    ]


@pytest.mark.parametrize(
    "code",
    [
        "import time\ntime.sleep(1)",
        "def time():\n    return 3\nx = time()",
        "f(n_jobs=1)\nf(n_jobs=None)",
        "not python (",
        "'survival_time'",
    ],
)
def test_code_that_only_looks_similar_is_no_suspect(code):
    assert shown(code).detail == "figure-1.png: 2 % of the pixels differ"


def test_files_that_the_run_read_are_looked_at_and_others_are_not():
    code = "import time\ntime.time()"
    assert "measured at lib/a.py:2" in shown(code, path="lib/a.py", read=("lib/a.py",)).detail
    assert "measured" not in shown(code, path="lib/a.py").detail
    assert "measured at sub/plot.py:2" in shown(code, path="sub/plot.py", cwd="sub").detail


def test_threads_of_a_library_are_the_last_suspect():
    libraries = ("/v/lib/libgomp-a34b.so.1.0.0",)
    found = shown("x = 1", libraries=libraries)
    assert "libgomp-a34b.so.1.0.0 was loaded, whose threads may add up in any order" in found.detail
    assert "libgomp" not in shown("import time\ntime.time()", libraries=libraries).detail
    alone = shown("x = 1", libraries=libraries, threads={"OMP_NUM_THREADS": "1"})
    assert "libgomp" not in alone.detail


def test_a_device_of_randomness_that_was_read_is_named():
    calls = (("/dev/urandom (not replayed)", "plot.py:2", 1), ("os.urandom", "plot.py:3", 1))
    found = shown("x = 1", entropy=Entropy(mode="replay", run_seed="5e", calls=calls))
    told = "/dev/urandom gives what no seed brings back, at plot.py:2"
    assert told in " ".join((found.detail, *found.evidence))
