"""One run in one file, for somebody who has no workspace: `run.afield`.

Lives here: what such a file holds, writing one, and opening one as a workspace of its own.
Repeating the run is the work of room `replay`. The format is told in docs/format/bundle.md.
"""

from __future__ import annotations

from afield.workspace.bundle.contents import SUFFIX, Contents
from afield.workspace.bundle.pack import Packed, pack
from afield.workspace.bundle.unpack import Opened, contents_of, is_bundle, unpack

__all__ = [
    "SUFFIX", "Contents", "Opened", "Packed", "contents_of", "is_bundle", "pack", "unpack",
]  # fmt: skip
