"""What the scripts of this folder share: the form of an answer, and a bound on memory."""

import json
import sys

from compare_pickles import Different, Walk

MEMORY_BYTES = 4 << 30


def bound_memory():
    """Keep a file that unpacks without end from taking the machine's memory."""
    try:
        import resource

        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        soft = MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(MEMORY_BYTES, hard)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    except (ImportError, OSError, ValueError):  # not every system can
        return


def answer(kind, compare, arguments):
    """Compare two files by `compare(walk, old path, new path)` and print the answer."""
    old, new, tolerance = arguments[:3]
    walk = kind(float(tolerance))
    try:
        compare(walk, old, new)
        grade, detail = ("content", None) if walk.near is None else ("tolerance", walk.near)
    except Different as fault:
        grade, detail = "diverged", str(fault)
    except BaseException as fault:
        grade, detail = "unreadable", "%s: %s" % (type(fault).__name__, fault)
    sys.stdout.write("\n" + json.dumps({"grade": grade, "detail": detail}) + "\n")


__all__ = ["Different", "Walk", "answer", "bound_memory"]
