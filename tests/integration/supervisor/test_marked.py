"""Once the filter is there, imports read code without a question, and are told by the hook.

Each script imports `numbers_of_mine.py` after the filter came, and reads `deep.bin` by C.
"""

from __future__ import annotations

import sys

import pytest

MODULE = "numbers_of_mine"
FAILED = "the hook failed, or could not call the supervisor in time"
FAILING = 8
THERE = "import ctypes; libc = ctypes.CDLL(None)\n"
IMPORTS = THERE + f"import {MODULE}; assert libc.open(b'deep.bin', 0) > 2\n"
FAILURES = """
import importlib.machinery, os, sys, traceback
heard = []
def audit(event, args):
    if event.startswith(('open', 'ctypes')) and '/lib/python' not in str(args):
        heard.append((event, args))
sys.addaudithook(audit)
loader = importlib.machinery.SourceFileLoader('m', 'm.py')
for path in ('plain.txt', 'not/there', '.', 'plain.txt/below', 'x\\0y', 'x' * 300):
    try: print(loader.get_data(os.path.abspath(path)))
    except BaseException as error: print(repr(error), traceback.format_exc())
for name in ('broken', 'raises', 'not_there'):
    try: __import__(name)
    except BaseException: print(traceback.format_exc())
print(heard)
"""

marks = pytest.mark.skipif(sys.version_info >= (3, 14), reason="not run: only before Python 3.14")


@pytest.fixture
def module(tmp_path):
    """Return a module that was never compiled, beside the script."""
    path = tmp_path / f"{MODULE}.py"
    path.write_text("ONE = 1\n")
    return path


@marks
def test_an_import_is_told_by_the_hook_and_not_asked_about(run, module):
    done = run(IMPORTS, PYTHONDONTWRITEBYTECODE="1")
    assert done.gaps == []
    assert module.name in done.told
    assert module.name not in done.asked
    assert "deep.bin" in done.asked


@marks
def test_a_fork_imports_as_its_parent_does(run, module):
    done = run(
        THERE
        + f"""
import os
pid = os.fork()
if pid == 0:
    import {MODULE}
    os._exit(libc.open(b'deep.bin', 0) < 3)
assert os.waitpid(pid, 0)[1] == 0
"""
    )
    assert done.gaps == []
    assert module.name in done.told
    assert module.name not in done.asked
    assert "deep.bin" in done.asked


@pytest.mark.parametrize("folder", ["/proc/self/cwd", "/proc/self/fd/{fd}"])
def test_a_path_that_does_not_tell_which_file_is_meant_is_asked_about(run, module, folder):
    start = "import os, sys; fd = os.open('.', os.O_RDONLY)\n"
    done = run(THERE + start + f"sys.path.insert(0, f'{folder}')\nimport {MODULE}")
    assert done.gaps == []
    assert module.name in done.asked


def test_a_python_that_shuts_the_hook_out_is_asked_about_each_import(run, module):
    done = run(
        "import subprocess, sys\n"
        f"code = 'import sys; sys.path.insert(0, \".\"); import {MODULE}'\n"
        "subprocess.run([sys.executable, '-I', '-c', code], check=True)"
    )
    assert done.gaps == []
    assert module.name in done.asked


@marks
def test_a_hook_that_can_write_no_more_has_all_asked_and_says_so(run, module):
    done = run(
        THERE
        + f"""
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 15, 1 << 15))  # of its trace: the first part alone
for number in range(200): open(f'made-{{number:0200d}}', 'w').close()
import {MODULE}
"""
    )
    assert done.gaps == [FAILED]
    assert module.name in done.asked


def both(run, folder, **options):
    """Return what imports that fail print, without and with marks."""
    (folder / "broken.py").write_text("def f(:\n")
    (folder / "raises.py").write_text("import not_there_either\n")
    printed = []
    for start in ("libc = None\n", THERE):
        text = start + "import sys; sys.stdout = open('out.txt', 'w')\n" + FAILURES
        assert run(text, PYTHONDONTWRITEBYTECODE="1", **options).gaps == []
        printed.append((folder / "out.txt").read_text())
    assert printed[0].count("Traceback") == FAILING
    return printed


def test_errors_tracebacks_and_events_are_those_of_plain_imports(run, tmp_path):
    plain, marked = both(run, tmp_path)
    assert plain == marked


def test_other_pythons_read_marked_too(run, other_python, module, tmp_path):
    python, packages = other_python
    own = {"python": python, "packages": packages}
    plain, marked = both(run, tmp_path, **own)
    assert plain == marked
    done = run(IMPORTS, **own)
    assert done.gaps == []
    assert module.name in done.told
    assert "deep.bin" in done.asked
    assert (module.name in done.asked) == ("3.14" in packages[0])
