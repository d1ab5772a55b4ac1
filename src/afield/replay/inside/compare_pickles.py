"""Load two pickles (or joblib files) and say how their structures relate, as one JSON line.

    python compare_pickles.py OLD NEW TOLERANCE NAME

Runs in the environment of the run, where the classes are. Prints
`{"grade": "content" | "tolerance" | "diverged" | "unreadable", "detail": ...}` as its last line.
Classes that lived in the run's `__main__` are stood in for by empty ones of the same name.
"""

import io
import json
import math
import pickle
import sys
import types

DEPTH_MAX = 400
PAIRS_MAX = 5_000_000
CODE_PARTS = (
    # all but file and line numbers, which say where a function stood and not what it does;
    # the constants are compared by structure
    *("co_argcount", "co_posonlyargcount", "co_kwonlyargcount", "co_flags", "co_name"),
    *("co_qualname", "co_names", "co_varnames", "co_freevars", "co_cellvars"),
    *("co_exceptiontable", "co_code"),
)
BOOKKEEPING = {"__dict__", "__weakref__", "__builtins__", "__loader__", "__spec__", "_abc_impl"}
BOOKKEEPING |= {"__firstlineno__", "__cached__", "_cloudpickle_submodules"}
DESCRIPTORS = (types.GetSetDescriptorType, types.MemberDescriptorType)
ATOMS = (str, bytes, bytearray, int, bool, type(None), complex, range, type(Ellipsis))


class Different(Exception):
    """The two differ; the message says where and how."""


class Stand:
    """Stands in for an object whose class cannot be had: keeps its arguments and its state."""

    def __new__(cls, *args, **kwargs):
        made = object.__new__(cls)
        made.__dict__["_arguments"] = (args, kwargs)
        return made

    def __init__(self, *args, **kwargs):
        pass

    def __setstate__(self, state):
        self.__dict__["_state"] = state

    def append(self, item):
        self.__dict__.setdefault("_items", []).append(item)

    def extend(self, items):
        self.__dict__.setdefault("_items", []).extend(items)

    def __setitem__(self, key, value):
        self.__dict__.setdefault("_pairs", []).append((key, value))


def stand_in_for_main():
    main = types.ModuleType("__main__")
    made = {}

    def find(name):
        if name.startswith("__"):
            raise AttributeError(name)
        if name not in made:
            made[name] = type(name, (Stand,), {"__module__": "__main__"})
        return made[name]

    main.__getattr__ = find
    sys.modules["__main__"] = main


def load(path, name):
    with open(path, "rb") as stream:
        data = stream.read()
    if name.endswith(".npy"):
        import numpy as np

        return np.load(io.BytesIO(data), allow_pickle=True)
    try:
        return pickle.loads(data)
    except Exception:
        # joblib appends arrays to the pickle, or compresses it; only joblib can read that
        import joblib

        return joblib.load(path)


