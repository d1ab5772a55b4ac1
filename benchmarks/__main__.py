"""Run every benchmark, or those named: `python -m benchmarks [tracking journal …]`."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

import benchmarks

NAMES = sorted(
    found.name for found in pkgutil.iter_modules(benchmarks.__path__) if found.name[0] != "_"
)


def main(asked: list[str]) -> int:
    """Run each in a process of its own, so that none warms or fattens another."""
    unknown = sorted(set(asked) - set(NAMES))
    if unknown:
        sys.exit(f"no such benchmark: {', '.join(unknown)}: there are {', '.join(NAMES)}")
    failed = []
    for name in asked or NAMES:
        print(f"\n== {name}", flush=True)
        if subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode:
            failed.append(name)
    if failed:
        print(f"\nfailed: {', '.join(failed)}")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
