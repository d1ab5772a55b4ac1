"""How a person wants a run to be repeated: environment, tolerances, secrets, where it may write."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Literal

from afield.replay.tools import Tools
from afield.runs.capture.request import Beside

EnvironmentChoice = Literal["exact", "here"]
DEFAULT_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How a run is to be reproduced.

    Args:
        tools: uv, cache, variables, and whom to tell of progress.
        tolerance: relative tolerance of numbers.
        tolerances: the same for single metrics, by name.
        env: rebuild the environment (`exact`), or use the one that the command finds here.
        keep: a folder to reproduce in, which stays; None for a temporary one.
        secrets: what the record does not hold, by the name of the argument or variable.
        outside_writes: the run may overwrite files outside the project.
        here: the folder that the person stands in, for programs of `--env here`.
        out: takes what the command writes to stdout.
        err: the same for stderr.
        terminal: whether `out` is a terminal.
        pins: variables to set, or with None to unset, after all others.
        beside: goes along with the command, as it did when the run was recorded.
    """

    tools: Tools
    tolerance: float = DEFAULT_TOLERANCE
    tolerances: Mapping[str, float] = field(default_factory=dict)
    env: EnvironmentChoice = "exact"
    keep: Path | None = None
    secrets: Mapping[str, str] = field(default_factory=dict)
    outside_writes: bool = False
    here: str | None = None
    out: BinaryIO
    err: BinaryIO
    terminal: bool = False
    pins: Mapping[str, str | None] = field(default_factory=dict)
    beside: Beside | None = None


def make_tools(
    *,
    uv: str,
    cache: str,
    environ: Mapping[str, str],
    progress: Callable[[str], None] = lambda _: None,
    wheels: Mapping[str, str] | None = None,
) -> Tools:
    """Return what a repetition works with.

    Args:
        uv: the uv program.
        cache: the folder where environments are kept.
        environ: the person's variables.
        progress: told in a few words what takes time.
        wheels: distribution to wheel, objects of the vault, for working offline.
    """
    home = environ.get("HOME") or environ.get("USERPROFILE") or cache
    return Tools(
        uv=uv, cache=cache, environ=environ, home=home, progress=progress, wheels=wheels or {}
    )
