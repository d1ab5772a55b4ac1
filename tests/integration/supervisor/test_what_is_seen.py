"""Every file that any program of a run opens is seen, and nothing that it does not open."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from afield.runs.capture.supervisor.events import ExecEvent


def data(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return [str(folder / name) for name in names]


def test_what_each_program_of_a_pipeline_reads_and_writes_is_seen(watched, tmp_path):
    one, two = data(tmp_path, "one.txt", "two.txt")
    done = watched(["sh", "-c", "cat one.txt | cat - two.txt > out.txt; cat < one.txt"])
    assert (done.code, done.out, done.gaps) == (0, b"one.txt", [])
    assert {one, two} <= set(done.paths("read"))
    assert done.paths("new") == [str(tmp_path / "out.txt")]
    assert done.programs[0] == "sh"
    assert done.programs.count("cat") == 3


def test_a_library_that_opens_past_python_is_seen(python, tmp_path):
    (path,) = data(tmp_path, "c.bin")
    script = "import ctypes, sys; assert ctypes.CDLL(None).open(sys.argv[1].encode(), 0) > 2"
    done = python(script, path)
    assert done.code == 0
    assert path in done.paths("read")


def test_perl_reads_and_writes_under_watch(watched, tmp_path):
    if shutil.which("perl") is None:
        pytest.skip("not run: no perl here")
    (path,) = data(tmp_path, "in.txt")
    script = 'open(I, "in.txt"); open(O, ">>out.txt"); print O <I>; unlink("gone.txt")'
    done = watched(["perl", "-e", script])
    assert path in done.paths("read")
    assert done.paths("new") == [str(tmp_path / "out.txt")]


def test_the_facts_of_a_file_are_those_before_it_is_emptied(python, tmp_path):
    (path,) = data(tmp_path, "table.csv")
    before = (tmp_path / "table.csv").stat()
    done = python("open('table.csv', 'w').write('x')")
    (event,) = done.files("write")
    assert (event.path, event.inode, event.size_bytes) == (path, before.st_ino, len("table.csv"))
    assert event.mtime_ns == before.st_mtime_ns


def test_each_way_of_opening_is_told_apart(python, tmp_path):
    data(tmp_path, "r", "a", "u", "w", "t", "x", "c")
    script = """
import os
for name, mode in (('r', 'r'), ('a', 'a'), ('u', 'r+'), ('w', 'w'), ('fresh', 'w')):
    open(name, mode).close()
os.truncate('t', 1)
try: open('x', 'x')
except FileExistsError: pass
os.close(os.open('c', os.O_RDONLY | os.O_CREAT))
"""
    done = python(script)
    assert done.code == 0

    def names(verb):
        paths = map(Path, done.paths(verb))
        return {path.name for path in paths if path.is_relative_to(tmp_path)}

    assert names("read") == {"r", "c"}
    assert names("update") == {"a", "u", "t"}
    assert names("write") == {"w"}
    assert names("new") == {"fresh"}


def test_what_is_not_there_or_is_no_file_is_no_input(python, tmp_path):
    data(tmp_path, "folder/inside", "pathonly")
    os.mkfifo(tmp_path / "pipe")
    script = """
import os
for path in ('missing', 'folder', 'missing/deep', 'folder/inside/deep'):
    try: os.close(os.open(path, os.O_RDONLY))
    except OSError: pass
os.close(os.open('pipe', os.O_RDWR))
os.close(os.open('pathonly', os.O_PATH))
os.close(os.open('folder', os.O_RDONLY | os.O_DIRECTORY))
open('/dev/null').read(); open('/proc/self/stat').read()
"""
    done = python(script)
    assert done.code == 0
    seen = [path for path in done.paths("read", "write", "update", "new") if str(tmp_path) in path]
    assert seen == []
    assert not [path for path in done.paths("read") if path.startswith(("/dev/", "/proc/"))]


def test_relative_paths_start_where_the_process_stands_at_that_time(python, tmp_path):
    paths = data(tmp_path, "a/f", "b/f", "c/f", "c/d/g", "e")
    script = """
import os, threading
def read(folder):
    fd = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    os.close(os.open('f', os.O_RDONLY, dir_fd=fd)); os.close(fd)
