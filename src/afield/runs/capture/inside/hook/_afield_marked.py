"""Let imports read code without a question of the kernel's: their opens bear a mark.

An audit event tells each of these opens before it is made, so the filter need not ask. Linux
ignores a bit of `openat` that it does not know; the filter does not. Nothing in a person's program
is another object for this: only `importlib` finds a stand-in where it looks for `_io`.
"""

import _io
import sys
from os import fsencode, stat
from os import open as open_unmarked

DEVIOUS = ("/proc/", "/dev/")  # such a path, or one that is relative, does not tell which file


class Stand(type(sys)):
    """Is for `importlib` what `_io` is, but for `open_code`."""

    def __getattr__(self, name):
        return getattr(_io, name)


class Marked:
    """The stand-in of this process; `openat` opens a path of bytes and returns a descriptor.

    A negative one is for whatever the system refused.
    """

    def __init__(self, openat):
        import _frozen_importlib_external as external

        self.home = external
        self.stand = Stand("_io")
        self.stand.open_code = opening(openat, external.FileLoader.get_data.__code__.co_filename)

    def begin(self):
        """Have imports mark what they open; the filter is there."""
        self.home._io = self.stand

    def end(self):
        """Have imports open as ever: from now on the kernel is to ask about all."""
        self.home._io = _io


def opening(openat, filename):
    """Return what opens code as `_io.open_code` does: same events, errors, and tracebacks.

    `filename` is that of `importlib`: Python leaves out its frames by that name.
    """
    file, original = _io.FileIO, _io.open_code

    def opener(path, flags):
        fd = openat(fsencode(path))
        if fd < 0:
            stat(path)  # raises what was met, if it was not there
            fd = open_unmarked(path, flags)
        return fd

    def open_code(path):
        is_plain = type(path) is str and path[:1] == "/" and not path.startswith(DEVIOUS)
        if not is_plain or _io.open_code is not original:
            return _io.open_code(path)
        try:
            return file(path, "r", True, opener)  # noqa: FBT003 - by position: called often
        except BaseException as error:
            error.__traceback__ = None  # of our frames; those above are added as it goes up
            raise

    for function in (opener, open_code):
        function.__code__ = function.__code__.replace(co_filename=filename)
    return open_code
