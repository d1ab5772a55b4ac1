"""The seed plan of a run: which seeds its processes get, fresh or replayed.

How the seeds are used stands in `inside/hook/_afield_entropy.py`; what it does and does not
replay is told to users in `docs/entropy.md`; whose lines drew unseeded is told by `draws`.
"""

from __future__ import annotations

import os
from typing import Literal

import msgspec

from afield.kernel.errors import Usage
from afield.kernel.late import late

SEED_BYTES = 32
HASH_SEED_MAX = (1 << 32) - 1
NOT_REPLAYED = "(not replayed)"
"""How a source is worded that a reproduction cannot bring back."""

_SEED = late(r"[0-9a-f]{64}")


class SeedPlan(msgspec.Struct, frozen=True):
    """The seeds of one run; both None when entropy is left alone.

    `run_seed` is 64 hex digits; `hash_seed` is what PYTHONHASHSEED is set to.
    """

    run_seed: str | None
    hash_seed: str | None

    @property
    def mode(self) -> Literal["replay", "off"]:
        """The word that the manifest uses."""
        return "off" if self.run_seed is None else "replay"

    def environ(self) -> dict[str, str]:
        """Return the variables that Python itself reads."""
        return {} if self.hash_seed is None else {"PYTHONHASHSEED": self.hash_seed}


def plan(*, seed: bool, run_seed: str | None = None, hash_seed: str | None = None) -> SeedPlan:
    """Plan the seeds of a run: those given (replayed), else fresh ones from the system.

    `hash_seed` may be what the person has set: a number is kept, `random` or nothing becomes
    a fresh number. With `seed` false nothing is planned.

    Raises:
        Usage: a seed that is given cannot be one.
    """
    if not seed:
        return SeedPlan(None, None)
    if run_seed is None:
        run_seed = os.urandom(SEED_BYTES).hex()
    elif not _SEED().fullmatch(run_seed):
        raise Usage("not a run seed", run_seed, "64 hex digits")
    if hash_seed in (None, "", "random"):
        # 0 would turn hash randomisation off, which a fresh run never has
        hash_seed = str(1 + int.from_bytes(os.urandom(8), "big") % HASH_SEED_MAX)
    elif not (hash_seed.isascii() and hash_seed.isdigit() and int(hash_seed) <= HASH_SEED_MAX):
        raise Usage("not a PYTHONHASHSEED", hash_seed, f"a number from 0 to {HASH_SEED_MAX}")
    return SeedPlan(run_seed, hash_seed)
