"""Checking installed distributions: against what was recorded, and against their own RECORD.

The second reads every byte of them, so it is done once, when an environment was built; later
the stamps of its files stand for it (`stamps`).
"""

from __future__ import annotations

import base64
import csv
import hashlib
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from afield.runs.capture.distributions import DistributionCache, find_distributions, normal_name
from afield.runs.manifest import Distribution

_CHUNK_BYTES = 1 << 20


def differences(wanted: Sequence[Distribution], sites: Sequence[str]) -> tuple[str, ...]:
    """Say where the distributions of some folders are not those that were recorded."""
    found_all = find_distributions(sites, DistributionCache(None))
    have = {normal_name(one.distribution.name): one.distribution for one in found_all}
    told = []
    for one in wanted:
        found = have.get(normal_name(one.name))
        if found is None:
            told.append(f"{one.name} {one.version} is not installed")
        elif found.version != one.version:
            told.append(f"{one.name} {found.version} is installed, {one.version} was recorded")
        elif one.identity is not None and found.identity != one.identity:
            told.append(f"{one.name} {one.version}: its files differ from those recorded")
    return tuple(told)


def spoiled(
    sites: Sequence[str], *, but: Mapping[str, Collection[str]] | None = None
) -> dict[str, str]:
    """Return per distribution a file that is not what its RECORD says it is.

    Args:
        sites: folders of installation.
        but: by the normal name of a distribution, files that do not count.
    """
    found: dict[str, str] = {}
    for one in find_distributions(sites, DistributionCache(None)):
        name = normal_name(one.distribution.name)
        leave = (but or {}).get(name, ())
        bad = next((path for path in _bad_files(one.folder) if path not in leave), None)
        if bad is not None:
            found[name] = bad
    return found


def _bad_files(info: str) -> Iterator[str]:
    try:
        text = Path(info, "RECORD").read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return
    site = os.path.dirname(info)  # noqa: PTH120 - str at hand
    for row in csv.reader(text.splitlines()):
        name, told = (*row, "", "")[:2]
        # what lies above are programs, which an installer writes anew
        counts = told.startswith("sha256=") and not name.startswith(("../", "/"))
        if counts and _sha256(f"{site}/{name}") != told.removeprefix("sha256=").rstrip("="):
            yield name


def _sha256(path: str) -> str | None:
    found = hashlib.sha256()
    try:
        with Path(path).open("rb") as stream:
            while data := stream.read(_CHUNK_BYTES):
                found.update(data)
    except OSError:
        return None
    return base64.urlsafe_b64encode(found.digest()).decode().rstrip("=")
