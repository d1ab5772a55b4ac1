"""A start in a workspace of many packs: what they hold kept from before, and read anew.

`python -m benchmarks.packs [--quick]`. A run leaves two packs. Each round asks `afield run -q true`
with the list that earlier commands kept, and with that list taken away, in turns: what reads each
index is the floor that there was. Bound: with 20,000 packs a third of the time at most.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from afield.vault import Vault
from afield.workspace.workspace import Workspace

COUNTS = (0, 500, 2_000, 20_000)
OBJECTS_A_PACK = 10
ROUNDS = 7
SHARE_MAX = 1 / 3


def fill(vault: Vault, packs: int) -> None:
    """Write so many packs, each of a few small objects."""
    for _ in range(packs):
        for _ in range(OBJECTS_A_PACK):
            vault.put(os.urandom(300))
        vault.flush()


def started_ms(folder: Path) -> float:
    """Return how long the smallest recorded command takes, whole."""
    words = [sys.executable, "-m", "afield", "run", "-q", "true"]
    begun = time.perf_counter()
    subprocess.run(words, cwd=folder, check=True, capture_output=True)
    return (time.perf_counter() - begun) * 1000


def measured(folder: Path, rounds: int) -> tuple[float, float]:
    """Return the medians with the list and without it, in milliseconds."""
    kept = folder / ".afield" / "cache" / "packs"
    started_ms(folder)  # keeps the list
    with_list, without = [], []
    for _ in range(rounds):
        with_list.append(started_ms(folder))
        kept.unlink(missing_ok=True)
        without.append(started_ms(folder))  # and keeps it again
    return statistics.median(with_list), statistics.median(without)


def main(arguments: list[str]) -> int:
    """Measure and tell; 1 when the bound is missed."""
    counts, rounds = ((0, 500), 3) if "--quick" in arguments else (COUNTS, ROUNDS)
    print(f"{'packs':>8}{'list kept, ms':>16}{'each index read, ms':>22}{'share':>8}")
    share, made = 0.0, 0
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        with Workspace.init(folder) as workspace:
            for packs in counts:
                fill(workspace.record.vault, packs - made)
                made = packs
                kept_ms, read_ms = measured(folder, rounds)
                share = kept_ms / read_ms
                print(f"{packs:>8,}{kept_ms:>16.0f}{read_ms:>22.0f}{share:>8.2f}", flush=True)
    if made == COUNTS[-1] and share > SHARE_MAX:
        print(f"\npacks: {share:.2f} of the time: at most {SHARE_MAX:.2f}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
