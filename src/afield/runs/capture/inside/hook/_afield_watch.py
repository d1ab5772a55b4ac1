"""What each audit event tells about files, network, commands and listings.

One function per event, called with the event's arguments (PEP 578) before the thing happens.
An event is written at first sight only; what was seen costs a look-up in a set. Of a process
that reads very many files, folders are told in place of further files.
"""

import os
import sys
from os import fsdecode, getcwd

from _afield_place import line_of_person, line_that_lists

SEEN_MAX = 1000000
FILES_TOLD_MAX = 2000 if os.sep == "/" else SEEN_MAX
FILES_TOLD_EACH = 4  # after so many, so many more of each folder
CODE_ENDS = (".py", ".pyc", ".pyd", ".so", ".pth", ".dll", ".dylib", ".pyi")
RANDOM_DEVICES = ("/dev/urandom", "/dev/random")
SHARED = "/dev/shm/"  # noqa: S108 - watched, not used: people keep data there
_TRUNCATES = os.O_TRUNC | os.O_EXCL
_FOLDER = getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_PATH", 0)
_CACHE = os.sep + "__pycache__" + os.sep
_SITE = "-packages" + os.sep  # of site-packages and dist-packages
CODE_TOLD_AT_ONCE = 32
_absolute = os.path.isabs


