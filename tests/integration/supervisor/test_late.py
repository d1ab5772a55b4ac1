"""A Python that loads the hook runs without the filter until it could read past Python's events.

Each script reads `plain.txt` in Python, then `deep.bin` in a way of its own. Take one name out of
the lists of `_afield_late`, or put one of these into `PROVEN`, and a test here fails.
"""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import signal
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from afield.runs.capture import inside

DIED = "the supervisor died: nothing was seen from then on"
TOO_LATE = "the hook failed, or could not call the supervisor in time"
NOT_ASKED, ASKED = 1, 3

LIBC = "import ctypes; libc = ctypes.CDLL(None)\n"

CTYPES = "import importlib; ctypes = importlib.import_module('_ctypes')\n"

READS_PAST = {
    "ctypes": LIBC + "assert libc.open(b'deep.bin', 0) > 2",
    "ctypes-by-name": CTYPES
    + """
address = ctypes.dlsym(ctypes.dlopen(None, 0), 'open')
assert ctypes.call_function(address, (b'deep.bin', 0)) > 2
""",
    "a-library-of-C++": "import pyarrow; pyarrow.OSFile('deep.bin').read()",
    "subprocess": "import subprocess; subprocess.run(['cat', 'deep.bin'], check=True)",
    "os.system": "import os; assert os.system('cat deep.bin') == 0",
    "os.posix_spawn": """
import os
os.waitpid(os.posix_spawn('/bin/cat', ['cat', 'deep.bin'], os.environ), 0)
""",
    "os.execv": "import os; os.execv('/bin/cat', ['cat', 'deep.bin'])",
    "os.spawnv": "import os; os.spawnv(os.P_WAIT, '/bin/cat', ['cat', 'deep.bin'])",
    "os.forkpty": """
import os
pid, fd = os.forkpty()
if pid == 0: os.execv('/bin/true', ['true'])
os.waitpid(pid, 0)
import ctypes
assert ctypes.CDLL(None).open(b'deep.bin', 0) > 2
""",
    "a-fork-that-reads-by-C": """
import os
pid = os.fork()
if pid == 0:
    import ctypes
    os._exit(ctypes.CDLL(None).open(b'deep.bin', 0) < 3)
assert os.waitpid(pid, 0)[1] == 0
""",
    "multiprocessing": """
from multiprocessing.util import spawnv_passfds
import os
os.waitpid(spawnv_passfds(b'/bin/cat', [b'cat', b'deep.bin'], [1]), 0)
""",
    "sqlite3": """
import sqlite3
try: sqlite3.connect('deep.bin').execute('select * from x')
except sqlite3.DatabaseError: pass
""",
    "ssl": """
import ssl
try: ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations('deep.bin')
except ssl.SSLError: pass
""",
    "readline": "import readline; readline.read_history_file('deep.bin')",
    "a-thread-that-was-there": """
import threading
there, given, done = threading.Event(), threading.Event(), []
def work():
    there.set(); given.wait(); done.append(libc.open(b'deep.bin', 0))
thread = threading.Thread(target=work); thread.start(); there.wait()
import ctypes; libc = ctypes.CDLL(None)
given.set(); thread.join(); assert done[0] > 2
""",
    "from-a-descriptor": """
import os
fd = os.open(os.getcwd(), os.O_RDONLY)
os.open('deep.bin', os.O_RDONLY, dir_fd=fd)
""",
    "from-a-descriptor-by-a-name-that-is-known": """
import os
fd = os.open(os.getcwd(), os.O_RDONLY)
os.mkdir('other'); os.chdir('other'); open('deep.bin', 'w').close(); open('deep.bin').close()
os.open('deep.bin', os.O_RDONLY, dir_fd=fd)
""",
    "through-proc": "open('/proc/self/cwd/deep.bin').read()",
    "through-a-descriptor": """
import os
fd = os.open(os.path.abspath('deep.bin'), os.O_RDONLY)
open(f'/dev/fd/{fd}').read()
""",
    "another-interpreter": """
try: import _interpreters as those
except ImportError: import _xxsubinterpreters as those
those.run_string(those.create(), "open('deep.bin').read()")
""",
    "with-all-descriptors-closed": "import os; os.closerange(3, 256)\n"
    + LIBC
    + "assert libc.open(b'deep.bin', 0) > 2",
}

