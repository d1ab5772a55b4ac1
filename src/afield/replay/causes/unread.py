"""Cause `code`, at last: other files of the tree that differ, though neither run read them.

They come after every cause that was seen, because a run may read past what is watched.
"""

from __future__ import annotations

from afield.replay.causes.cause import Cause, Known, Side
from afield.replay.causes.code import changed_paths, is_source
from afield.replay.causes.words import cut, named
from afield.replay.text import clip


def ask_unread(old: Side, new: Side, known: Known) -> Cause | None:
    """Name other files of the tree that differ, which neither run was seen to read."""
    used = {one.path for side in (old, new) for one in side.manifest.inputs}
    made = {one.path for side in (old, new) for one in side.manifest.outputs}
    changed = [
        path for path in changed_paths(old, new) if not is_source(path) and path not in used | made
    ]
    if changed:
        detail = f"{named(changed)} differ, though neither run was seen to read them"
        return Cause("code", clip(detail), cut(changed))
    code = known.gap("code", unread=True)
    return code or known.gap("secret", named="variables", unread=True)
