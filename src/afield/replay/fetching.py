"""Installing the distributions of an environment with uv: from what is here, then from an index.

What cannot be had is found by halves, so that one package that no index has any more costs none
of the others. An index that does not answer is asked once: without a connection people are told
in seconds, and what lies in uv's cache is installed all the same.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from afield.kernel.ids import ObjectId
from afield.replay.errors import IndexUnreachable
from afield.replay.text import clip
from afield.replay.tools import Tools
from afield.replay.wheels import write_wheel
from afield.runs.manifest import Distribution
from afield.vault import Vault

_UNREACHABLE = re.compile(
    r"failed to (?:fetch|download)|error sending request|timed out|longer than", re.IGNORECASE
)
_REFUSED = "status client error"
"""In uv's words: the index has answered, and will say the same another time."""

_COPY = ("--link-mode", "copy")
"""A hard link would hand the person's uv cache to the script; `clone` falls back to one."""

_NAMED_MAX = 4


def install(
    python: Path,
    wanted: Sequence[Distribution],
    vault: Vault,
    tools: Tools,
    folder: str,
    *,
    fresh: bool = False,
) -> dict[str, str]:
    """Install all; return for each distribution that could not be had, why.

    Args:
        python: of the environment.
        wanted: what to install.
        vault: holds repacked wheels.
        tools: uv and settings.
        folder: where uv is run.
        fresh: again, and not from uv's cache, which somebody wrote into.

    Raises:
        IndexUnreachable: something is not here, and no index answers. What is here was
            installed.
    """
    wheels = python.parent.parent / "wheels"
    lines = {one.name: _requirement(one, vault, wheels, tools.wheels) for one in wanted}
    common = ["pip", "install", "--quiet", "--no-deps", *_COPY, "--python", str(python)]
    if fresh:
        common += ["--no-cache", "--reinstall"]
    sources = tools.index_arguments()

    def attempt(names: Sequence[str], *flags: str) -> str | None:
        _, why = tools.run_uv([*common, *flags, *sources, *(lines[name] for name in names)], folder)
        return why

    def offline(names: Sequence[str]) -> str | None:
        return attempt(names, "--offline")

    def online(names: Sequence[str]) -> str | None:
        why = attempt(names)
        if why is not None and is_unreachable(why):
            raise _unreachable(names if fresh else list(_by_halves(names, offline)), why)
        return why

    missing: dict[str, str] = {}
    try:
        if lines and (fresh or offline(list(lines)) is not None):
            tools.progress(f"fetching {packages(len(lines))}")
            missing = _by_halves(list(lines), online)
    finally:
        shutil.rmtree(wheels, ignore_errors=True)
    return {
        name: f"{lines[name]} could not be installed: {clip(missing[name])}" for name in missing
    }


def is_unreachable(why: str) -> bool:
    """Tell by uv's words whether an index did not answer: another time it may."""
    return _UNREACHABLE.search(why) is not None and _REFUSED not in why.lower()


def packages(count: int) -> str:
    """Return how many packages, in words."""
    return "1 package" if count == 1 else f"{count} packages"


def _by_halves(
    names: Sequence[str], attempt: Callable[[Sequence[str]], str | None]
) -> dict[str, str]:
    """Install what can be installed; return what cannot, with the reason."""
    why = attempt(names)
    if why is None:
        return {}
    if len(names) == 1:
        return {names[0]: why}
    half = len(names) // 2
    return _by_halves(names[:half], attempt) | _by_halves(names[half:], attempt)


def _unreachable(names: Sequence[str], why: str) -> IndexUnreachable:
    more = f" and {len(names) - _NAMED_MAX} more" if len(names) > _NAMED_MAX else ""
    return IndexUnreachable(
        "cannot reach the package index for",
        f"{', '.join(names[:_NAMED_MAX])}{more}",
        clip(why),
        hint="once there is a connection the same command carries on; "
        "--env here takes the environment you are in",
    )


def _requirement(one: Distribution, vault: Vault, wheels: Path, given: Mapping[str, str]) -> str:
    wheel = one.wheel or given.get(one.name)
    if wheel is not None and vault.has(ObjectId(wheel)):
        path = write_wheel(vault.get(ObjectId(wheel)), wheels, one)
        return f"{one.name} @ {path.as_uri()}"
    if one.origin == "vcs" and one.location:
        return f"{one.name} @ {one.location}"
    return f"{one.name}=={one.version}"
