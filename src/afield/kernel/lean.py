"""Loading a library without what it only looks for: a command that is recorded waits for it.

For processes of our own. In somebody's script nothing here is called: what it may import is its
own business.
"""

from __future__ import annotations

import sys
from importlib import import_module

_LOOKED_FOR = "typing_extensions"


def load_msgspec() -> None:
    """Load `msgspec` without `typing_extensions`; call it before other threads are started.

    Of that it takes three names, which `typing` has since Python 3.11, and which are the same; it
    would bring `inspect` and the compiler's modules with it, a third of what `msgspec` costs.
    """
    if _LOOKED_FOR in sys.modules:
        return
    sys.modules[_LOOKED_FOR] = None  # type: ignore[assignment]  # "there is none", says importlib
    try:
        import_module("msgspec")
    finally:
        del sys.modules[_LOOKED_FOR]
