"""`python -m afield`: the same as the command `afield`."""

from __future__ import annotations

import sys

from afield.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
