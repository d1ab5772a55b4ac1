"""With the hook a program says, and ends, exactly what it does without."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from afield.runs.capture import entropy, inside

SCRIPTS = {
    "what can be seen of the interpreter": (
        "import sys, os, warnings, atexit, site\n"
        "print(sys.path, sys.argv, sys.flags, sys.dont_write_bytecode)\n"
        "print(sorted(set(sys.modules) - {'atexit', 'itertools', 'mmap', '_blake2', 'encodings.ascii'}))\n"
        "print([f.__name__ for f in [*sys.meta_path, *sys.path_hooks, sys.excepthook]])\n"
        "print(sorted(sys.path_importer_cache))\n"
        "print(warnings.filters, atexit._ncallbacks() > 9, sys.getrecursionlimit())\n"
        "print(sys.gettrace(), sys.getprofile(), __name__, __file__, __spec__)\n"
    ),
    "the order of exit handlers": (
        "import atexit\n[atexit.register(print, n) for n in range(3)]\n"
        "class End:\n    def __del__(self, open=open, path=__file__): print('deleted', open(path).read(5))\n"
        "end = End()\n"
    ),
    "an exception": "import random\ndef f():\n    raise ValueError('no')\nf()",
    "a syntax error": "def (:",
    "an exit code": "import sys; sys.exit(7)",
    "a hard exit": "import os; print(1, flush=True); os._exit(5)",
    "a signal to itself": "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
    "an abort": "import os; os.abort()",
    "errors of open": (
        "import os, pathlib\n"
        "for bad in ('none', '', b'none', 99, -1, None, 2.5, '\\0', '\\udcff', '\\ud800', [],\n"
        "            pathlib.Path('none'), '/', 'x' * 5000):\n"
        "    for mode in ('r', 'w', 'q'):\n"
        "        try: open(bad, mode).close()\n"
        "        except BaseException as error: print(type(error), error)\n"
        "    for call in (os.remove, os.listdir, os.chdir, os.rmdir):\n"
        "        try: print(call(bad))\n"
        "        except BaseException as error: print(type(error), error)\n"
        "class Path:\n    def __fspath__(self): print('asked'); return 'asked.txt'\n"
        "open(Path(), 'w').close(); os.close(os.open(Path(), os.O_RDONLY)); os.remove(Path())\n"
        "class Bad:\n    def __fspath__(self): raise KeyError('mine')\n"
        "for call in (open, os.remove, lambda p: os.open(p, 0)):\n"
        "    try: call(Bad())\n    except KeyError as error: print(error)\n"
    ),
    "relative paths below chdir": (
        "import os\nos.mkdir('a'); open('f', 'w').write('1')\nos.chdir('a')\n"
        "open('f', 'w').write('22')\nprint(os.listdir('.'), os.getcwd()[-2:], open('../f').read())\n"
        "os.remove('f'); os.remove('../f'); os.chdir('..'); os.rmdir('a')\n"
    ),
    "a folder that was deleted below it": (
        "import os, tempfile\nfolder = tempfile.mkdtemp()\nos.chdir(folder); os.rmdir(folder)\n"
        "for call in (lambda: open('x'), lambda: open('x', 'w'), os.getcwd, lambda: os.listdir('.')):\n"
        "    try: print(call())\n    except OSError as error: print(type(error), error)\n"
    ),
    "200 threads that open files": (
        "import threading, os\n"
        "def work(n):\n    for m in range(20):\n        path = f't{n}-{m}'\n"
        "        open(path, 'w').write('x' * n); assert len(open(path).read()) == n; os.remove(path)\n"
        "threads = [threading.Thread(target=work, args=(n,)) for n in range(200)]\n"
        "[t.start() for t in threads]; [t.join() for t in threads]; print('done')\n"
    ),
    "an alarm while it opens files": (
        "import signal, time\nclass Late(Exception): pass\n"
        "def ring(*_): raise Late\nsignal.signal(signal.SIGALRM, ring)\nrings = 0\n"
        "for n in range(40):\n    m = 0\n"
        "    try:\n        signal.setitimer(signal.ITIMER_REAL, 0.002)\n"
        "        while True:\n            m += 1\n"
        "            try: open(f'/no/such/{n}/{m}')\n            except OSError: pass\n"
        "    except Late: rings += 1\nprint(rings)\n"
    ),
    "deep recursion": (
        "def deep(n):\n    try: return deep(n + 1)\n    except RecursionError: return n > 900\n"
        "print(deep(0), open(__file__).read(3))\n"
    ),
    "its own audit hook": (
        "import sys\nseen = []\nsys.addaudithook(lambda e, a: seen.append(e) if e == 'mine' else None)\n"
        "sys.audit('mine', 1); print(seen)\n"
    ),
    "warnings as errors": "import warnings; warnings.simplefilter('error'); import random; print(1)",
    "fork and wait": (
        "import os\npid = os.fork()\nif pid == 0: print('child', flush=True); os._exit(3)\n"
        "print(os.WEXITSTATUS(os.waitpid(pid, 0)[1]))\n"
    ),
    "a shell pipe": "import os; print(os.popen('echo a | tr a b').read())",
    "a daemon that closes all descriptors and uses their numbers": (
        "import os, time\nos.closerange(3, 64)\nheld = [open(f'held{n}', 'w') for n in range(8)]\n"
        "for n in range(3000):\n"
        "    try: open(f'/no/such/{n}')\n    except OSError: pass\n"
        "if os.fork() == 0:\n    open('forked', 'w').write('x'); os._exit(0)\nos.wait()\n"
        "[file.write('kept') for file in held]; [file.close() for file in held]\n"
        "print([open(f'held{n}').read() for n in range(8)])\n"
    ),
    "keyboard interrupts while it opens files": (
        "import signal, os, threading\nrings = 0\n"
        "signal.signal(signal.SIGALRM, signal.default_int_handler)\n"
        "for n in range(30):\n    try:\n        signal.setitimer(signal.ITIMER_REAL, 0.002)\n"
        "        m = 0\n        while True:\n            m += 1\n"
        "            try: open(f'/no/such/{n}/{m}')\n            except OSError: pass\n"
        "    except KeyboardInterrupt: rings += 1\nprint(rings)\n"
    ),
    "a hard limit of files": (
        "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (8, 8))\nheld = []\n"
        "try:\n    while True: held.append(open('/dev/null'))\n"
        "except OSError as error: print(len(held) >= 4, error)  # one may be ours before 3.13\n"
    ),
    "a hard limit of file size": (
        "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "for n in range(2000):\n"
        "    try: open(f'/no/such/{n}')\n    except OSError: pass\n"
        "try: open('big', 'w').write('x' * 9999)\nexcept OSError as error: print(error)\n"
    ),
}

LOADED_WHEN_NEEDED = {
    "_afield_late",
    "_afield_marked",
    "_afield_kernels",
    "_afield_libraries",
    "_afield_importlib_bootstrap",
}


def both(runner, *argv, **options):
    hooked = runner.run(*argv, check=False, **options)
    plain = runner.run(*argv, check=False, watch=False, **options)
    assert hooked.out == plain.out
    assert hooked.err == plain.err
    assert hooked.code == plain.code
    return hooked


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_behaves_as_without_the_hook(name, runner):
    assert both(runner, runner.script(SCRIPTS[name])).trace.active


# A few modules in C are all that stays loaded (and a codec, by Python's development mode).
SEE = (
    "import sys, os; print(sys.path, sys.argv, __name__, os.getcwd(),"
    "sorted(set(sys.modules) - {'atexit', 'itertools', 'mmap', '_blake2', 'encodings.ascii'}))"
)


@pytest.mark.parametrize("flags", [[], ["-O"], ["-B"], ["-u"], ["-W", "error"], ["-X", "dev"]])
def test_flags_of_python_behave_as_without_the_hook(runner, flags):
    assert both(runner, *flags, "-c", SEE, "x", "--y").trace.active


@pytest.mark.parametrize("flag", ["-I", "-E", "-S"])
def test_a_python_that_cannot_load_the_hook_is_known_by_its_absence(runner, flag):
    argv = [flag, "-c", "print(1)"]
    ran = both(runner, *argv)
    assert not ran.trace.active
    parent = runner.text(f"import subprocess, sys; subprocess.run([sys.executable, *{argv}])")
    assert [command.argv[1:] for command in parent.trace.unhooked()] == [tuple(argv)]


def test_modules_packages_and_zipapps_run_as_without_the_hook(runner):
    package = runner.folder / "package"
    package.mkdir()
    (package / "__init__.py").write_text("print('init')")
    (package / "__main__.py").write_text(SEE)
    assert both(runner, "-m", "package", "x").trace.active
    assert both(runner, str(package), "x").trace.active
    with zipfile.ZipFile(runner.folder / "app.pyz", "w") as archive:
        archive.writestr("__main__.py", SEE + "; import random; print(random.seed(1))")
    assert both(runner, "app.pyz", "x").trace.active


def test_a_script_from_standard_input_runs_as_without_the_hook(runner):
    path = runner.script(SEE)
    both(
        runner,
        "-c",
        f"import subprocess, sys; subprocess.run([sys.executable], stdin=open({path!r}))",
    )


def test_the_persons_own_sitecustomize_is_loaded_as_without_the_hook(runner):
    own = runner.folder / "own"
    own.mkdir()
    (own / "sitecustomize.py").write_text(
        "import sys, builtins; builtins.mine = __name__, __file__, __spec__.name; print(sys.path)"
    )
    (own / "usercustomize.py").write_text("print('user', __file__)")
    runner.extra = {"PYTHONPATH": str(own)}
    text = "import sys; print(mine, sys.modules['sitecustomize'].__file__)"
    ran = both(runner, "-c", text)
    assert b"own/sitecustomize.py" in ran.out
    (own / "sitecustomize.py").write_text("raise RuntimeError('mine')")
    assert b"mine" in both(runner, "-c", "print(1)").err
    (own / "sitecustomize.py").write_text("import not_there")
    both(runner, "-c", "print(1)")


def test_a_trace_folder_that_vanishes_or_fills_disturbs_nobody(runner):
    path = runner.script("import random, os\nprint(open(__file__).read(6), random.random() < 1)\n")
    plain = runner.run(path, watch=False)
    environ = runner.plan(seed="11" * 32, watch=True)
    for folder in ("/no/such/folder", "/dev/full", "/proc/self", "/"):
        environ["AFIELD_TRACE_FOLDER"] = folder if os.getuid() else folder.replace("/", "/no", 1)
        done = subprocess.run([runner.python, path], env=environ, capture_output=True, check=True)
        assert (done.stdout, done.stderr) == (plain.out, plain.err)
    bad = environ | {"AFIELD_RUN_SEED": "no hex"}
    done = subprocess.run([runner.python, path], env=bad, capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (plain.out, plain.err)


def test_a_run_inside_a_run_is_watched_by_the_inner_one_only(runner):
    outer = runner.plan(seed="22" * 32, watch=True)
    inner = inside.environ("/inner", outer, entropy=entropy.plan(seed=True), trace=True)
    assert inner["PYTHONPATH"].split(os.pathsep).count(inside.HOOK_FOLDER) == 1
    assert inner["AFIELD_TRACE_FOLDER"] == "/inner"


@pytest.mark.parametrize("version", ["2.7", "3.6"])
def test_pythons_too_old_to_be_watched_run_as_without_the_hook(runner, version):
    found = sorted(Path("~/.pyenv/versions").expanduser().glob(f"{version}.*/bin/python"))
    if not found:
        pytest.skip(f"not run: no Python {version} under ~/.pyenv/versions")
    runner.python = str(found[0])
    text = "import sys; print(sys.path); print(sorted(sys.modules)); print(sys.dont_write_bytecode)"
    assert not both(runner, "-c", text).trace.active


def test_other_pythons_behave_as_without_the_hook(runner, other_python):
    runner.python = other_python
    for name in ("what can be seen of the interpreter", "errors of open", "fork and wait"):
        assert both(runner, runner.script(SCRIPTS[name])).trace.active


def test_the_hook_is_compiled_once_whatever_python_was_told(runner):
    """Compiling it at each start would cost 8 ms; `benchmarks/trace.py` times the rest."""
    copy = runner.folder / "hook"
    shutil.copytree(inside.HOOK_FOLDER, copy, ignore=shutil.ignore_patterns("__pycache__"))
    environ = runner.plan(seed="33" * 32, watch=True)
    environ |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(copy)}
    text = "import sys; sys.path.insert(0, '.'); import mine; print(sys.dont_write_bytecode)"
    (runner.folder / "mine.py").write_text("")
    done = subprocess.run(
        [sys.executable, "-c", text],
        env=environ,
        cwd=runner.folder,
        capture_output=True,
        check=True,
    )
    assert done.stdout == b"True\n"
    compiled = {name.partition(".")[0] for name in os.listdir(copy / "__pycache__")}
    assert compiled == {path.stem for path in copy.glob("*.py")} - LOADED_WHEN_NEEDED
    assert not (runner.folder / "__pycache__").exists()