IS_ASKED = {
    "standard-input": "open('/dev/stdin')",
    "a-locale-of-a-path": """
import locale
try: locale.setlocale(locale.LC_CTYPE, '/no/such')
except locale.Error: pass
""",
    "texts-of-a-path": "import locale; locale.bindtextdomain('x', '.')",
    "a-zone-of-a-path": "import os, time; os.environ['TZ'] = ':/no/such'; time.tzset()",
    "a-built-in-module-that-is-not-known": "import importlib, sys\n"
    "name = 'xxsubtype' if 'xxsubtype' in sys.builtin_module_names else '_posixshmem'\n"
    "importlib.import_module(name)",
    "shared-memory": "import _posixshmem",
    "semaphores": "import _multiprocessing",
    "pointers": "import _ctypes",
    "a-library-by-hand": CTYPES + "ctypes.dlopen('libm.so.6', 0)",
    "a-call-of-an-address": CTYPES + "ctypes.call_function(ctypes._memmove_addr, (b'', b'', 0))",
    "memory": CTYPES
    + """
Number = type('Number', (ctypes._SimpleCData,), {'_type_': 'l'})
Number.from_address(id(Number))
""",
    "os.unshare": """
import os
try: os.unshare(0)
except AttributeError: import _ctypes
""",
}

IS_ASKED |= {
    name: f"import os; os.environ[{name!r}] = 'x'"
    for name in (
        *("TZDIR", "LOCPATH", "NLSPATH", "GCONV_PATH", "HOSTALIASES", "RESOLV_HOST_CONF"),
        *("OPENSSL_CONF", "OPENSSL_MODULES", "OPENSSL_ENGINES"),
    )
}
IS_ASKED |= {name: f"import os; os.environ[{name!r}] = '/x'" for name in ("LC_ALL", "LANG")}

NEEDS_NOBODY = """
import array, argparse, base64, bz2, calendar, collections, csv, datetime, decimal, fractions
import gettext, glob, gzip, hashlib, heapq, io, itertools, json, locale, lzma, math, mmap, os
import pathlib, pickle, queue, random, re, resource, select, shutil, socket, statistics, string
import struct, tempfile, threading, time, unicodedata, uuid, warnings, zipfile, zlib, zoneinfo
import xml.etree.ElementTree, fcntl, grp, pwd, termios, timeit, traceback, logging
datetime.datetime.strptime('2026-01-02', '%Y-%m-%d'); time.strftime('%c')
locale.setlocale(locale.LC_ALL, 'C'); random.random(); uuid.uuid4()
hashlib.sha256(open('plain.txt', 'rb').read()).hexdigest()
pathlib.Path('made.json').write_text(json.dumps({'x': math.pi}))
with tempfile.NamedTemporaryFile() as stream: stream.write(b'x')
with zipfile.ZipFile('made.zip', 'w') as file: file.write('plain.txt')
with open('plain.txt', 'rb') as stream: mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)[:2]
threads = [threading.Thread(target=lambda: open('plain.txt').read()) for _ in range(4)]
for one in threads: one.start()
for one in threads: one.join()
os.open(os.path.abspath('plain.txt'), os.O_RDONLY)
os.environ['TZ'] = 'Europe/Berlin'; os.environ['OTHER'] = '/x'; time.tzset(); pwd.getpwuid(0)
open('/proc/self/status').read(); open('/dev/null').read()
shutil.copy('plain.txt', 'copy.txt'); os.remove('copy.txt')
"""


@pytest.mark.parametrize("way", READS_PAST)
def test_what_is_read_past_python_is_seen_though_the_filter_came_late(run, way):
    if way in {"readline", "sqlite3", "ssl"} and importlib.util.find_spec(way) is None:
        pytest.skip(f"not run: this Python has no {way}")
    done = run(READS_PAST[way])
    assert done.gaps == []
    assert "deep.bin" in done.asked
    assert "plain.txt" not in done.asked, "the filter was there from the start"
    assert "plain.txt" in done.told
    assert done.trace.faults == ()


