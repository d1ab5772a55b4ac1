"""Which code paths the libraries of numbers chose for this CPU.

Asked once, when a process ends, and only of libraries that are loaded already: nothing is
imported or started for it. Other kernels round otherwise, and so may explain a difference.
"""

import sys

OPENBLAS_NAMES = ("scipy_openblas_", "openblas_")
SUFFIXES = ("", "64_")


def chosen(libraries):
    """Yield (name, value): `openblas`, `numpy`, `torch`; `libraries` are the files loaded."""
    found = sorted({name for name in map(_openblas, libraries) if name})
    if found:
        yield "openblas", " ".join(found)
    features = _numpy_features()
    if features is not None:
        yield "numpy", features
    torch = sys.modules.get("torch")
    if torch is not None:
        yield "torch", str(torch.backends.cpu.get_cpu_capability())


def _openblas(path):
    """Return the name of the core that a loaded OpenBLAS computes for, such as `Haswell`."""
    if "openblas" not in path.rpartition("/")[2].lower():
        return None
    import ctypes
    import os

    try:
        library = ctypes.CDLL(path, mode=os.RTLD_NOLOAD | os.RTLD_LAZY)
    except OSError:
        return None
    for name in OPENBLAS_NAMES:
        for suffix in SUFFIXES:
            ask = getattr(library, name + "get_corename" + suffix, None)
            if ask is not None:
                ask.restype, ask.argtypes = ctypes.c_char_p, ()
                return (ask() or b"").decode("ascii", "replace")
    return None


def _numpy_features():
    """Return the names of the optional CPU features that numpy uses, separated by blanks."""
    for name in ("numpy._core._multiarray_umath", "numpy.core._multiarray_umath"):
        module = sys.modules.get(name)
        if module is not None:
            known = module.__cpu_features__
            return " ".join(one for one in module.__cpu_dispatch__ if known.get(one))
    return None