class Walk:
    """One comparison: what was visited, and the largest difference within tolerance."""

    def __init__(self, tolerance):
        self.tolerance = tolerance
        self.visited = set()
        self.kept = []
        self.near = None

    def near_miss(self, where, old, new):
        if self.near is None:
            self.near = "%s: %r vs %r" % (where, old, new)

    def compare(self, old, new, where, depth=0):
        if type(old) is not type(new):
            if name_of(old) != name_of(new):
                raise Different("%s: %s vs %s" % (where, name_of(old), name_of(new)))
            self.compare(type(old), type(new), "%s: class" % where, depth)  # carried by value
        if isinstance(old, float) and type(old) is float:
            self.floats(old, new, where)
            return
        if type(old) in ATOMS:
            if old != new:
                raise Different("%s: %.60r vs %.60r" % (where, old, new))
            return
        pair = (id(old), id(new))
        if pair in self.visited:
            return
        if depth > DEPTH_MAX or len(self.visited) > PAIRS_MAX:
            raise Different("%s: too deep or too large to compare by structure" % where)
        self.visited.add(pair)
        self.kept.append((old, new))  # keeps ids from being given out twice
        self.objects(old, new, where, depth + 1)

    def floats(self, old, new, where):
        if old == new and math.copysign(1, old) == math.copysign(1, new):
            return
        if math.isnan(old) and math.isnan(new):
            return
        scale = max(abs(old), abs(new))
        if math.isfinite(scale) and abs(old - new) <= self.tolerance * scale:
            self.near_miss(where, old, new)
            return
        raise Different("%s: %r vs %r" % (where, old, new))

    def objects(self, old, new, where, depth):
        if old is new or self.is_compared_as_code(old, new, where, depth):
            return
        if type(old).__module__.partition(".")[0] == "numpy" and hasattr(old, "dtype"):
            self.arrays(old, new, where, depth)
        elif hasattr(old, "detach") and hasattr(old, "numpy") and hasattr(old, "dtype"):
            self.tensors(old, new, where, depth)
        elif type(old) is dict or isinstance(old, dict):
            self.dicts(old, new, where, depth)
            self.rest(old, new, where, depth)
        elif isinstance(old, (list, tuple)):
            self.sequences(old, new, where, depth)
            self.rest(old, new, where, depth)
        elif isinstance(old, (set, frozenset)):
            self.sets(old, new, where)
            self.rest(old, new, where, depth)
        else:
            self.state(old, new, where, depth)

    def is_compared_as_code(self, old, new, where, depth):
        """Compare what is made of code; return False for anything else."""
        if isinstance(old, type):
            self.classes(old, new, where, depth)
        elif isinstance(old, types.ModuleType):
            self.modules(old, new, where, depth)
        elif isinstance(old, (types.FunctionType, types.BuiltinFunctionType)):
            self.functions(old, new, where, depth)
        elif isinstance(old, types.CodeType):
            self.codes(old, new, where, depth)
        elif isinstance(old, types.CellType):
            self.compare(cell_contents(old), cell_contents(new), where, depth)
        elif isinstance(old, (staticmethod, classmethod)):
            self.compare(old.__func__, new.__func__, where, depth)
        elif isinstance(old, property):
            self.compare(accessors(old), accessors(new), where, depth)
        else:
            return False
        return True

    def rest(self, old, new, where, depth):
        if getattr(old, "__dict__", None) or getattr(new, "__dict__", None):
            self.dicts(old.__dict__, new.__dict__, where, depth)

    def dicts(self, old, new, where, depth):
        if len(old) != len(new):
            raise Different("%s: %d vs %d keys" % (where, len(old), len(new)))
        for key, value in old.items():
            if key not in new:
                raise Different("%s: key %.60r is missing" % (where, key))
            label = "%s.%s" % (where, key) if isinstance(key, str) else "%s[%.40r]" % (where, key)
            self.compare(value, new[key], label, depth)
        if (
            isinstance(old, dict)
            and list(old) != list(new)
            and all(isinstance(key, (str, int)) for key in old)
        ):
            raise Different("%s: keys stand in another order" % where)

    def sequences(self, old, new, where, depth):
        if len(old) != len(new):
            raise Different("%s: %d vs %d items" % (where, len(old), len(new)))
        for index, (one, other) in enumerate(zip(old, new)):
            self.compare(one, other, "%s[%d]" % (where, index), depth)

    def sets(self, old, new, where):
        if old != new:
            raise Different("%s: %d items of the set differ" % (where, len(old ^ new)))

    def functions(self, old, new, where, depth):
        if full_name(old) != full_name(new):
            raise Different("%s: function %r vs %r" % (where, old, new))
        if not isinstance(old, types.FunctionType):  # a method of a built-in type: what it is of
            owners = getattr(old, "__self__", None), getattr(new, "__self__", None)
            self.compare(owners[0], owners[1], where + ".__self__", depth)
            return
        self.codes(old.__code__, new.__code__, where, depth)
        self.compare(old.__defaults__, new.__defaults__, where + ".__defaults__", depth)
        self.compare(old.__kwdefaults__, new.__kwdefaults__, where + ".__kwdefaults__", depth)
        self.compare(old.__closure__, new.__closure__, where + ".__closure__", depth)
        if old.__globals__ is not new.__globals__:
            one, other = globals_used(old), globals_used(new)
            self.compare(one, other, where + ".__globals__", depth)
        self.rest(old, new, where, depth)

    def codes(self, old, new, where, depth):
        for name in CODE_PARTS:
            one, other = getattr(old, name, None), getattr(new, name, None)
            if one != other:
                told = "" if isinstance(one, bytes) else ": %.60r vs %.60r" % (one, other)
                raise Different("%s: the code of %s differs%s" % (where, old.co_name, told))
        self.compare(old.co_consts, new.co_consts, "%s: code of %s" % (where, old.co_name), depth)

    def classes(self, old, new, where, depth):
        if full_name(old) != full_name(new) or is_importable(old) or is_importable(new):
            raise Different("%s: %r vs %r" % (where, old, new))
        self.compare(old.__bases__, new.__bases__, where + ".__bases__", depth)
        self.compare(members(old), members(new), where, depth)

    def modules(self, old, new, where, depth):
        if old.__name__ != new.__name__ or old.__name__ in sys.modules:
            raise Different("%s: %r vs %r" % (where, old, new))
        self.compare(members(old), members(new), where, depth)

    def tensors(self, old, new, where, depth):
        if str(old.dtype) != str(new.dtype) or tuple(old.shape) != tuple(new.shape):
            raise Different(
                "%s: %s%s vs %s%s"
                % (where, old.dtype, tuple(old.shape), new.dtype, tuple(new.shape))
            )
        if str(old.dtype) == "torch.bfloat16":
            old, new = old.float(), new.float()
        self.arrays(old.detach().cpu().numpy(), new.detach().cpu().numpy(), where, depth)

    def arrays(self, old, new, where, depth):
        if not hasattr(old, "tobytes"):  # a dtype, a random generator ...
            self.state(old, new, where, depth)
            return
        if old.dtype != new.dtype or getattr(old, "shape", ()) != getattr(new, "shape", ()):
            raise Different(
                "%s: %s%s vs %s%s" % (where, old.dtype, old.shape, new.dtype, new.shape)
            )
        if old.dtype.hasobject:
            self.sequences(list(old.ravel()), list(new.ravel()), where, depth)
            return
        if old.tobytes() == new.tobytes():
            return
        if old.dtype.names:
            for name in old.dtype.names:  # padding between the fields is no content
                self.arrays(old[name], new[name], "%s.%s" % (where, name), depth)
            return
        self.numbers(old, new, where)

    def numbers(self, old, new, where):
        import numpy as np

        if old.dtype.kind not in "fc":
            raise Different("%s: %s" % (where, first(old, new, old != new)))
        unlike = ~((old == new) | (np.isnan(old) & np.isnan(new)))
        with np.errstate(all="ignore"):
            scale = np.maximum(np.abs(old), np.abs(new))
            finite = np.isfinite(old) & np.isfinite(new)
            far = unlike & ~(finite & (np.abs(old - new) <= self.tolerance * scale))
        if far.any():
            raise Different("%s: %s" % (where, first(old, new, far)))
        if unlike.any():
            self.near_miss(where, old[unlike].ravel()[0], new[unlike].ravel()[0])
        elif self.near is None:
            self.near = "%s: only the signs of zeros or payloads of NaN differ" % where

    def state(self, old, new, where, depth):
        one, other = pieces(old), pieces(new)
        if one is None or other is None:
            if old == new:
                return
            raise Different("%s: %s differ" % (where, name_of(old)))
        self.compare(one, other, where, depth)


