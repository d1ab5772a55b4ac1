"""Call the supervisor before this process first does what Python's audit events do not tell.

Until then no system call of it is asked about. What may be done before stands in lists here:
whatever is not on them calls. The filter is put on all threads by this process itself, with
`_ctypes`, and handed to who answers. `docs/decisions/0009` says why nothing is missed.
"""

import gc
import os
import sys
from _operator import methodcaller
from _thread import RLock, get_ident

import _afield_marked
from _afield_generators import mimic

# Their C code opens no file, or only the system's own (`pwd`, `grp`, `time`, `_socket`).
PROVEN = frozenset(
    (
        "_abc", "_ast", "_asyncio", "_bisect", "_blake2", "_bz2", "_codecs", "_codecs_cn",
        "_codecs_hk", "_codecs_iso2022", "_codecs_jp", "_codecs_kr", "_codecs_tw",
        "_collections", "_contextvars", "_csv", "_datetime", "_decimal", "_elementtree",
        "_functools", "_hashlib", "_heapq", "_hmac", "_imp", "_io", "_json", "_locale",
        "_lsprof", "_lzma", "_md5", "_multibytecodec", "_opcode", "_operator", "_pickle",
        "_queue", "_random", "_sha1", "_sha2", "_sha256", "_sha3", "_sha512", "_signal",
        "_socket", "_sre", "_stat", "_statistics", "_string", "_struct", "_suggestions",
        "_symtable", "_sysconfig", "_thread", "_tokenize", "_tracemalloc", "_types", "_typing",
        "_uuid", "_warnings", "_weakref", "_zoneinfo", "_zstd", "array", "atexit", "binascii",
        "builtins", "cmath", "errno", "faulthandler", "fcntl", "gc", "grp", "itertools",
        "marshal", "math", "mmap", "posix", "pwd", "pyexpat", "resource", "select", "sys",
        "termios", "time", "unicodedata", "zlib",
    )
)  # fmt: skip
# Others start programs by these, or by `_posixsubprocess`, which is not proven.
STARTERS = ("os.fork", "os.forkpty", "os.exec", "os.posix_spawn", "os.system")
# `_ctypes` was loaded here: where it is not asked for by an `import`, nobody tells until then.
POINTERS = ("ctypes.dlopen", "ctypes.call_function", "ctypes.cdata")
UNTOLD = {  # functions that change what a path means, or open by themselves, and tell nobody
    "posix": ("chroot", "unshare", "setns"),
    "_locale": ("bindtextdomain", "setlocale"),
}
OF_THE_SYSTEM = (  # variables by which C libraries take files that are not the system's
    "TZDIR", "LOCPATH", "NLSPATH", "GCONV_PATH", "HOSTALIASES", "RESOLV_HOST_CONF",
    "OPENSSL_CONF", "OPENSSL_MODULES", "OPENSSL_ENGINES",
)  # fmt: skip
MAY_BE_PATHS = ("TZ", "LANG", "LC_")
BEFORE_US = ("__main__", "sitecustomize", "_distutils_hack", "_virtualenv")
HEARD = "afield.heard"
DEVIOUS = ("/proc/", "/dev/fd/", "/dev/std")
MISSED = 100  # added to the state, which is 1 while nobody called, then 2, and 3 when all is well
LOW_NUMBERS = 64
FOUR_BYTES = methodcaller("to_bytes", 4, "little", signed=True)
_PR_SET_NO_NEW_PRIVS, _SECCOMP_SET_MODE_FILTER = 38, 1


