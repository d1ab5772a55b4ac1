"""Start the hook where the interpreter can be watched, and leave no trace of having been here.

Children inherit PYTHONPATH, so nothing of ours needs to stay in `sys.path` or `sys.modules`.
Like `sitecustomize`, this file is read by any Python, from 2.7 on.
"""

import sys


def enter(filename):
    """Start the hook of the folder that `filename` stands in, then clean up. Never raises."""
    folder = filename.rpartition("\\" if sys.platform == "win32" else "/")[0]
    try:
        if sys.version_info >= (3, 8):
            import _afield_inside

            _afield_inside.start(folder)
            keep_compiled(sys.modules["sitecustomize"].__spec__)
    except Exception:  # noqa: BLE001, S110 - a fault of ours must never reach the person's program
        pass
    sys.path[:] = [entry for entry in sys.path if entry != folder]
    sys.path_importer_cache.pop(folder, None)
    for name in [name for name in sys.modules if name.startswith("_afield_")]:
        del sys.modules[name]
    sys.modules.pop("sitecustomize", None)


def keep_compiled(spec):
    """Compile `sitecustomize` into the cache when Python was told not to."""
    import os

    if not os.path.exists(spec.cached):
        spec.loader.get_code(spec.name)
