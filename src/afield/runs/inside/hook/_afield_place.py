"""Tell whose code a frame is: the person's, a library's, the import machinery's, a key maker's.

The answer is kept per file name, so that finding a line of code costs a dictionary look-up
per frame. Nothing here writes or patches.
"""

import os
import sys
from sys import _getframe

LIBRARY, PERSON, IMPORTING, KEYS = 0, 1, 2, 3
DEPTH_MAX = 64

# Code below these makes keys and the like: it always gets the system's own entropy.
KEY_MAKERS = (
    "Crypto", "Cryptodome", "OpenSSL", "asyncssh", "authlib", "bcrypt", "cryptography", "ecdsa",
    "itsdangerous", "jose", "josepy", "jwcrypto", "jwt", "keyring", "multiprocessing", "nacl",
    "paramiko", "passlib", "rsa", "ssl.py", "hmac.py", "crypt.py",
)  # fmt: skip

_sep = os.sep
_here = os.path.dirname(__file__) + _sep
_kinds = {}
_environment = []


def learn_environment():
    """Learn where this interpreter keeps its libraries; returns their folders."""
    version = "python%d.%d" % sys.version_info[:2]
    found = [os.path.dirname(os.__file__)]
    found += [entry for entry in sys.path if entry.endswith(("site-packages", "dist-packages"))]
    found += [
        os.path.join(base, "lib", version)
        for base in (sys.prefix, sys.base_prefix, sys.exec_prefix)
    ]
    _environment[:] = [folder + _sep for folder in dict.fromkeys(found)]
    _kinds.clear()
    return tuple(_environment)


def kind_of(filename):
    """Tell whose code stands in a file, by the name that a code object gives."""
    kind = _kinds.get(filename)
    if kind is None:
        kind = _kinds[filename] = _classify(filename)
    return kind


def _classify(filename):
    if filename.startswith("<"):
        if filename.startswith("<frozen importlib"):
            return IMPORTING
        return PERSON if filename.startswith(("<string>", "<stdin>", "<ipython")) else LIBRARY
    if filename.startswith(_here):
        return LIBRARY
    for folder in _environment:
        if filename.startswith(folder):
            parts = filename[len(folder) :].split(_sep, 2)
            name = parts[1] if parts[0] in ("site-packages", "dist-packages") else parts[0]
            return KEYS if name in KEY_MAKERS else LIBRARY
    return PERSON


def line_of_person(above=1):
    """Return `file:line` of the nearest frame of the person's own code, or an empty text.

    `above` frames are skipped unseen.
    """
    frame = _getframe(above)
    depth = 0
    while frame is not None and depth < DEPTH_MAX:
        filename = frame.f_code.co_filename
        if (_kinds[filename] if filename in _kinds else kind_of(filename)) == PERSON:
            return "%s:%d" % (filename, frame.f_lineno or 0)
        frame = frame.f_back
        depth += 1
    return ""


def is_importing():
    """Tell whether the import machinery itself stands right above our own frames."""
    frame = _getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_here):
        frame = frame.f_back
    return frame is not None and kind_of(frame.f_code.co_filename) == IMPORTING


def is_ours(error):
    """Tell whether an exception was raised by the hook itself, not by a signal handler in it."""
    trace = error.__traceback__
    if trace is None:
        return True
    while trace.tb_next is not None:
        trace = trace.tb_next
    return trace.tb_frame.f_code.co_filename.startswith(_here)
