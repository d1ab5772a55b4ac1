"""Start the hook in this interpreter: read what is asked, join the parts, add the audit hook.

What is asked stands in variables that every child inherits: AFIELD_TRACE_FOLDER, where to
write; AFIELD_TRACE, `1` to watch files, network and commands; AFIELD_RUN_SEED, hex, when
entropy is replayed; AFIELD_RUN_PID, the process above the run. Faults of the hook are
swallowed and written as events.
"""

import atexit
import os
import sys

import _afield_place as place
from _afield_log import Counter, Log
from _afield_watch import Watch

LIBRARIES = (
    "libc.so", "libc-2", "ld-musl", "libc.musl", "libm.so", "libm-2", "libgomp", "libomp",
    "libiomp", "openblas", "libblas", "liblapack", "libcblas", "libmkl", "libblis", "libflexiblas",
    "libatlas", "libcublas", "libcudart", "libcudnn", "libcuda.", "libnccl", "libgfortran",
    "libquadmath", "libstdc++", "libtorch", "libtbb", "librocblas", "libarmpl", "Accelerate",
)  # fmt: skip

FRAMES_MAX = 64


class Hook:
    """The hook of one process: its log, its faults, and what happens at fork and exit."""

    def __init__(self, folder, here, seed):
        self.folder = folder
        self.here = here
        self.started_by = "exec"
        self.faults = {}
        self.log = Log(folder, self.header)
        self.log.counter = Counter
        self.path = [entry for entry in sys.path if entry != here]
        self.argv = command_line()
        self.streams = self.is_numpy_unseeded = None
        self.handlers = {}
        self.late = None
        self.seed = seed

    def header(self):
        """Return the first event of each log: which process this is, and how it came to be."""
        return str(os.getppid()), self.started_by

    def introduce(self):
        """Write which interpreter this is."""
        version = sys.version_info
        number = "%d.%d.%d" % version[:3]
        if version[3] != "final":
            number += "%s%d" % (version[3][:1] if version[3] != "candidate" else "rc", version[4])
        fields = [
            sys.executable or "", number, sys.implementation.name, sys.prefix, sys.base_prefix,
            str(len(self.path)), *self.path, *self.argv,
        ]  # fmt: skip
        self.log.put("i", fields)

    def fault(self, error):
        """Count a fault of ours; what a signal handler raised meanwhile goes its way."""
        if not place.is_ours(error):
            raise error
        if self.late is not None:
            self.late.doubt()
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        line = trace.tb_lineno if trace is not None else 0
        text = "%s: %s (line %d)" % (type(error).__name__, error, line)
        counter = self.faults.get(text)
        if counter is not None:
            counter.hit()
        elif len(self.faults) < 100:
            counter = self.faults[text] = Counter()
            try:
                self.log.put("x", (text,), counter)
            except OSError:  # the log itself is what failed
                return

    def listen(self):
        """Add the audit hook: an event that nobody handles costs one look-up.

        `open` comes most by far, and is asked for first.
        """
        handlers, fault = self.handlers, self.fault
        on_open = handlers.pop("open", None)
        first = "open" if on_open is not None else None

        def audit(event, args):
            if event == first:
                try:
                    on_open(args)
                except Exception as error:  # noqa: BLE001 - whatever it is, the run goes on
                    fault(error)
            elif event in handlers:
                try:
                    handlers[event](args)
                except Exception as error:  # noqa: BLE001 - whatever it is, the run goes on
                    fault(error)

        sys.addaudithook(audit)

    def replay(self):
        """Feed entropy from the seed."""
        import _afield_entropy as entropy
        from _afield_identity import Identity

        identity = Identity(self.folder, self.argv)
        self.streams = entropy.Streams(bytes.fromhex(self.seed), identity, self.log, self.fault)
        self.is_numpy_unseeded = entropy.is_numpy_unseeded
        entropy.install(self.streams, self.handlers)
        for event in ("subprocess.Popen", "os.posix_spawn", "os.exec", "os.system", "pty.spawn"):
            self.handlers[event] = publishing(identity, self.handlers.get(event))

    def call_late(self):
        """Have the supervisor called in time, if it waits for that."""
        import _afield_late as late

        self.late = late.arm(self)
        if self.late is not None:
            self.late.listen(self.handlers)

    def watch_libraries(self, watch, folder):
        """Have calls told that libraries open files by, in a log of their own."""
        from _afield_libraries import Libraries

        log = Log(folder, self.header)
        Libraries(watch.telling(log.put), self.fault).listen()

    def at_fork(self):
        """Number forks, and begin anew in their children."""
        if hasattr(os, "register_at_fork"):
            before = self.streams.identity.before_fork if self.streams else None
            if before is not None:
                os.register_at_fork(before=self.safely(before))
            os.register_at_fork(after_in_child=self.safely(self.forked))

    def uncaught(self, args):
        """Write which exception nobody caught, and where; none of the person's code is called."""
        kind, trace = args[1], args[3]
        name = kind.__qualname__
        if kind.__module__ not in ("builtins", "__main__"):
            name = "%s.%s" % (kind.__module__, name)
        places = []
        while trace is not None:
            code = trace.tb_frame.f_code
            places.append((code.co_filename, str(trace.tb_lineno), code.co_name))
            trace = trace.tb_next
        self.log.put("u", [name, *(text for place in places[-FRAMES_MAX:] for text in place)])

    def forked(self):
        self.started_by = "fork"
        self.faults.clear()
        self.log.reset()
        if self.streams is not None:
            self.streams.identity.after_fork()
            self.streams.rekey()
            if self.streams.reseed_random is not None:  # it may have run before, by the old key
                self.streams.reseed_random()

    def safely(self, action):
        """Return the action so that a fault of ours stays ours."""

        def act():
            try:
                action()
            except Exception as error:  # noqa: BLE001 - whatever it is, the run goes on
                self.fault(error)

        return act

    def tell_generators(self):
        """Write which default generators gave numbers that nobody seeded."""
        self.streams.notice_random()
        if self.is_numpy_unseeded():
            self.log.put("g", ("numpy.random",))
        if self.streams.is_torch_unseeded is not None and self.streams.is_torch_unseeded():
            self.log.put("g", ("torch",))

    def leave(self):
        """Write which libraries of numbers are loaded, and what drew numbers unseeded.

        It is the last of the exit handlers.
        """
        if self.streams is not None:
            self.safely(self.tell_generators)()
        try:
            fd = os.open("/proc/self/maps", os.O_RDONLY)
        except OSError:
            return
        parts = []
        try:
            while True:
                part = os.read(fd, 1 << 16)
                if not part:
                    break
                parts.append(part)
        finally:
            os.close(fd)
        seen, numerical = set(), []
        for line in b"".join(parts).split(b"\n"):
            start = line.find(b"/")
            path = os.fsdecode(line[start:]) if start > 0 else ""
            if path and path not in seen:
                seen.add(path)
                name = path.rpartition("/")[2]
                if ".so" in name and any(known in name for known in LIBRARIES):
                    self.log.put("b", (path, ""))
                    numerical.append(path)
        if "numpy" in sys.modules or "torch" in sys.modules:
            self.safely(lambda: self.tell_kernels(numerical))()

    def tell_kernels(self, libraries):
        """Write which code the libraries of numbers chose for this CPU."""
        sys.path.insert(0, self.here)
        asked, sys.dont_write_bytecode = sys.dont_write_bytecode, False  # see `sitecustomize`
        try:
            from _afield_kernels import chosen
        finally:
            sys.path.remove(self.here)
            sys.dont_write_bytecode = asked
        for name, value in chosen(libraries):
            self.log.put("k", (name, value))


