"""Cause `seed`: another run seed, where something was seen to take unseeded randomness."""

from __future__ import annotations

from afield.replay.causes.cause import Cause, Known, Side
from afield.replay.causes.words import cut
from afield.replay.text import clip
from afield.runs.manifest import Manifest


def ask_seed(old: Side, new: Side, _: Known) -> Cause | None:
    """Name the run seed when it differs and something was seen to take unseeded entropy."""
    before, after = old.manifest.entropy, new.manifest.entropy
    calls = _calls(old.manifest, new.manifest)
    if not calls:
        return None
    if before.mode != after.mode:
        return Cause("seed", f"randomness: {before.mode} vs {after.mode}", calls)
    if before.mode == "off":
        return Cause("seed", clip(f"unseeded randomness was not replayed: {calls[0]}"), calls)
    if before.run_seed != after.run_seed:
        return Cause("seed", clip(f"another run seed, and unseeded randomness: {calls[0]}"), calls)
    return None


def unknown_seeds(old: Manifest, new: Manifest) -> tuple[str, ...]:
    """Say how else randomness may have differed; that it was drawn at all, nobody saw."""
    before, after = old.entropy, new.entropy
    told = []
    if before.hash_seed != after.hash_seed:
        told.append(
            f"PYTHONHASHSEED differs too ({before.hash_seed or 'random'} vs"
            f" {after.hash_seed or 'random'}): the order of sets may follow it"
        )
    unwatched = not all("python" in one.capture.layers for one in (old, new))
    if unwatched and (before.mode == "off" or before.run_seed != after.run_seed):
        told.append("whether it drew unseeded randomness is not known: it was not watched")
    return tuple(told)


def _calls(old: Manifest, new: Manifest) -> tuple[str, ...]:
    calls = old.entropy.calls or new.entropy.calls
    return cut([f"{source} at {where}" for source, where, _ in calls])
