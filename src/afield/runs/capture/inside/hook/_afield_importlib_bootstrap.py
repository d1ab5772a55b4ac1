"""Be told of calls into libraries: wrap them once their module has run.

Nothing here knows a library or a file; what is wrapped stands in `_afield_libraries`. The name
of this file is what lets `warnings` pass over its frames, as over those of `importlib`: a
warning goes on to name the line that called the library. For tracebacks, each frame takes
itself out of them (from Python 3.11 on).
"""

import sys

_MIMICKED = ("__module__", "__name__", "__qualname__", "__doc__")


class Finder:
    """Finds nothing of its own: calls `met` when a module of `names` is asked for the first time,
    and `loaded` with the module each time that it has run.

    It stands in `sys.meta_path`; any other import costs a look-up in a dictionary.
    """  # noqa: D205 - one sentence

    def __init__(self, names, loaded):
        self.names = names
        self.loaded = loaded
        self.busy = set()

    def find_spec(self, name, path=None, target=None):
        """Find a module of ours as if this finder were not there."""
        if name not in self.names or name in self.busy:
            return None
        self.busy.add(name)
        try:
            for finder in list(sys.meta_path):
                find = None if finder is self else getattr(finder, "find_spec", None)
                spec = find(name, path, target) if find is not None else None
                if spec is not None:
                    self.arrange(name, spec.loader)
                    return spec
        finally:
            self.busy.discard(name)
        return None

    def arrange(self, name, loader):
        """Have `loaded` called right after the loader has run the module."""
        run = getattr(loader, "exec_module", None)
        if run is None or isinstance(loader, type):  # a namespace, or part of Python itself
            return
        loaded = self.loaded

        def exec_module(module):
            loader.__dict__.pop("exec_module", None)
            try:
                run(module)
            except BaseException as error:
                error.__traceback__ = error.__traceback__.tb_next
                raise
            if module.__name__ == name:
                loaded(module)

        try:
            loader.exec_module = exec_module
        except AttributeError:  # a loader that takes no attributes
            return


def around(call, tell):
    """Return a function that does as `call` does, after `tell(args, kwargs)`, which never raises.

    Its frame leaves no line in a traceback.
    """

    def wrapper(*args, **kwargs):
        tell(args, kwargs)
        try:
            return call(*args, **kwargs)
        except BaseException as error:
            error.__traceback__ = error.__traceback__.tb_next
            raise

    mimic(wrapper, call)
    return wrapper


def after(kind, tell):
    """Return an `__init__` for a class of another language, which has done all in its `__new__`."""

    def __init__(self, *args, **kwargs):  # noqa: N807 - it becomes one
        tell((self, *args), kwargs)

    __init__.__module__ = kind.__module__
    __init__.__qualname__ = kind.__qualname__ + ".__init__"
    __init__.__doc__ = kind.__init__.__doc__
    return __init__


def is_ours(call):
    """Tell whether a call is wrapped already, by its code: nothing is kept alive for it."""
    return getattr(call, "__code__", None) in _CODES


def mimic(wrapper, call):
    """Let a wrapper show the name, words and parameters of what it stands for."""
    for name in _MIMICKED:
        try:
            setattr(wrapper, name, getattr(call, name))
        except (AttributeError, TypeError):  # compiled functions lack some, or hold None
            continue
    own = getattr(call, "__dict__", None)
    if own:
        wrapper.__dict__.update(own)
    if getattr(call, "__annotate__", None) is not None:  # from 3.14 on: worked out when asked for
        wrapper.__annotate__ = call.__annotate__
    elif not hasattr(call, "__annotate__") and getattr(call, "__annotations__", None):
        wrapper.__annotations__ = call.__annotations__
    wrapper.__wrapped__ = call


_CODES = (around(min, min).__code__, after(type, min).__code__)