@pytest.mark.parametrize("what", IS_ASKED)
def test_what_could_read_past_python_brings_the_filter(run, what):
    done = run(IS_ASKED[what])
    assert (done.state, done.gaps) == (ASKED, [])


def test_a_script_of_the_standard_library_needs_no_filter(run):
    done = run(NEEDS_NOBODY)
    assert (done.state, done.gaps, done.events) == (NOT_ASKED, [], [])
    assert {"plain.txt", "made.json", "made.zip"} <= done.told


def test_a_thread_looks_where_only_parents_may(run):
    done = run(READS_PAST["a-thread-that-was-there"], apart=False)
    assert (done.state, done.gaps) == (ASKED, [])
    assert "deep.bin" in done.asked


def test_a_root_that_was_changed_is_said(run):
    if os.getuid() != 0:
        pytest.skip("not run: only root changes its root folder")
    done = run("import os; os.chroot('.'); open('/deep.bin').read()")
    assert done.gaps == ["a program changed its root folder"]


def test_code_of_the_person_that_comes_in_between_waits_for_nobody(run):
    """A signal's handler and finalizers open files while the filter is put on."""
    done = run("""
import gc, signal, sys
class Thing:
    def __init__(self): self.me = self
    def __del__(self): open('plain.txt').close()
heard = []
def handle(*_):
    heard.append(open('plain.txt').close())
def audit(event, args):
    if event == 'socket.sendmsg' and not heard:
        for _ in range(100): Thing()
        signal.setitimer(signal.ITIMER_REAL, 0.000001)
gc.set_threshold(10, 1, 1)
signal.signal(signal.SIGALRM, handle)
sys.addaudithook(audit)
import ctypes
while not heard: pass
assert gc.isenabled() and ctypes.CDLL(None).open(b'deep.bin', 0) > 2
""")
    assert "deep.bin" in done.asked
    assert done.gaps == []


def test_threads_that_call_at_once_wait_for_each_other(run):
    done = run("""
import os, threading
go = threading.Barrier(8)
def work():
    go.wait()
    pid = os.fork()
    if pid == 0: os.execv('/bin/cat', ['cat', 'deep.bin'])
    os.waitpid(pid, 0)
import warnings; warnings.simplefilter('ignore')
threads = [threading.Thread(target=work) for _ in range(8)]
for one in threads: one.start()
for one in threads: one.join()
""")
    assert (done.state, done.gaps) == (ASKED, [])
    assert "deep.bin" in done.asked


WAITING = "print(flush=True); input()\n"


def told_to_go_on(act):
    def during(supervisor, process):
        process.stdout.readline()
        act(supervisor)
        process.stdin.write(b"\n")
        process.stdin.flush()

    return during


def test_a_stand_that_is_gone_before_the_call_leaves_a_run_that_goes_on(run):
    def kill(supervisor):
        os.kill(supervisor.guard, signal.SIGKILL)

    done = run(WAITING + READS_PAST["ctypes"], during=told_to_go_on(kill))
    assert (done.state, done.gaps) == (ASKED, [DIED])


def test_a_run_whose_supervisor_is_gone_goes_on_and_says_so(run):
    done = run(WAITING + READS_PAST["ctypes"], during=told_to_go_on(lambda one: one.stop()))
    assert TOO_LATE in done.gaps
    assert done.trace.faults


def test_a_filter_that_cannot_be_had_is_said(run):
    done = run("""
import os, resource
resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
os.fork() or os._exit(0)
os.wait()
""")
    assert done.gaps == [TOO_LATE]


def test_a_fault_of_the_hook_is_said(run):
    """Where the trace cannot be written, not all that Python opens is told."""
    done = run("""
import os, shutil
shutil.rmtree(os.environ['AFIELD_TRACE_FOLDER'])
for number in range(3000): open(f'made-{number:0200d}'[:250], 'w').close()
""")
    assert done.gaps


