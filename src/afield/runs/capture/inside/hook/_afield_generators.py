"""Where libraries take entropy by themselves, or hand out numbers that nobody seeded: patches.

Each is put in place right after its module was loaded (`_afield_entropy` arranges that), stands
under the name of what it replaces, and does as that does but for where the entropy comes from.
"""

import os
import sys

CLOCKS = ("uuid1", "uuid6", "uuid7")


def patches(streams, system):
    """Return what is to be done once a module was loaded, by its name."""

    def prepare(module):
        patch_prepare(module, streams)

    def numbers(name):
        return lambda module: note_default(module, name, streams)

    return {
        "random": lambda module: patch_random(module, streams, system),
        "uuid": lambda module: note_clocks(module, streams),
        "torch.random": lambda module: patch_torch(module, streams),
        "torch.cuda": lambda module: seed_cuda(module, streams),
        "multiprocessing.spawn": prepare,
        "loky.backend.spawn": prepare,
        "joblib.externals.loky.backend.spawn": prepare,
        "sklearn.utils.validation": numbers("check_random_state"),
        "scipy._lib._util": numbers("check_random_state"),
        "pandas.core.common": numbers("random_state"),
        "IPython.core.tips": leave_default,
        "cryptography.hazmat.bindings._rust": lambda module: leave_keys(module, system),
    }


def mimic(function, original):
    """Let a replacement show the name, home and words of what it stands for."""
    for name in ("__doc__", "__module__", "__name__", "__qualname__"):
        setattr(function, name, getattr(original, name))


def leave_default(module):
    """Let IPython draw its tips past the person's generator.

    A kernel draws one whenever it is asked what it is, which front ends do as often as their
    clock has it: what the person draws next would hang on that.
    """
    original = getattr(module, "pick_tip", None)
    if original is None:
        return

    def pick_tip():
        import random

        state = random.getstate()
        try:
            return original()
        finally:
            random.setstate(state)

    mimic(pick_tip, original)
    module.pick_tip = pick_tip


def patch_random(module, streams, system, *, reseeds=True):
    """Seed `random` from the streams where it would ask the system.

    `reseeds` is false when the default generator may already be in the person's hands.
    """
    base = module.Random
    if getattr(base.__base__, "__module__", "") != "_random":
        return  # the person's own module of this name
    if module._urandom is system._real_urandom:  # loaded before us, by a .pth file
        module._urandom = os.urandom
    original = base.seed
    default = module._inst

    def seed(self, a=None, version=2):
        if a is None:
            data = streams.draw(32, "random.seed")
            if data is not None:
                a = int.from_bytes(data, "little")
        if self is default:
            streams.notice_random()
        return original(self, a, version)

    mimic(seed, original)
    base.seed = seed
    module.seed = default.seed

    def reseed():
        original(default, int.from_bytes(streams.own(32, "random", 0), "little"))
        streams.fresh_random = default.getstate()

    if reseeds:
        reseed()
    streams.reseed_random = reseed
    streams.default_random = default
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=reseed)


def patch_torch(module, streams):
    """Seed torch's default generator, and `torch.seed()`, from the streams, not from the system."""
    original = module.seed
    manual_seed = module.manual_seed
    default = module.default_generator
    first = int.from_bytes(streams.own(8, "torch", 0), "little") >> 1
    default.manual_seed(first)

    def is_unseeded():
        if "torch" not in sys.modules:  # importing it failed half-way
            return False
        fresh = type(default)()  # not before the end: until torch is whole, a state is a crash
        fresh.manual_seed(first)
        return default.initial_seed() == first and not default.get_state().equal(fresh.get_state())

    streams.is_torch_unseeded = is_unseeded

    def seed():
        data = streams.draw(8, "torch.seed")
        if data is None:
            return original()
        value = int.from_bytes(data, "little") >> 1
        manual_seed(value)
        return value

    mimic(seed, original)
    module.seed = seed


def patch_prepare(module, streams):
    """Learn the name that a pool gave to this worker before the person's code is loaded."""
    original = module.prepare

    def prepare(data, *args, **kwargs):
        name = data.get("name")
        if name:
            streams.identity.name(name)
            streams.rekey()
            if streams.reseed_random is not None:
                streams.reseed_random()
        return original(data, *args, **kwargs)

    mimic(prepare, original)
    module.prepare = prepare


def seed_cuda(module, streams):
    """Seed the default generators of graphics cards, which ask the system once they are used."""
    if module._is_compiled():
        module.manual_seed_all(int.from_bytes(streams.own(8, "torch.cuda", 0), "little") >> 1)


def note_clocks(module, streams):
    """Have identifiers told that are made of a clock: no seed brings them back."""
    for name in CLOCKS:
        original = getattr(module, name, None)
        if original is not None:
            setattr(module, name, noting(original, streams, "uuid.%s (not replayed)" % name))


def noting(original, streams, source):
    """Return a function that does as `original` does, and is told of as `source`."""

    def function(*args, **kwargs):
        streams.note(source)
        return original(*args, **kwargs)

    mimic(function, original)
    function.__wrapped__ = original
    return function


def note_default(module, name, streams):
    """Have it told who takes numpy's default generator because no seed was given."""
    original = getattr(module, name)

    def function(*args, **kwargs):
        given = args[0] if args else next(iter(kwargs.values()), None)
        if given is None:
            streams.note("numpy.random (default generator)")
        return original(*args, **kwargs)

    mimic(function, original)
    function.__wrapped__ = original
    setattr(module, name, function)


def leave_keys(module, system):
    """Let compiled code that makes keys find the system's own `os.urandom`, and keep that.

    It calls it with no frame of its own, so that the person's line would seem to ask.
    """
    ours, os.urandom = os.urandom, system._real_urandom
    try:
        module.openssl.aead.AESGCM.generate_key(128)
    finally:
        os.urandom = ours