class Late:
    """The way to the supervisor of this process: `call` goes it, once."""

    def __init__(self, hook, words):
        self.fault = hook.fault
        self.name, number, flags, program, openat, mark = words[:6]
        self.lock = RLock()
        self.waits, self.is_calling, self.caller = True, False, 0
        self.marked, self.marks = None, False
        self.state = hook.log.counter()
        why = found_before([os.fsdecode(word) for word in words[6:]])
        try:
            self.prepare(int(number), int(flags), bytes.fromhex(program.decode()))
            self.marked = self.marking(int(openat), int(mark))
        except ImportError as error:
            self.waits, why = False, str(error)
        self.why, self.put = why, hook.log.put

    def tell(self, _):
        """Write that this process will call; said by an audit event, so that these are heard."""
        self.put("q", (self.why,), self.state)

    def prepare(self, number, flags, program):
        """Make all that `install` needs: nothing is imported there, no module's lock is taken."""
        with LowNumbersTaken():  # libffi opens its own file when it is loaded, and keeps it
            ctypes = borrowed("_ctypes")
        self.socket = borrowed("_socket")

        class Long(ctypes._SimpleCData):
            _type_ = "l"

        class Byte(ctypes._SimpleCData):
            _type_ = "b"

        class Bytes(ctypes.Array):
            _type_, _length_ = Byte, len(program)

        class Words(ctypes.Array):
            _type_, _length_ = Long, 2

        class Call(ctypes.CFuncPtr):
            _flags_, _restype_ = ctypes.FUNCFLAG_CDECL | ctypes.FUNCFLAG_USE_ERRNO, Long

        library = ctypes.dlopen(None, 0)
        self.lines = Bytes.from_buffer_copy(program)
        self.program = Words(len(program) // 8, ctypes.addressof(self.lines))  # struct sock_fprog
        words = (number, _SECCOMP_SET_MODE_FILTER, flags, ctypes.addressof(self.program))
        self.words = [(Long(word),) for word in words]
        self.forbid = [Long(word) for word in (_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)]
        self.own = [ctypes.dlsym(library, name) for name in ("prctl", "syscall")]
        self.prctl, self.syscall = map(Call, self.own)
        self.errno, self.long = ctypes.get_errno, Long

    def marking(self, openat, flags):
        """Return what lets imports open with `flags`, of which the filter does not ask.

        None where each call of C raises an event, which hooks of the person's would hear.
        """
        if sys.version_info >= (3, 14):
            return None
        call, number, here, flags, mode = self.syscall, *map(self.long, (openat, -100, flags, 0))
        return _afield_marked.Marked(lambda path: call(number, here, path, flags, mode))

    def call(self):
        """Have the kernel ask from now on; returns when somebody answers.

        What a signal handler does meanwhile in this thread, above us, is not asked about.
        """
        if not self.waits:
            return
        with self.lock:
            if self.is_calling:
                self.miss()
            elif self.waits:
                self.is_calling, self.caller = True, get_ident()
                self.state.hit()
                try:
                    self.install()
                    self.state.hit()
                    self.mark()
                except Exception as error:  # noqa: BLE001 - the run goes on, and is told of
                    self.fault(error)
                finally:
                    self.waits = self.is_calling = False

    def mark(self):
        """Have imports read without being asked, which the hook tells as it did before."""
        if self.marked is not None and self.state.count < MISSED:
            self.marks = True
            self.marked.begin()

    def doubt(self):
        """Take in a fault of the hook: what it should have told may be missed."""
        if self.waits or self.marks:
            self.miss()

    def miss(self):
        """Say for good that something may have been missed."""
        if self.marks:
            self.marks = False
            self.marked.end()
        if self.state.count < MISSED:
            self.state.count += MISSED - 1
            self.state.hit()

    def install(self):
        """Put the filter on and hand it over.

        Between the two no code of the person's may run in this thread, or it waits for good: so
        they are one call of C functions, without a collection of garbage.
        """
        handed, collects = {}, gc.isenabled()
        channel = self.connect()
        try:
            if self.prctl(*self.forbid) != 0:
                raise OSError(self.errno(), "no_new_privs is refused")
            listener = map(handed.setdefault, ("listener",), map(self.syscall, *self.words))
            rights = self.rights(listener)
            gc.disable()
            try:
                channel.sendmsg((b"l",), rights)
            except OSError as error:
                if handed.get("listener", -1) < 0:
                    raise OSError(self.errno(), "the filter is refused") from error
            finally:
                if collects:
                    gc.enable()
            self.settle(channel, handed["listener"])
        finally:
            channel.close()
            if handed.get("listener", -1) >= 0:
                os.close(handed["listener"])

    def rights(self, listeners):
        """Return what hands descriptors over, worked out while it is sent."""
        socket = self.socket
        level, kind = (socket.SOL_SOCKET,), (socket.SCM_RIGHTS,)
        return zip(level, kind, map(FOUR_BYTES, listeners))  # noqa: B905

    def settle(self, channel, listener):
        """Wait until who took the listener says so; if that one is gone, hand it to another.

        Raises:
            OSError: nobody is left.
        """
        while channel.recv(1) != b"k":
            channel.close()
            channel = self.connect()
            channel.sendmsg((b"l",), self.rights((listener,)))
        channel.close()

    def connect(self):
        """Return a connection to who says that it is ready to take a listener.

        Raises:
            OSError: nobody is there.
        """
        socket = self.socket
        channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            channel.connect(b"\0" + self.name)
            if channel.recv(1) != b"g":
                raise OSError("nobody is ready to answer")  # noqa: TRY301 - one way out
        except BaseException:
            channel.close()
            raise
        return channel

    def listen(self, handlers):
        """Have `call` called by audit events, and by functions that tell nobody."""
        call = self.call
        for event in STARTERS + POINTERS:
            handlers[event] = calling(call, handlers.get(event))
        handlers["ctypes.call_function"] = self.function_called(handlers["ctypes.call_function"])
        handlers[HEARD] = self.tell
        handlers["import"] = self.imported(handlers.get("import"))
        handlers["os.putenv"] = self.set_variable
        handlers["open"] = self.opened(handlers["open"])
        for name in UNTOLD:
            if name in sys.modules:
                self.wrap(sys.modules[name])
        imp = sys.modules["_imp"]
        create = imp.create_builtin

        def create_builtin(spec):
            if spec.name not in PROVEN:
                call()
            module = create(spec)
            if spec.name in UNTOLD:
                self.wrap(module)
            return module

        imp.create_builtin = create_builtin

    def wrap(self, module):
        """Put `call` before functions that tell nobody; for `os`, too, which shows those again."""
        for name in UNTOLD[module.__name__]:
            function = getattr(module, name, None)
            if function is not None and getattr(function, "__self__", None) is module:
                wrapper = self.before(function)
                setattr(module, name, wrapper)
                if getattr(os, name, None) is function:
                    setattr(os, name, wrapper)

    def before(self, function):
        """Return a function that calls before it does as another does."""

        def wrapper(*args, **kwargs):
            if function.__name__ != "setlocale" or any("/" in str(arg) for arg in args):
                self.call()
            return function(*args, **kwargs)

        mimic(wrapper, function)
        return wrapper

    def imported(self, handler):
        call = self.call

        def on_import(args):
            name, path = args[0], args[1]
            if name == "_ctypes" or (path is not None and not is_proven(name, path)):
                call()
            if handler is not None:
                handler(args)

        return on_import

    def set_variable(self, args):
        if leads_astray(os.fsdecode(args[0]), os.fsdecode(args[1])):
            self.call()

    def opened(self, handler):
        """Return the handler of `open`: which file is meant must be plain from the path."""

        def on_open(args):
            path = args[0]
            if args[1] is None or type(path) is not str or path.startswith(DEVIOUS):
                self.look(path, args[1])
            handler(args)

        return on_open

    def look(self, path, mode):
        """Call where a path may start from a descriptor (`os.open`), or leads through one."""
        if type(path) is not int:
            text = os.fsdecode(path)
            if (mode is None and text[:1] != "/") or is_of_process(text):
                self.call()

    def function_called(self, handler):
        """Return a handler that passes over our own two calls, of which Python 3.14 tells, too."""

        def handle(args):
            if not (self.is_calling and get_ident() == self.caller and args[0] in self.own):
                handler(args)

        return handle


class LowNumbersTaken:
    """While it lasts, what is opened gets a number that the person's files would not have."""

    def __enter__(self):
        self.held = []
        try:
            self.held += os.pipe()
            while self.held[-1] < LOW_NUMBERS:
                self.held.append(os.dup(self.held[0]))
        except OSError:  # few files are allowed: as far as it goes
            pass

    def __exit__(self, *_):
        for number in self.held:
            os.close(number)


def calling(call, handler):
    """Return a handler that calls before it does what another one does."""

    def handle(args):
        call()
        if handler is not None:
            handler(args)

    return handle


def borrowed(name):
    """Import a module of C and leave no trace of it."""
    was_there = name in sys.modules
    module = __import__(name)
    if not was_there:
        del sys.modules[name]
    return module


def is_of_process(path):
    """Tell whether a path leads through a process's descriptors or folders."""
    if path.startswith("/proc/"):
        return "/fd/" in path or "/cwd" in path or "/root" in path
    return path.startswith(DEVIOUS)


def leads_astray(name, value):
    """Tell whether a variable makes C libraries read files that are not the system's."""
    if name in OF_THE_SYSTEM:
        return bool(value)
    return name.startswith(MAY_BE_PATHS) and (value.lstrip(":")[:1] == "/" or ".." in value)


def found_before(folders):
    """Return what ran before this hook and could read unseen; an empty text when nothing did.

    `folders` are those of packages whose `.pth` files were looked at before the start.
    """
    known = {os.path.realpath(folder) for folder in folders}
    for entry in sys.path:
        if entry.endswith("-packages") and os.path.realpath(entry) not in known:
            return entry
    home = os.path.dirname(os.__file__) + os.sep
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None)
        if getattr(getattr(module, "__spec__", None), "origin", None) == "frozen":
            continue
        if name in BEFORE_US or name.startswith(("_afield_", "__editable__")):
            continue
        if path is None or path.endswith(".so"):
            if not is_proven(name, path):
                return name
        elif not path.startswith(home) or "-packages" + os.sep in path:
            return path
    return ""


def is_proven(name, path):
    """Tell whether a module of C opens no file; one without a path is part of the interpreter."""
    home = os.path.dirname(os.__file__) + "/lib-dynload/"
    return name in PROVEN and (path is None or path.startswith(home))


def arm(hook):
    """Return the way to the supervisor if it waits for this process to call."""
    path = hook.folder + os.sep + "late"
    try:
        fd = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        words = os.read(fd, 1 << 18).split(b"\0")
    finally:
        os.close(fd)
    os.remove(path)  # it is meant for one process, the first
    return Late(hook, words)