class Watch:
    """The handlers of one process, by the name of the audit event."""

    def __init__(self, log, folder, hook, environment):
        self.put = log.put
        self.environment = environment
        self.ignored = ("/dev/", "/proc/", "/sys/", folder + os.sep, hook + os.sep)
        self.hook = hook
        self.read = set()
        self.crowds = set()  # folders of which files are no longer told one by one
        self.reads_many = False  # for good: what was read is forgotten where a folder changes
        self.late = {}  # by folder: files told after FILES_TOLD_MAX
        self.written = set()
        self.told = set()
        self.code = set()  # of installed distributions: told in bundles, for it is much
        self.code_untold = []
        self.device = None  # told when the system's device of randomness is opened
        self.handlers = {
            "open": self.opened(),
            "os.remove": self.removed,
            "os.rmdir": self.removed_folder,
            "shutil.rmtree": self.removed_folder,
            "os.rename": self.renamed,
            "os.link": self.linked,
            "os.symlink": self.linked,
            "os.truncate": self.truncated,
            "sqlite3.connect": self.connected_database,
            "os.chdir": self.changed_folder,
            "socket.connect": self.connected,
            "socket.sendto": self.connected,
            "socket.bind": self.bound,
            "socket.getaddrinfo": self.resolved,
            "socket.gethostbyname": self.resolved,
            "subprocess.Popen": self.started,
            "os.exec": self.executed,
            "os.posix_spawn": self.executed,
            "os.spawn": self.spawned,
            "os.system": self.shelled,
            "pty.spawn": self.shelled,
            "os.listdir": self.listed("os.listdir"),
            "os.scandir": self.listed("os.scandir"),
            "glob.glob": self.listed("glob.glob"),
            "ctypes.dlopen": self.loaded,
            "afield.version": self.took_version,
        }

    def telling(self, put):
        """Return one that writes by another `put`, and sees what this one sees."""
        other = Watch.__new__(Watch)
        other.__dict__.update(self.__dict__)
        other.put = put
        return other

    def opened(self):
        """Return the handler of `open`, with all it needs at hand: it is called most."""
        read, written, crowds, first = self.read, self.written, self.crowds, self.first_open

        def on_open(args):
            path, _, flags = args
            if flags & 3:
                if path not in written:
                    first(path, flags, written)
                return
            if crowds and type(path) is str:
                folder, slash, _ = path.rpartition("/")  # half the cost of a slice
                if (folder or slash) in crowds:
                    return
            if path not in read:
                first(path, flags, read)

        return on_open

    def first_open(self, path, flags, seen):
        """Write an open of a path that was not seen with this mode before."""
        if type(path) is str:
            text = path
        elif isinstance(path, (bytes, os.PathLike)):
            text = fsdecode(path)
        else:  # a descriptor, or no path at all
            return
        if flags & _FOLDER:
            return
        if self.is_nobodys(text):
            self.note_code(text, flags)
            return
        if (self.reads_many or len(seen) >= FILES_TOLD_MAX) and self.is_crowd(text, flags, seen):
            return
        seen.add(path)
        if _CACHE in text:
            text = source_of(text)
            if not text or flags & 3 or text.startswith(self.environment):
                return
        if text[:1] != "/":
            text = absolute(text)
        mode = "r"
        if flags & 3:
            mode = "n" if is_absent(text) else "w" if flags & _TRUNCATES else "u"
        self.put("o", (mode, text, line_of_person(3)))

    def note_code(self, text, flags):
        """Keep in mind that a file of installed code was opened, and tell of many at once."""
        if self.device is not None and text in RANDOM_DEVICES:
            self.device(text)
        if _SITE in text and not flags & 3 and text not in self.code:
            self.code.add(text)
            self.code_untold.append(text)
            if len(self.code_untold) >= CODE_TOLD_AT_ONCE:
                self.tell_code()

    def tell_code(self):
        """Write which files of installed code were opened since this was last told."""
        told, self.code_untold = self.code_untold, []
        if told:
            self.put("a", told)

    def is_nobodys(self, text):
        """Tell whether a file is the system's, ours, or code of the environment."""
        if text.startswith(self.ignored) and not text.startswith(SHARED):
            return True
        return text.startswith(self.environment) and text.endswith(CODE_ENDS)

    def is_crowd(self, text, flags, seen):
        """Tell whether a file that is read need not be told, because its folder was, or is now.

        Code is told always, and of each folder the first few files.
        """
        if len(seen) >= SEEN_MAX:
            raise OverflowError("more files opened than are told apart")
        if flags & 3:
            return False
        self.reads_many = True
        folder, slash, _ = text.rpartition("/")
        folder = folder or slash  # empty for a bare name
        if folder in self.crowds:
            return True
        if text.endswith(CODE_ENDS):
            return False
        told = self.late.get(folder, 0)
        if told < FILES_TOLD_EACH:
            self.late[folder] = told + 1
            return False
        self.crowds.add(folder)
        self.put("f", (absolute(folder), line_of_person(4)))
        return True

    def once(self, kind, *fields):
        """Write an event unless the same was written before."""
        if (kind, fields) in self.told:
            return
        if len(self.told) >= SEEN_MAX:
            raise OverflowError("more events than are told apart")
        self.told.add((kind, fields))
        self.put(kind, fields + (line_of_person(),))

    def took_version(self, args):
        """Tell of data out of a record; a forked process tells for itself."""
        told = ("t", os.getpid(), args)
        if told not in self.told and len(self.told) < SEEN_MAX:
            self.told.add(told)
            self.put("t", args + (line_of_person(frames_of_caller()),))

    def forget(self, *paths):
        """Let paths be seen anew: what is there may be another file now."""
        for path in paths:
            self.read.discard(path)
            self.written.discard(path)

    def removed(self, args, kind="file"):
        path = args[0]
        if type(path) is int or is_cache(path):
            return
        self.forget(path)
        self.put("d", (kind, at(path, args), line_of_person()))

    def removed_folder(self, args):
        self.removed(args, "folder")

    def renamed(self, args):
        source, target = args[0], args[1]
        if is_cache(target):
            return
        self.forget(source, target)
        new = at(target, args, 3)
        self.put("m", (at(source, args, 2), new, line_of_person(), "n" if is_absent(new) else ""))

    def linked(self, args):
        target = args[1]
        self.forget(target)
        self.put("l", (absolute(fsdecode(args[0])), at(target, args, 2), line_of_person()))

    def truncated(self, args):
        path = args[0]
        if type(path) is not int and path not in self.written:
            self.first_open(path, os.O_WRONLY, self.written)

    def connected_database(self, args):
        path = args[0]
        if type(path) is int:
            return
        text = fsdecode(path)
        if text.startswith("file:"):
            text = text[5:].partition("?")[0]
        if text and text != ":memory:" and text not in self.written:
            self.first_open(text, os.O_RDWR, self.written)

    def changed_folder(self, _):
        """Relative paths mean other files from now on."""
        for seen in (self.read, self.written):
            for path in [path for path in seen if not _absolute(path)]:
                seen.discard(path)
        for folder in [folder for folder in self.late if not _absolute(folder)]:
            self.crowds.discard(folder)
            del self.late[folder]

    def connected(self, args):
        self.network("connect", args[1])

    def bound(self, args):
        self.network("bind", args[1])

    def resolved(self, args):
        host = args[0]
        if host:
            port = args[1] if len(args) > 1 else None
            self.network("resolve", (text_of(host), "" if port is None else text_of(port)))

    def network(self, verb, address):
        if type(address) is tuple and len(address) > 1:
            self.once("n", verb, text_of(address[0]), text_of(address[1]))

    def started(self, args):
        executable, argv, folder, environ = args
        if isinstance(argv, (str, bytes)) or hasattr(argv, "__fspath__"):
            argv = (argv,)
        self.command([text_of(arg) for arg in argv], environ, folder, executable)

    def executed(self, args):
        path, argv, environ = args
        self.command([text_of(arg) for arg in argv], environ, None, path)

    def spawned(self, args):
        _, path, argv, environ = args
        self.command([text_of(arg) for arg in argv], environ, None, path)

    def shelled(self, args):
        argv = args[0]
        listed = isinstance(argv, (list, tuple))
        self.command([text_of(arg) for arg in argv] if listed else [text_of(argv)], None, None, "")

    def command(self, argv, environ, folder, executable):
        hooked = self.inherits(os.environ if environ is None else environ)
        folder = absolute(fsdecode(folder)) if folder else absolute("")
        executable = text_of(executable) if executable else ""
        fields = ("1" if hooked else "0", folder, executable, *argv)
        if (fields,) in self.told:
            return
        if len(self.told) < SEEN_MAX:
            self.told.add((fields,))
        self.put("c", (line_of_person(),) + fields)

    def inherits(self, environ):
        """Tell whether a child with these variables will find the hook."""
        try:
            value = environ.get("PYTHONPATH") or environ.get(b"PYTHONPATH") or ""
        except AttributeError:
            return True
        return self.hook in text_of(value)

    def listed(self, function):
        """Return the handler of a listing: a folder's names come in no order."""
        seen = set()

        def on_list(args):
            line = line_that_lists()
            if line and line not in seen and len(seen) < SEEN_MAX:
                seen.add(line)
                path = args[0]
                text = "" if path is None or type(path) is int else fsdecode(path)
                self.put("s", (function, absolute(text), line))

        return on_list

    def loaded(self, args):
        if args[0]:
            self.once("b", text_of(args[0]))