def test_a_python_that_did_not_load_the_hook_is_said(run):
    done = run("", "-S")
    assert done.gaps == ["the command's Python did not load the hook"]


def test_packages_that_nobody_looked_at_are_said(run):
    (gap,) = run("", packages=[]).gaps
    assert gap.startswith("something ran before the hook: ")


def test_code_that_python_loads_before_the_hook_is_said(run, tmp_path):
    own = tmp_path / "own" / "encodings"
    own.mkdir(parents=True)
    theirs = Path(os.__file__).parent / "encodings"
    (own / "__init__.py").write_text(f"""
from _frozen_importlib_external import SourceFileLoader
__path__ = [{str(theirs)!r}]
exec(SourceFileLoader("encodings", {str(theirs / "__init__.py")!r}).get_code("encodings"))
""")
    path = os.pathsep.join([inside.HOOK_FOLDER, str(own.parent)])
    (gap,) = run("", PYTHONPATH=path).gaps
    assert gap == f"something ran before the hook: {own / '__init__.py'}"


OPENS = re.compile(
    rb"\0(open|open64|openat|fopen|fopen64|freopen|creat|shm_open|sem_open|dlopen|dbm_open|popen"
    rb"|system|fork|vfork|execv|execve|posix_spawn|_Py_open|_Py_open_noraise|_Py_fopen_obj)(@\w+)?\0"
)


def test_no_library_that_is_proven_calls_what_opens_a_file():
    """Their names of symbols are looked at; what libraries below them open is in decision 0009."""
    text = (Path(inside.HOOK_FOLDER) / "_afield_late.py").read_text()
    (names,) = (
        ast.literal_eval(one.value.args[0])
        for one in ast.parse(text).body
        if isinstance(one, ast.Assign) and ast.unparse(one.targets[0]) == "PROVEN"
    )
    folder = Path(os.__file__).parent / "lib-dynload"
    files = [path for path in folder.glob("*.so") if path.name.partition(".")[0] in names]
    if not files:
        pytest.skip("not run: this Python has its libraries built in")
    assert [path.name for path in files if OPENS.search(_symbols(path))] == []


def _symbols(path):
    """Return the names that a library of 64 bits links by: its section `.dynstr`."""
    data = path.read_bytes()
    (start,) = struct.unpack_from("<Q", data, 0x28)
    size, count, names = struct.unpack_from("<3H", data, 0x3A)
    sections = [struct.unpack_from("<IIQQQQ", data, start + size * n) for n in range(count)]
    found = {}
    for name, _, _, _, at, length in sections:
        label = data[sections[names][4] + name :].partition(b"\0")[0]
        found[label] = data[at : at + length]
    return found[b".dynstr"]


def test_other_pythons_call_in_time_too(run, other_python, tmp_path):
    python, packages = other_python
    own = {"python": python, "packages": packages}
    for way in (
        *("ctypes", "ctypes-by-name", "subprocess", "a-fork-that-reads-by-C", "multiprocessing"),
        *("sqlite3", "a-thread-that-was-there", "another-interpreter"),
    ):
        done = run(READS_PAST[way], **own)
        assert (way, done.gaps, "deep.bin" in done.asked) == (way, [], True)
    assert run(IS_ASKED["os.unshare"], **own).state == ASKED
    assert run(NEEDS_NOBODY, **own).state == NOT_ASKED


def test_a_library_that_keeps_a_file_as_it_is_loaded_takes_no_number_of_the_persons(tmp_path):
    script = tmp_path / "low.py"
    script.write_text(
        "import os, _afield_late\n"
        "os.close(0)\n"
        "with _afield_late.LowNumbersTaken():\n"
        "    kept = os.open(os.devnull, 0)\n"
        "assert kept >= 64, kept\n"
        "assert os.open(os.devnull, 0) == 0\n"
    )
    hook = Path(inside.__file__).parent / "hook"
    environ = {**os.environ, "PYTHONPATH": str(hook), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, "-S", script], env=environ, check=True, timeout=120)
