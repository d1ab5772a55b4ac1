"""The wheels of a recorded environment, packed from an installation of it, for use offline.

What is packed is what is installed: the rebuilt environment in the cache, whose files were
checked against the record, or the recorded one where that is still what it was.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from afield.kernel.errors import AfieldError
from afield.kernel.ids import ObjectId
from afield.replay.environment import rebuild
from afield.replay.limits import BUNDLED_WHEEL_BYTES_MAX
from afield.replay.tools import Tools
from afield.runs.capture.distributions import (
    DistributionCache,
    Found,
    find_distributions,
    normal_name,
)
from afield.runs.capture.wheel import repack
from afield.runs.manifest import Distribution, Environment
from afield.vault import Vault


def gather_wheels(
    recorded: Environment, *, vault: Vault, tools: Tools, folder: str
) -> tuple[dict[str, ObjectId], tuple[str, ...]]:
    """Return a wheel for each recorded distribution, kept in the vault, and what has none.

    Args:
        recorded: the environment as captured.
        vault: keeps the wheels.
        tools: uv, cache, settings.
        folder: where uv is run.

    Returns:
        Distribution to object, and in words which could not be packed, and why.
    """
    wanted = [one for one in recorded.distributions if one.origin != "editable"]
    cache = DistributionCache(None)
    sites = _sites(recorded, vault=vault, tools=tools, folder=folder)
    installed = [one for site in sites for one in find_distributions([site], cache)]
    wheels: dict[str, ObjectId] = {}
    absent: list[str] = []
    for number, one in enumerate(wanted, start=1):
        if one.wheel is not None and vault.has(ObjectId(one.wheel)):
            wheels[one.name] = ObjectId(one.wheel)
            continue
        tools.progress(f"packing wheels: {number} of {len(wanted)}")
        packed = _pack(one, installed)
        if packed is None:
            told = "no installation of it here is whole and as recorded, or it is too large"
            absent.append(f"the wheel of {one.name} {one.version}: {told}")
        else:
            wheels[one.name] = vault.put(packed)
    vault.flush()
    return wheels, tuple(absent)


def _sites(recorded: Environment, *, vault: Vault, tools: Tools, folder: str) -> Iterator[str]:
    """Yield the folders in which distributions lie: as rebuilt, as recorded, and below it."""
    with contextlib.suppress(AfieldError):  # then only what is still installed can be packed
        yield from rebuild(recorded, vault=vault, tools=tools, folder=folder).sites
    for prefix in dict.fromkeys((recorded.prefix, recorded.base_prefix)):
        for pattern in ("[Ll]ib/**/site-packages", "lib/**/dist-packages"):
            yield from (str(path) for path in sorted(Path(prefix).glob(pattern)))


def _pack(one: Distribution, installed: Sequence[Found]) -> bytes | None:
    name = normal_name(one.name)
    for found in installed:
        here = found.distribution
        if (normal_name(here.name), here.version) != (name, one.version):
            continue
        if one.identity is None or here.identity == one.identity:
            patched = {patch.path for patch in one.patched}
            packed = repack(found.folder, bytes_max=BUNDLED_WHEEL_BYTES_MAX, patched=patched)
            if packed is not None:
                return packed
    return None