def frames_of_caller():
    """Return how many frames lie below the caller of the package that told an event."""
    frame = sys._getframe(3)  # below are this, the handler and the audit hook
    package = frame.f_code.co_filename.rpartition(os.sep)[0].rpartition(os.sep)[0] + os.sep
    above = 3
    while frame is not None and frame.f_code.co_filename.startswith(package):
        frame = frame.f_back
        above += 1
    return above


def text_of(value):
    """Return a text for an argument: text, bytes, path or number."""
    if type(value) is str:
        return value
    if isinstance(value, bytes) or hasattr(value, "__fspath__"):
        return fsdecode(value)
    return str(value)


def source_of(text):
    """Return the source file that a cached byte code file stands for, or nothing."""
    head, _, name = text.rpartition(_CACHE)
    return "%s%s%s.py" % (head, os.sep, name.partition(".")[0]) if name.endswith(".pyc") else ""


def is_absent(text):
    """Tell whether nothing is there yet: what was read from there before, was not read."""
    try:
        os.stat(text)
    except FileNotFoundError:
        return True
    except (OSError, ValueError):
        return False
    return False


def is_cache(path):
    """Tell whether a path is cached byte code, which is nobody's output."""
    return type(path) is str and _CACHE in path


def absolute(text):
    """Return the absolute form of a path, by the current folder; not normalised."""
    if _absolute(text):
        return text
    try:
        folder = getcwd()
    except OSError:  # the folder was deleted below us
        return text
    return folder + os.sep + text if text else folder


def at(path, args, position=1):
    """Return the absolute form of a path that may be relative to an open folder."""
    text = fsdecode(path)
    fd = args[position] if len(args) > position else -1
    if type(fd) is int and fd >= 0 and not _absolute(text):
        return "%s%s%s" % (os.readlink("/proc/self/fd/%d" % fd), os.sep, text)
    return absolute(text)
