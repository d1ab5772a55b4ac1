"""Files outside the project that a reproduction would overwrite: they are the person's own.

A run is repeated in a folder of its own, but what it wrote to absolute paths, or through links
that lead out of the project, it writes to again. Files are looked for here, not opened.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator, Mapping

from afield.kernel.errors import AfieldError
from afield.replay.errors import OutsideWrites
from afield.replay.kinds import is_link
from afield.replay.masks import in_temporary_folder, is_cache
from afield.replay.plan import Plan
from afield.replay.stamps import named
from afield.runs.manifest import Manifest
from afield.vault import Vault

_LINK = 0o120000


def refuse_overwriting(plan: Plan, vault: Vault, *, run: str) -> None:
    """Refuse when the run would write again over files that are there.

    Raises:
        OutsideWrites: it names them, and how to do it all the same.
    """
    found = tuple(dict.fromkeys(_overwritten(plan, vault)))
    if found:
        raise OutsideWrites(
            "cannot reproduce",
            run,
            f"it would overwrite files outside the project: {named(found)}",
            hint=f"move them away, or: afield reproduce {run} --allow-outside-writes",
            paths=found,
        )


def _overwritten(plan: Plan, vault: Vault) -> Iterator[str]:
    links = _links(plan, vault)
    for one in plan.manifest.outputs:
        inside = posixpath.dirname(one.path) if is_link(one) else one.path  # it is made anew itself
        path = one.path if os.path.isabs(one.path) else _through(inside, links)  # noqa: PTH117 - recorded text
        if path and _is_own(path) and os.path.lexists(path):
            yield path


def written_outside(manifest: Manifest) -> tuple[str, ...]:
    """Return what a run wrote outside its project that is nobody's cache or scratch."""
    paths = (one.path for one in manifest.outputs if os.path.isabs(one.path))  # noqa: PTH117 - recorded text
    return tuple(path for path in paths if _is_own(path))


def _is_own(path: str) -> bool:
    return not in_temporary_folder(path) and not is_cache(path)


def _links(plan: Plan, vault: Vault) -> dict[str, str]:
    """Return the links of the tree that lead to an absolute path; others end in the new folder."""
    found: dict[str, str] = {}
    for entry in plan.tree:
        if entry.mode == _LINK:
            try:
                target = os.fsdecode(vault.get(entry.object))
            except AfieldError:
                continue  # it is not restored either
            if os.path.isabs(target):  # noqa: PTH117 - recorded text
                found[entry.path] = target
    return found


def _through(path: str, links: Mapping[str, str]) -> str | None:
    """Return where a path of the project leads to by such a link; None when by none."""
    part = path
    while part:
        if part in links:
            return links[part] + path[len(part) :]
        part = posixpath.dirname(part)
    return None
