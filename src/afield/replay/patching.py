"""Putting back what somebody had patched by hand in installed distributions.

Only files of a freshly built environment are written, which are copies; each is replaced by a new
file, so that nothing that is linked from elsewhere changes. Finding patches is capture's.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from afield.kernel.errors import AfieldError
from afield.kernel.ids import ObjectId
from afield.replay.gaps import Gap
from afield.runs.capture.distributions import normal_name
from afield.runs.manifest import Distribution, Patch
from afield.vault import Vault


def put_patches_back(
    wanted: Iterable[Distribution], sites: Sequence[str], vault: Vault
) -> list[Gap]:
    """Patch the distributions as they were recorded; return a gap for each file that cannot be.

    Args:
        wanted: the recorded distributions that were installed.
        sites: the environment's folders of installation.
        vault: holds the bytes.
    """
    gaps: list[Gap] = []
    for one in wanted:
        for patch in one.patched:
            why = _put_back(patch, one, sites, vault)
            if why is not None:
                told = f"{one.name} {one.version}: {patch.path} was patched by hand, and {why}"
                gaps.append(Gap("environment", told, missing=True))
    return gaps


def patched_files(wanted: Iterable[Distribution]) -> dict[str, frozenset[str]]:
    """Return the paths that are not to be as installed, by the normal name of the distribution."""
    return {
        normal_name(one.name): frozenset(patch.path for patch in one.patched)
        for one in wanted
        if one.patched
    }


def _put_back(patch: Patch, one: Distribution, sites: Sequence[str], vault: Vault) -> str | None:
    """Patch one file; return why not."""
    if os.path.isabs(patch.path) or os.pardir in patch.path.split("/"):  # noqa: PTH117 - recorded text
        return "its path leads out of the environment"
    site = next((site for site in sites if _holds(site, one)), None)
    if site is None:
        return "it is not installed"
    path = Path(site, patch.path)
    if not path.parent.resolve().is_relative_to(Path(site).resolve()):
        return "its path leads out of the environment"
    try:
        mode = path.stat().st_mode & 0o777 if path.is_file() else 0o644
        if patch.how != "removed":
            if patch.digest is None or not patch.kept:
                return "its bytes were not kept"
            data = vault.get(ObjectId(patch.digest))
        path.unlink(missing_ok=True)
        if patch.how != "removed":
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            path.chmod(mode)
    except (AfieldError, OSError) as fault:
        return f"it could not be put back: {fault}"
    return None


def _holds(site: str, one: Distribution) -> bool:
    name = normal_name(one.name)
    return any(
        normal_name(info.name.split("-")[0]) == name for info in Path(site).glob("*.dist-info")
    )