def first(old, new, differs):
    import numpy as np

    if not differs.shape:
        return "%s vs %s" % (old, new)
    at = tuple(np.argwhere(differs)[0])
    place = [int(index) for index in at]
    return "at %s: %s vs %s (%d of %d differ)" % (
        place,
        old[at],
        new[at],
        differs.sum(),
        differs.size,
    )


def pieces(value):
    """Return what an object is made of, as pickling takes it apart; None when it cannot be."""
    try:
        made = value.__reduce_ex__(4)
    except Exception:
        return None
    if isinstance(made, str):
        return {"global": made}
    parts = list(made) + [None] * (6 - len(made))
    items = None if parts[3] is None else list(parts[3])
    pairs = None if parts[4] is None else list(parts[4])
    return {
        "class": getattr(parts[0], "__qualname__", repr(parts[0])),
        "arguments": parts[1],
        "state": parts[2],
        "items": items,
        "pairs": pairs,
    }


def full_name(value):
    return getattr(value, "__module__", None), getattr(value, "__qualname__", None)


def is_importable(kind):
    """Tell whether pickles name this class instead of carrying it."""
    found = sys.modules.get(kind.__module__)
    for name in kind.__qualname__.split("."):
        found = getattr(found, name, None)
    return found is kind


def members(value):
    """Return what a class or module holds that a pickle carried by value."""
    return {
        name: held
        for name, held in vars(value).items()
        if name not in BOOKKEEPING and not isinstance(held, DESCRIPTORS)
    }


def cell_contents(cell):
    try:
        return (cell.cell_contents,)
    except ValueError:  # the cell is empty
        return ()


def accessors(value):
    return (value.fget, value.fset, value.fdel, value.__doc__)


def globals_used(function):
    """Return the globals that the code of a function can name, nested functions included."""
    names, waiting = [], [function.__code__]
    while waiting:
        code = waiting.pop()
        names.extend(code.co_names)
        waiting.extend(one for one in code.co_consts if isinstance(one, types.CodeType))
    held = function.__globals__
    return {name: held[name] for name in sorted(set(names)) if name in held}


def name_of(value):
    kind = type(value)
    return "%s.%s" % (kind.__module__, kind.__qualname__)


def main(arguments):
    old_path, new_path, tolerance, name = arguments
    sys.setrecursionlimit(10_000)
    stand_in_for_main()
    try:
        old, new = load(old_path, name), load(new_path, name)
    except BaseException as fault:
        return {"grade": "unreadable", "detail": "%s: %s" % (type(fault).__name__, fault)}
    walk = Walk(float(tolerance))
    try:
        walk.compare(old, new, name_of(old))
    except Different as fault:
        return {"grade": "diverged", "detail": str(fault)}
    except BaseException as fault:
        return {"grade": "unreadable", "detail": "%s: %s" % (type(fault).__name__, fault)}
    if walk.near is not None:
        return {"grade": "tolerance", "detail": walk.near}
    return {"grade": "content", "detail": None}


if __name__ == "__main__":
    sys.stdout.write("\n" + json.dumps(main(sys.argv[1:])) + "\n")
