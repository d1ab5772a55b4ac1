"""Who this process is in the run's tree of processes: unique, and the same when repeated.

An identity is 32 hex digits derived from the parent's, from what tells siblings apart, and
from an ordinal: how many have claimed the same before, by their records in one append-only
file of the run. No two processes ever get the same one; a repetition that starts its
processes in the same order gets the same ones.
"""

import os
import sys
from _thread import get_ident
from itertools import count
from time import sleep

try:
    from _blake2 import blake2b
except ImportError:  # an interpreter built without it
    from hashlib import blake2b

ANCESTORS_MAX = 64
RANKS = (
    "RANK", "GROUP_RANK", "LOCAL_RANK", "NODE_RANK", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK",
    "PMI_RANK", "PMIX_RANK", "MV2_COMM_WORLD_RANK", "JAX_PROCESS_ID", "TPU_WORKER_ID",
)  # fmt: skip
RECORD_BYTES = 40  # 8 of the process id, 32 of the key
_DIGITS = dict.fromkeys(range(48, 58))


def derive(*parts):
    """Return 32 hex digits that stand for these texts."""
    joined = "\0".join(parts).encode("utf-8", "surrogateescape")
    return blake2b(joined, digest_size=16).hexdigest()


class Identity:
    """The identity of this process; it changes in the child of a fork."""

    def __init__(self, folder, argv):
        self.claims = os.path.join(folder, "processes")
        self.parent = find_parent(read_whole(self.claims))
        self.begin()
        self.claim("\n".join([signature(argv[1:]), *ranks()]))

    def begin(self):
        """Forget what belongs to another process."""
        self.pid = os.getpid()
        self.forks = count()
        self.forking = {}

    def claim(self, what):
        """Become the next of the parent's children that are told apart by `what` alone."""
        self.become(derive(self.parent, what))
        self.publish()

    def become(self, key):
        """Take the first identity of a key that nobody else can have."""
        self.key = key
        self.value = derive(key, "0")
        self.published = False

    def publish(self):
        """Record the claim; children that are started from now on find their parent by it."""
        if not self.published:
            self.published = True
            record = b"%8d%s" % (self.pid, self.key.encode())
            self.value = derive(self.key, str(append(self.claims, record)))

    def before_fork(self):
        """Number the fork that this thread is about to make."""
        self.forking[get_ident()] = next(self.forks)

    def after_fork(self):
        """Become the child: by the number of the fork when it was made with handlers."""
        number = self.forking.get(get_ident())
        self.parent = self.value
        self.begin()
        if number is None:
            self.claim("fork by C")
        else:
            self.become(derive(self.parent, "fork %d" % number))

    def name(self, name):
        """Take the name that the parent gave (a pool's worker): steadier than the start's order."""
        self.claim("named " + name)


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


def ranks():
    """Return which of several like it a process was started as (torchrun, MPI, Slurm), if any.

    Such processes have one command line, and start in whatever order.
    """
    found = [(name, os.environ.get(name)) for name in RANKS]
    return ["%s=%s" % (name, value) for name, value in found if value]


def command_line():
    """Return the command line of this process as it was started."""
    argv = getattr(sys, "orig_argv", None)
    if argv:
        return list(argv)
    words = os.fsdecode(read_whole("/proc/self/cmdline")).split("\0")[:-1]
    return words or list(getattr(sys, "argv", None) or [])


def find_parent(records):
    """Return the identity of the nearest ancestor that has one (this process before an exec)."""
    root = int(os.environ.get("AFIELD_RUN_PID") or 0)
    pid = os.getpid()
    for _ in range(ANCESTORS_MAX):
        found = last_of(records, pid)
        if found:
            return found
        pid = os.getppid() if pid == os.getpid() else parent_of(pid)
        if pid <= 1 or pid == root:
            break
    return "root"


def last_of(records, pid):
    """Return the identity that a process took last, nothing when it took none."""
    at = len(records)
    while True:
        at = records.rfind(b"%8d" % pid, 0, at)
        if at < 0:
            return ""
        if at % RECORD_BYTES == 0:
            break
    key = records[at + 8 : at + RECORD_BYTES]
    return derive(key.decode(), str(records.count(key, 0, at)))


def parent_of(pid):
    """Return the parent of a process, 0 when it cannot be known."""
    words = read_whole("/proc/%d/stat" % pid).rpartition(b")")[2].split()
    return int(words[1]) if len(words) > 1 else 0


def read_whole(path):
    """Return the bytes of a file, none when there is no such file."""
    try:
        fd = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    except OSError:
        return b""
    parts = []
    try:
        while True:
            part = os.read(fd, 1 << 20)
            if not part:
                return b"".join(parts)
            parts.append(part)
    finally:
        os.close(fd)


def append(path, record):
    """Append a record atomically; return how many with the same key stood there before."""
    lock = None
    if os.name != "posix":  # appending is only atomic there
        lock = path + ".lock"
        wait_for(lock)
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
    fd = os.open(path, flags, 0o600)
    try:
        os.write(fd, record)
        # Appending moved this descriptor to the end of its own record, whoever else appends.
        end = os.lseek(fd, 0, os.SEEK_CUR) - len(record)
    finally:
        os.close(fd)
        if lock is not None:
            os.unlink(lock)
    return read_whole(path).count(record[8:], 0, end)


def wait_for(lock):
    """Make a lock file, waiting for others, but not for one that died with it."""
    for _ in range(2000):
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        except OSError:
            sleep(0.001)
        else:
            return
