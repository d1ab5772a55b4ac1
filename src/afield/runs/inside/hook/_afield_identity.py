"""Who this process is in the run's tree of processes: unique, and the same when repeated.

An identity is 32 hex digits derived from the parent's, from what tells siblings apart, and
from an ordinal that is claimed in the trace folder. No two processes of a run ever get the
same one; a repetition that starts its processes in the same order gets the same ones.
"""

import os
import sys
from _thread import get_ident
from itertools import count

try:
    from _blake2 import blake2b
except ImportError:  # an interpreter built without it
    from hashlib import blake2b

ANCESTORS_MAX = 64
_DIGITS = dict.fromkeys(range(48, 58))


def derive(*parts):
    """Return 32 hex digits that stand for these texts."""
    joined = "\0".join(parts).encode("utf-8", "surrogateescape")
    return blake2b(joined, digest_size=16).hexdigest()


class Identity:
    """The identity of this process; it changes in the child of a fork."""

    def __init__(self, folder, argv):
        self.folder = folder
        self.pid = os.getpid()
        self.parent = find_parent(folder)
        self.value = self.claim(signature(argv))
        self.forks = count()
        self.forking = {}
        self.published = False
        self.publish()

    def claim(self, what):
        """Take the next ordinal among the siblings that are told apart by `what` alone."""
        key = derive(self.parent, what)
        return derive(key, str(next_ordinal(os.path.join(self.folder, "claim-" + key))))

    def publish(self):
        """Let children that are started from now on find their parent."""
        if self.published:
            return
        self.published = True
        path = os.path.join(self.folder, "%d.id" % self.pid)
        fd = os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(fd, self.value.encode())
        finally:
            os.close(fd)
        os.replace(path + ".new", path)

    def before_fork(self):
        """Number the fork that this thread is about to make."""
        self.forking[get_ident()] = next(self.forks)

    def after_fork(self):
        """Become the child: by the number of the fork when it was made with handlers."""
        number = self.forking.pop(get_ident(), None)
        self.pid = os.getpid()
        self.parent = self.value
        what = "fork %s" % ("by C" if number is None else number)
        self.value = self.claim(what) if number is None else derive(self.parent, what)
        self.forks = count()
        self.forking = {}
        self.published = False

    def name(self, name):
        """Take the name that the parent gave (a pool's worker): steadier than the start's order."""
        self.value = self.claim("named " + name)
        self.published = False


def signature(argv):
    """Return what tells a command from its siblings: no folders, no numbers of descriptors."""
    parts = []
    previous = ""
    for arg in argv:
        if "tracker_fd=" in arg or "pipe_handle=" in arg or previous == "--pipe":
            parts.append(arg.rpartition("/")[2].translate(_DIGITS))
        else:
            parts.append(arg.rpartition("/")[2])
        previous = arg
    return "\n".join(parts)


def command_line():
    """Return the command line of this process as it was started."""
    argv = getattr(sys, "orig_argv", None)
    if argv:
        return list(argv)
    try:
        fd = os.open("/proc/self/cmdline", os.O_RDONLY)
    except OSError:
        return list(getattr(sys, "argv", None) or [])
    try:
        return os.fsdecode(os.read(fd, 1 << 20)).split("\0")[:-1]
    finally:
        os.close(fd)


def find_parent(folder):
    """Return the identity of the nearest ancestor that has one (this process after exec too)."""
    pid = os.getpid()
    for _ in range(ANCESTORS_MAX):
        found = read_small(os.path.join(folder, "%d.id" % pid))
        if found:
            return found
        pid = os.getppid() if pid == os.getpid() else parent_of(pid)
        if pid <= 1:
            break
    return "root"


def parent_of(pid):
    """Return the parent of a process, 0 when it cannot be known."""
    words = read_small("/proc/%d/stat" % pid).rpartition(")")[2].split()
    return int(words[1]) if len(words) > 1 else 0


def read_small(path):
    """Return the text of a small file, nothing when there is none."""
    try:
        fd = os.open(path, os.O_RDONLY)
    except OSError:
        return ""
    try:
        return os.read(fd, 4096).decode("utf-8", "replace")
    finally:
        os.close(fd)


def next_ordinal(path):
    """Return how many processes called this before with the same path, atomically."""
    if os.name != "posix":
        return _next_ordinal_exclusive(path)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(fd, b".")
        # Appending moved this descriptor to the end of its own byte, whoever else appends.
        return os.lseek(fd, 0, os.SEEK_CUR) - 1
    finally:
        os.close(fd)


def _next_ordinal_exclusive(path):
    for ordinal in count():
        try:
            os.close(os.open("%s-%d" % (path, ordinal), os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        except FileExistsError:
            continue
        return ordinal
    raise AssertionError("unreachable")