os.chdir('a'); open('f').close()
thread = threading.Thread(target=lambda: os.chdir('../b')); thread.start(); thread.join()
open('./f').close()
read('../c')
os.chdir('/proc/self/cwd/../c/d'); open('g').close(); open('../../e').close()
"""
    done = python(script)
    assert done.code == 0
    assert [path for path in done.paths("read") if str(tmp_path) in path] == paths


def test_a_file_behind_a_descriptor_of_a_path_is_seen(python, tmp_path):
    path, stdin = data(tmp_path, "f", "stdin")
    script = """
import os
fd = os.open('f', os.O_PATH)
open(f'/proc/self/fd/{fd}').read(); open('/dev/stdin').read()
"""
    with Path(stdin).open() as stream:
        done = python(script, stdin=stream)
    assert done.code == 0
    assert [one for one in done.paths("read") if str(tmp_path) in one] == [path, stdin]


def test_a_file_that_is_renamed_into_place_is_told_by_both_names(python, tmp_path):
    (old,) = data(tmp_path, "out")
    script = """
import os
open('out.tmp', 'w').close(); os.replace('out.tmp', 'out'); os.rename('out', 'last')
os.link('last', 'hard'); os.symlink('last', 'soft'); os.unlink('hard')
try: os.rename('missing', 'x')
except OSError: pass
try: os.link('last', 'soft')
except OSError: pass
open('last').close()
"""
    done = python(script)
    assert done.code == 0
    moves = [(one.path, one.target, one.fresh) for one in done.files("rename")]
    at = str(tmp_path) + "/"
    assert moves == [(at + "out.tmp", old, False), (old, at + "last", True)]
    assert [one.target for one in done.files("link")] == [at + "hard", at + "soft"]
    assert done.paths("remove") == [at + "hard"]


def test_threads_that_read_at_once_are_all_seen(python, tmp_path):
    paths = data(tmp_path, *(f"{number}.txt" for number in range(200)))
    script = """
from concurrent.futures import ThreadPoolExecutor
def read(n):
    with open(f'{n}.txt') as stream: return stream.read()
with ThreadPoolExecutor(8) as pool: assert len(list(pool.map(read, range(200)))) == 200
"""
    done = python(script)
    assert done.code == 0
    assert set(paths) <= set(done.paths("read"))
    assert done.gaps == []


def test_many_short_processes_are_all_seen(python, tmp_path):
    paths = data(tmp_path, *(f"{number}.txt" for number in range(200)))
    script = """
import os
for n in range(200):
    if os.fork() == 0:
        os.close(os.open(f'{n}.txt', os.O_RDONLY)); os._exit(0)
for n in range(200): os.wait()
"""
    done = python(script)
    assert done.code == 0
    assert set(paths) <= set(done.paths("read"))
    assert done.gaps == []


def test_words_and_folder_of_a_program_are_told(watched, tmp_path):
    done = watched(["sh", "-c", "cd / && no-such-program; exec env X=1 true 'a b'"])
    told = [one for one in done.events if isinstance(one, ExecEvent)]
    assert [(Path(one.path).name, one.folder) for one in told] == [
        ("sh", str(tmp_path)),
        ("env", "/"),
        ("true", "/"),
    ]
    assert told[2].argv == ("true", "a b")


@pytest.mark.parametrize("flags", [("-static",), ("-static", "-pthread"), ()])
def test_a_compiled_program_is_seen(watched, tmp_path, flags):
    compiler = shutil.which("gcc")
    if compiler is None:
        pytest.skip("not run: no gcc here")
    source = tmp_path / "read.c"
    source.write_text("""
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
static void *work(void *name) { return (void *)(long)open(name, O_RDONLY); }
int main(void) {
  pthread_t threads[16]; char names[16][8]; void *fd;
  for (int i = 0; i < 16; i++) { snprintf(names[i], 8, "%d.bin", i);
    if (pthread_create(&threads[i], 0, work, names[i])) return 2; }
  for (int i = 0; i < 16; i++) { pthread_join(threads[i], &fd); if ((long)fd < 0) return 1; }
  return 0;
}""")
    built = subprocess.run([compiler, *flags, "-o", "read", source], cwd=tmp_path, check=False)
    if built.returncode:
        pytest.skip(f"not run: gcc cannot link with {flags}")
    paths = data(tmp_path, *(f"{number}.bin" for number in range(16)))
    done = watched(["./read"])
    assert done.code == 0
    assert set(paths) <= set(done.paths("read"))


def test_paths_after_an_exec_are_those_of_the_new_program(watched, tmp_path):
    """A child of `vfork` has its parent's memory, and the same addresses mean others after."""
    compiler = shutil.which("gcc")
    if compiler is None:
        pytest.skip("not run: no gcc here")
    source = tmp_path / "again.c"
    source.write_text("""
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
static char name[8];
int main(int count, char **words) {
  strcpy(name, count > 1 ? words[1] : "one");
  if (open(name, O_RDONLY) < 0) return 1;
  if (count > 1) return 0;
  if (vfork() == 0) { open(name, O_RDONLY); execl("./again", "again", "two", NULL); _exit(2); }
  int how; wait(&how); return how != 0;
}""")
    words = [compiler, "-no-pie", "-w", "-o", "again", source]
    if subprocess.run(words, cwd=tmp_path, check=False).returncode:
        pytest.skip("not run: gcc cannot place a program at a fixed address")
    paths = data(tmp_path, "one", "two")
    done = watched(["./again"])
    assert done.code == 0
    assert set(paths) <= set(done.paths("read"))


