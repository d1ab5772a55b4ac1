"""Tell whose code a frame is: the person's, a library's, the import machinery's, a key maker's.

The answer is kept per file name, so that finding a line of code costs a dictionary look-up
per frame. Nothing here writes or patches.
"""

import os
import sys
from sys import _getframe

LIBRARY, PERSON, IMPORTING, KEYS, TEXT, ENTROPY, LISTING, OURS = range(8)
DEPTH_MAX = 64

# Code below these makes keys and the like: it always gets the system's own entropy.
KEY_MAKERS = (
    "Crypto", "Cryptodome", "OpenSSL", "argon2", "asyncssh", "authlib", "bcrypt", "cryptography",
    "django", "ecdsa", "itsdangerous", "jose", "josepy", "jupyter_client", "jupyter_server",
    "jupyterhub", "jwcrypto", "jwt", "keyring", "msal", "multiprocessing", "nacl", "notebook",
    "oauthlib", "paramiko", "passlib", "rsa", "werkzeug", "ssl.py", "hmac.py", "crypt.py",
)  # fmt: skip
ENTROPY_TAKERS = ("random.py", "secrets.py", "uuid.py", "tempfile.py")
LISTERS = ("os.py", "glob.py", "pathlib.py", "pathlib", "<frozen os>", "<frozen glob>")

_sep = os.sep
_here = os.path.dirname(__file__) + _sep
_environment = []
kinds = {}


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
    kinds.clear()
    return tuple(_environment)


def kind_of(filename):
    """Tell whose code stands in a file, by the name that a code object gives."""
    kind = kinds.get(filename)
    if kind is None:
        kind = kinds[filename] = _classify(filename)
    return kind


def _classify(filename):
    if filename.startswith("<"):
        return _classify_nameless(filename)
    if filename.startswith(_here):
        return OURS
    for folder in _environment:
        if filename.startswith(folder):
            return _classify_library(filename[len(folder) :].split(_sep, 2))
    return PERSON


def _classify_nameless(filename):
    if filename.startswith("<frozen importlib"):
        return IMPORTING
    if filename == "<string>":
        return TEXT
    if filename in LISTERS:
        return LISTING
    return PERSON if filename.startswith(("<stdin>", "<ipython")) else LIBRARY


def _classify_library(parts):
    is_site = parts[0] in ("site-packages", "dist-packages")
    name = parts[1] if is_site else parts[0]
    if name in KEY_MAKERS:
        return KEYS
    if name in ENTROPY_TAKERS:
        return ENTROPY
    return LISTING if name in LISTERS else LIBRARY


def is_person(frame):
    """Tell whether a frame runs the person's own code; text that is run only as the program."""
    filename = frame.f_code.co_filename
    kind = kinds[filename] if filename in kinds else kind_of(filename)
    return kind == PERSON or (kind == TEXT and frame.f_globals.get("__name__") == "__main__")


def line_of(frame):
    """Return `file:line` of a frame."""
    return "%s:%d" % (frame.f_code.co_filename, frame.f_lineno or 0)


def line_of_person(above=1):
    """Return `file:line` of the nearest frame of the person's own code, or an empty text.

    `above` frames are skipped unseen.
    """
    frame = _getframe(above)
    depth = 0
    while frame is not None and depth < DEPTH_MAX:
        filename = frame.f_code.co_filename
        kind = kinds[filename] if filename in kinds else kind_of(filename)
        if kind == PERSON or (kind == TEXT and is_person(frame)):
            return "%s:%d" % (filename, frame.f_lineno or 0)
        frame = frame.f_back
        depth += 1
    return ""


def line_that_lists():
    """Return the line of the person that lists a folder, itself or by `os`, `glob`, `pathlib`.

    Nothing when a library does so for its own ends.
    """
    frame = _getframe(1)
    while frame is not None and kind_of(frame.f_code.co_filename) in (OURS, LISTING):
        frame = frame.f_back
    return line_of(frame) if frame is not None and is_person(frame) else ""


def is_ours(error):
    """Tell whether an exception was raised by the hook itself, not by a signal handler in it."""
    trace = error.__traceback__
    if trace is None:
        return True
    while trace.tb_next is not None:
        trace = trace.tb_next
    return kind_of(trace.tb_frame.f_code.co_filename) == OURS
