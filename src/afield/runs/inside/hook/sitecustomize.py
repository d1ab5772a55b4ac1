"""The door of the hook: found first on PYTHONPATH, it starts the hook and steps aside.

It then hands over to the `sitecustomize` that the person has, if any. Every Python that a run
starts may read this file, Python 2 too, so its syntax is the oldest and it imports nothing
when the interpreter cannot be watched.
"""

import sys

_self = sys.modules.get("sitecustomize")
_folder = __file__.rpartition("\\" if sys.platform == "win32" else "/")[0]

try:
    if sys.version_info >= (3, 8):
        import _afield_inside

        _afield_inside.start(_folder)
except Exception:  # noqa: BLE001, S110 - a fault of ours must never reach the person's program
    pass

# Nothing of this folder stays visible: children inherit PYTHONPATH, not sys.path.
sys.path[:] = [_entry for _entry in sys.path if _entry != _folder]
sys.path_importer_cache.pop(_folder, None)
for _name in [_name for _name in sys.modules if _name.startswith("_afield_")]:
    del sys.modules[_name]
sys.modules.pop("sitecustomize", None)

# `site` ignores an ImportError that names sitecustomize: as if this file had not been there.
import sitecustomize  # noqa: E402, F401