def test_a_path_is_seen_though_the_memory_after_it_is_not_there(python, tmp_path):
    paths = data(tmp_path, "0", "1", "2")
    script = """
import ctypes, mmap
libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
page = mmap.PAGESIZE
start = libc.mmap(None, 2 * page, 3, 0x22, -1, 0)
assert libc.munmap(start + page, page) == 0
for number in range(3):
    at = start + page - 2
    ctypes.memmove(at, b'%d' % number, 2)
    assert libc.open(ctypes.c_void_p(at), 0) > 2
"""
    done = python(script)
    assert done.code == 0
    assert set(paths) <= set(done.paths("read"))


def test_a_busybox_is_seen(watched, tmp_path):
    busybox = shutil.which("busybox")
    if busybox is None:
        pytest.skip("not run: no busybox here")
    (path,) = data(tmp_path, "f")
    assert path in watched([busybox, "cat", "f"]).paths("read")


def test_a_second_open_of_a_path_is_told_no_more(python, tmp_path):
    (path,) = data(tmp_path, "f")
    done = python("for _ in range(500): open('f').close()")
    assert done.paths("read").count(path) == 1


def test_what_cannot_be_followed_is_said(python, tmp_path):
    script = """
import ctypes
ctypes.CDLL(None).syscall(425, 1, 0)
"""
    done = python(script)
    assert done.gaps == ["a program used io_uring, which can open files unseen"]


def test_a_folder_of_another_root_is_said(python, tmp_path):
    if os.getuid() != 0:
        pytest.skip("not run: only root may change its root folder")
    done = python("import os; os.chroot('.')")
    assert done.gaps == ["a program changed its root folder"]


def test_a_name_with_bytes_that_are_no_text_is_told_as_it_is(python, tmp_path):
    name = tmp_path / os.fsdecode(b"caf\xe9\n.txt")
    name.touch()
    done = python("import os; os.close(os.open(b'caf\\xe9\\n.txt', 0))")
    assert str(name) in done.paths("read")


def test_a_path_of_the_greatest_length_is_told_whole(python, tmp_path):
    script = """
import os, sys
for n in range(15):
    os.mkdir('d' * 250); os.chdir('d' * 250)
os.close(os.open('f', os.O_CREAT | os.O_WRONLY))
os.chdir(sys.argv[1])
path = sys.argv[1] + ('/' + 'd' * 250) * 15 + '/f'
os.close(os.open(path, 0)); os.unlink(path)
for n in range(15, 0, -1): os.rmdir(sys.argv[1] + ('/' + 'd' * 250) * n)
"""
    done = python(script, str(tmp_path))
    assert done.code == 0
    assert [len(path) for path in done.paths("remove")] == [len(str(tmp_path)) + 251 * 15 + 2]
