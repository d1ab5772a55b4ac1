"""Found first on PYTHONPATH: starts the hook, steps aside, hands over to the person's own.

Every Python that a run starts may read this file, Python 2 too, so its syntax is the oldest.
"""

import sys

# Our few files are kept compiled whatever PYTHONDONTWRITEBYTECODE says: compiling them costs
# 8 ms at each start. Python 2 would put the results beside them, so there it is off.
_asked, sys.dont_write_bytecode = sys.dont_write_bytecode, sys.version_info < (3,)
_self = sys.modules.get(__name__)  # kept alive: Python 2 empties a module that is let go
try:
    import _afield_door

    _afield_door.enter(__file__)
finally:
    sys.dont_write_bytecode = _asked

# `site` ignores an ImportError that names sitecustomize: as if this file had not been there.
import sitecustomize  # noqa: E402, F401
