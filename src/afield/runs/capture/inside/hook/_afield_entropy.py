"""Replayable entropy: what Python would ask the system for comes from the run's seed instead.

Each place that asks has a stream of its own, named by what was asked, the person's line of
code and the thread; so one place more or less changes nothing for the others. Seeds that the
person gives are never touched, nor is anything that makes keys (see `_afield_place`).
`docs/entropy.md` says all of it for users.
"""

import os
import sys
from _thread import get_ident
from itertools import count
from sys import _getframe

import _afield_place as place
from _afield_generators import patch_random, patches
from _afield_identity import blake2b

BLOCK_BYTES = 64
_PLACES_MAX = 100000


class Streams:
    """The streams of this process, and the record of who asked."""

    def __init__(self, seed, identity, log, fault):
        self.seed = seed
        self.identity = identity
        self.fault = fault
        self.put = log.put
        self.counter = log.counter
        self.main = get_ident()
        self.reseed_random = self.default_random = self.fresh_random = None
        self.is_torch_unseeded = None
        self.rekey()

    def rekey(self):
        """Derive everything anew from the identity: at the start and after a fork."""
        self.pid = os.getpid()
        self.key = blake2b(self.identity.value.encode(), key=self.seed, digest_size=32).digest()
        self.places = {}

    def draw(self, size, source):
        """Return `size` bytes for the code above; None when it makes keys, or by our fault."""
        try:
            return self.find(size, source)
        except Exception as error:  # noqa: BLE001 - the caller then asks the system
            self.fault(error)
            return None

    def find(self, size, source):
        """Return the next bytes of the stream of whoever is above, None when it makes keys."""
        if self.pid != os.getpid():  # forked by C code that ran no handler
            self.identity.after_fork()
            self.rekey()
        inner = _getframe(2).f_back
        via = inner and inner.f_back
        if is_thrown_away(inner, via):  # and often asked for: nobody's line is looked for
            kind, frame = place.IMPORTING, None
        else:
            kind, inner, via, frame = asker(inner)
        if kind == place.KEYS:
            return None
        importing = kind == place.IMPORTING
        ident = get_ident()
        thread = "" if ident == self.main else thread_name(ident)
        functions = inner and inner.f_code.co_name, via and via.f_code.co_name
        if importing or frame is None:
            name = ("", 0, functions, source, thread, importing)
        else:
            name = (frame.f_code.co_filename, frame.f_lineno, functions, source, thread, False)
        known = self.places.get(name)
        if known is None:
            if len(self.places) >= _PLACES_MAX:
                name = ("", 0, (None, None), source, "", False)
                known = self.places.get(name)
            if known is None:
                known = self.places[name] = self.meet(name, inner, via, frame)
        state, ordinals, counter = known
        counter.hit()
        state = state.copy()
        state.update(next(ordinals).to_bytes(8, "little"))
        return expand(state.digest(), size)

    def meet(self, name, inner, via, frame):
        """Make the stream of a place that asks for the first time, and write its event."""
        filename, line, functions, source, thread, importing = name
        words = [function or "" for function in functions]
        parts = (os.path.basename(filename), str(line), *words, source, thread)
        text = "\0".join(parts).encode("utf-8", "surrogateescape")
        state = blake2b(text, key=self.key, digest_size=BLOCK_BYTES)
        counter = self.counter()
        counter.count = 0
        where = "%s:%d" % (filename, line) if filename else place.line_of_person()
        kind = "i" if importing or is_seeded(via) else ""
        self.put("e", (label(source, inner, via, frame), where, kind), counter)
        return state, count(), counter

    def note(self, source):
        """Write that the code above takes what no stream gives: it is counted at its line."""
        try:
            self.notice(source)
        except Exception as error:  # noqa: BLE001 - the person's call goes on
            self.fault(error)

    def notice(self, source):
        """Count one more use of a source at the line of whoever is above, unless it makes keys."""
        if self.pid != os.getpid():
            self.identity.after_fork()
            self.rekey()
        kind, _, via, frame = asker(_getframe(2))
        if kind != place.PERSON:
            return
        filename, line = (frame.f_code.co_filename, frame.f_lineno) if frame else ("", 0)
        name = (filename, line, (None, via and via.f_code.co_name), source, "", False)
        known = self.places.get(name)
        if known is None:
            if len(self.places) >= _PLACES_MAX:
                return
            known = self.places[name] = self.meet(name, None, via, frame)
        known[2].hit()

    def notice_random(self):
        """Write that the default generator of `random` gave numbers before anybody seeded it."""
        fresh, self.fresh_random = self.fresh_random, None
        if fresh is not None and self.default_random.getstate() != fresh:
            try:
                self.put("g", ("random",))
            except Exception as error:  # noqa: BLE001 - the person's call goes on
                self.fault(error)

    def own(self, size, name, ordinal):
        """Return bytes of a stream that no line of code stands for (a default generator)."""
        text = ("%s\0%d" % (name, ordinal)).encode()
        return expand(blake2b(text, key=self.key, digest_size=BLOCK_BYTES).digest(), size)


def asker(frame):
    """Walk up from a frame to whoever asks for entropy.

    Returns the kind of code that decides (the person's; a key maker's; a library's that is
    being imported), the outermost frame of `random`, `uuid` and the like that was called, the
    library's frame that called it if one did, and the person's frame if met.
    """
    kinds, importing, inner, via = place.kinds, False, None, None
    for _ in range(place.DEPTH_MAX):
        if frame is None:
            break
        filename = frame.f_code.co_filename
        kind = kinds.get(filename)
        if kind is None:
            kind = place.kind_of(filename)
        if kind == place.PERSON or (kind == place.TEXT and place.is_person(frame)):
            return (place.IMPORTING if importing else place.PERSON), inner, via, frame
        if kind == place.KEYS:
            return kind, None, None, None
        if kind == place.IMPORTING:
            importing = True
        elif kind == place.ENTROPY and via is None:
            inner = frame
        elif kind != place.OURS and via is None and not importing:
            via = frame
        frame = frame.f_back
    return (place.IMPORTING if importing else place.PERSON), inner, via, None


