"""Cause `arguments`: the command line, the working folder and the params."""

from __future__ import annotations

from afield.replay.causes.cause import Cause, Known, Side
from afield.replay.causes.words import changed_values, cut
from afield.replay.text import clip


def ask_arguments(old: Side, new: Side, _: Known) -> Cause | None:
    """Name the first argument, working folder or param that differs."""
    before = [_program(old.masks.paths(one), at) for at, one in enumerate(old.manifest.argv)]
    after = [_program(new.masks.paths(one), at) for at, one in enumerate(new.manifest.argv)]
    lines: list[str] = []
    if before != after:
        at = next(
            (i for i, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1]),
            min(len(before), len(after)),
        )
        one = " ".join(before[max(at - 1, 0) : at + 1]) or "(nothing)"
        other = " ".join(after[max(at - 1, 0) : at + 1]) or "(nothing)"
        lines.append(f"argument {at}: `{one}` vs `{other}`")
    places = [side.masks.paths(side.manifest.cwd) for side in (old, new)]
    if places[0] != places[1]:
        lines.append(f"working folder: {places[0]} vs {places[1]}")
    lines += changed_values("param", old.params, new.params)
    return Cause("arguments", clip(lines[0]), cut(lines)) if lines else None


def _program(argument: str, at: int) -> str:
    # `/venv/bin/python`, `python3` and `python` are one program in one environment
    if at == 0:
        name = argument.replace("\\", "/").rsplit("/", 1)[-1].removesuffix(".exe")
        return "python" if name.startswith("python") else name
    return argument