def publishing(identity, handler):
    """Return a handler that lets children know their parent before it does its own work."""

    def handle(args):
        identity.publish()
        if handler is not None:
            handler(args)

    return handle


def command_line():
    """Return the command line of this process."""
    argv = getattr(sys, "orig_argv", None)
    if argv:
        return list(argv)
    from _afield_identity import command_line as read

    return read()


def start(here):
    """Start the hook, if a run asks for it."""
    folder = os.environ.get("AFIELD_TRACE_FOLDER")
    if not folder or not os.path.isdir(folder):
        return
    seed = os.environ.get("AFIELD_RUN_SEED")
    environment = place.learn_environment()
    hook = Hook(folder, here, seed)
    hook.introduce()
    watch = None
    if os.environ.get("AFIELD_TRACE") == "1":
        watch = Watch(hook.log, folder, here, environment)
        hook.handlers.update(watch.handlers)
        libraries = folder + os.sep + "libraries"
        if os.path.isdir(libraries):  # made when nothing sees deeper than Python
            hook.safely(lambda: hook.watch_libraries(watch, libraries))()
        atexit.register(hook.safely(watch.tell_code))
    if seed:
        hook.safely(hook.replay)()
    if watch is not None and hook.streams is not None:
        watch.device = lambda path: hook.streams.note(path + " (not replayed)")
    if watch is not None and os.path.exists(folder + os.sep + "late"):
        hook.safely(hook.call_late)()
    hook.handlers["sys.excepthook"] = hook.uncaught  # told by Python itself; nothing is replaced
    hook.listen()
    if hook.late is not None:
        sys.audit("afield.heard")
    hook.at_fork()
    atexit.register(hook.safely(hook.leave))