def is_seeded(via):
    """Tell whether a library makes a generator of a seed: numpy asks for entropy all the same."""
    return (
        via is not None
        and via.f_code.co_name == "check_random_state"
        and via.f_locals.get("seed") is not None
    )


def is_thrown_away(inner, via):
    """Tell whether numpy asks for the state that a library's seed then replaces."""
    return (
        is_seeded(via)
        and inner.f_code.co_name == "getrandbits"
        and place.kind_of(inner.f_code.co_filename) == place.ENTROPY
        and place.kind_of(via.f_code.co_filename) == place.LIBRARY
    )


def is_numpy_unseeded():
    """Tell whether the default generator of numpy has given numbers that nobody seeded."""
    module = sys.modules.get("numpy.random.mtrand")
    bits = getattr(getattr(module, "_rand", None), "_bit_generator", None)
    origin = getattr(bits, "seed_seq", None)  # none once it was seeded with a number
    if origin is None:
        return False
    now, fresh = bits.state["state"], type(bits)(origin).state["state"]
    return bool(now["pos"] != fresh["pos"] or (now["key"] != fresh["key"]).any())


def expand(block, size):
    """Stretch 64 bytes to `size` bytes."""
    if size <= BLOCK_BYTES:
        return block[:size]
    if size <= 1024:
        blocks = [
            blake2b(number.to_bytes(8, "little"), key=block).digest()
            for number in range((size + BLOCK_BYTES - 1) // BLOCK_BYTES)
        ]
        return b"".join(blocks)[:size]
    try:
        from _sha3 import shake_256
    except ImportError:
        from hashlib import shake_256
    return shake_256(block).digest(size)


def thread_name(ident):
    """Return the name of a thread that `threading` started: the same when repeated."""
    threading = sys.modules.get("threading")
    thread = threading._active.get(ident) if threading is not None else None
    return thread.name if thread is not None else "?"


def label(source, inner, via, frame):
    """Name what was called, and by which library if it was not the person: `uuid.uuid4 by x`."""
    if inner is not None:
        function = inner.f_code.co_name
        if function in ("__init__", "__new__"):
            function = type(inner.f_locals.get("self")).__name__
        source = "%s.%s" % (inner.f_globals.get("__name__", ""), function)
        caller = frame if via is None else via
        names = caller.f_code.co_names if caller is not None else ()
        if function in ("randbits", "getrandbits") and function not in names:
            # compiled code asked, on behalf of its caller: numpy's SeedSequence does
            source = "numpy.random" if "numpy.random" in sys.modules else source
    if via is None:
        return source
    return "%s by %s" % (source, via.f_globals.get("__name__", "").partition(".")[0])


class System:
    """Stands for the functions of `os`; their bound methods behave like built-in functions."""

    __slots__ = ("_real_getrandom", "_real_urandom", "_streams")

    def __init__(self, streams):
        self._streams = streams
        self._real_urandom = os.urandom
        self._real_getrandom = getattr(os, "getrandom", None)

    def __reduce__(self):
        return __import__, ("os",)

    def urandom(self, size, /):
        """Return a bytes object containing random bytes suitable for cryptographic use."""
        if type(size) is not int or size < 0:
            size = len(self._real_urandom(size))
        data = self._streams.draw(size, "os.urandom")
        return self._real_urandom(size) if data is None else data

    def getrandom(self, size, flags=0):
        """Obtain a series of random bytes."""
        data = self._real_getrandom(size, flags)
        return self._streams.draw(len(data), "os.getrandom") or data


def install(streams, handlers):
    """Put the replacements in place; modules that are not loaded yet are patched when they are.

    `handlers` are the audit handlers: importing is heard of there, so that nothing of ours
    stands in `sys.meta_path` but during the import of one of these few modules.
    """
    system = System(streams)
    os.urandom = system.urandom
    if hasattr(os, "getrandom"):
        os.getrandom = system.getrandom
    wanted = patches(streams, system)
    for name in list(wanted):
        if name in sys.modules:
            wanted.pop(name)(sys.modules[name])

    def on_import(args):
        name = args[0]
        if name in wanted and name not in sys.modules:
            sys.meta_path.insert(0, Finder(name, wanted.pop(name)))
        elif "random" in wanted and hasattr(sys.modules.get("random"), "_inst"):
            # importlib.import_module brought it, unheard; its state may be the person's by now
            del wanted["random"]
            patch_random(sys.modules["random"], streams, system, reseeds=False)

    handlers["import"] = on_import


class Finder:
    """Found once, for one module: takes itself away and arranges for the patch."""

    def __init__(self, name, patch):
        self.name = name
        self.patch = patch

    def find_spec(self, name, path=None, target=None):
        """Find the module as if this finder were not there."""
        if name != self.name:
            return None
        sys.meta_path.remove(self)
        for finder in list(sys.meta_path):
            find = getattr(finder, "find_spec", None)
            spec = find(name, path, target) if find is not None else None
            if spec is not None:
                self.arrange(spec.loader)
                return spec
        return None

    def arrange(self, loader):
        """Patch the module right after the loader has run it."""
        patch = self.patch
        try:
            run = loader.exec_module

            def exec_module(module):
                del loader.exec_module
                run(module)
                try:
                    patch(module)
                except Exception as error:
                    if not place.is_ours(error):
                        raise

            loader.exec_module = exec_module
        except AttributeError:  # a loader that takes no attributes
            return
