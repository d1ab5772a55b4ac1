"""What the vault costs: many small files, a large one, an unchanged tree, many objects.

Small files stand against `cp -r` plus a digest of every file (b3sum where it is installed, a
bare Python loop over blake3 where not), by CPU of child processes in the same run.
"""

from __future__ import annotations

import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FILES = 10_000
LARGE_BYTES = 256_000_000
ROUNDS = 3

OPEN = """
import os, resource, sys, time
from afield.kernel.files import OsFileSystem
from afield.vault import StatCache, Vault
folder, root = sys.argv[1], sys.argv[2]
vault = Vault(root, OsFileSystem())
names = [f"{base}/{name}" for base, _, found in os.walk(folder) for name in found]
"""
EMPTY = OPEN
PUT = OPEN + "for name in names: vault.put_file(name)\nvault.flush()\n"
GET = OPEN + "for one in set(vault.objects()): vault.get(one)\n"
CACHED = (
    OPEN
    + """
cache = StatCache(root + "/../stat.cache")
for name in names:
    found = os.stat(name)
    known = cache.lookup(name, found)
    if known is None or not vault.has(known):
        cache.remember(name, found, vault.put_file(name)[0])
vault.flush()
cache.save()
"""
)
COPY = OPEN + "vault.copy_to(vault.put_file(names[0])[0], root + '/../copy')\n"
VERIFY = OPEN + "assert not list(vault.verify())\n"
RISEN = """
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for name in names: vault.put_file(name)
vault.flush()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
DIGESTS = """
import os, sys
from blake3 import blake3
for base, _, found in os.walk(sys.argv[1]):
    for name in found:
        with open(f"{base}/{name}", "rb", buffering=0) as stream:
            print(blake3(stream.read()).hexdigest(), name)
"""


def child(argv: list[str]) -> tuple[float, str]:
    """Return the CPU seconds of a command, and what it wrote."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    out = subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, out


def python(code: str, *args: str) -> tuple[float, str]:
    return child([sys.executable, "-c", code, *args])


def make_files(folder: Path) -> int:
    """Write 10,000 files such as a code tree has: 0.2 to 20 KB of text and some noise."""
    made = random.Random(1)
    words = [made.randbytes(4).hex()[: made.randint(2, 8)] for _ in range(3_000)]
    size_bytes = 0
    for number in range(FILES):
        path = folder / f"{number % 100}" / f"{number}.py"
        path.parent.mkdir(exist_ok=True)
        text = " ".join(made.choices(words, k=int(40 * 2 ** (made.random() * 6))))
        path.write_text(text)
        size_bytes += len(text)
    return size_bytes


def small(folder: Path, scratch: Path) -> bool:
    size_bytes = make_files(folder)
    root = scratch / "packs"
    floors, puts = [], []
    for _ in range(ROUNDS):
        shutil.rmtree(scratch)
        scratch.mkdir()
        copied, _ = child(["cp", "-r", str(folder), str(scratch / "cp")])
        if shutil.which("b3sum"):
            names = [str(path) for path in folder.glob("*/*")]
            digested, peer = child(["b3sum", *names])[0], "b3sum"
        else:
            digested = python(DIGESTS, str(folder))[0] - python("import os, sys, blake3")[0]
            peer = "a loop of blake3"
        start, _ = python(EMPTY, str(folder), str(root))
        puts.append(python(PUT, str(folder), str(root))[0] - start)
        floors.append(copied + digested)
    floor, put = min(floors), min(puts)
    stored = sum(path.stat().st_size for path in root.iterdir())
    print(f"{FILES} files of {size_bytes / FILES / 1000:.1f} KB, stored in {stored / 1e6:.1f} MB")
    print(f"  cp + {peer}        {floor:6.2f} s CPU")
    print(f"  put and flush        {put:6.2f} s CPU   {put / floor:4.2f}x   (bound 2.5x)")
    for name, code in (("put again", PUT), ("get", GET), ("verify", VERIFY)):
        spent = min(python(code, str(folder), str(root))[0] - start for _ in range(ROUNDS))
        print(f"  {name:20} {spent:6.2f} s CPU   {spent / floor:4.2f}x")
    python(CACHED, str(folder), str(root))
    spent = min(python(CACHED, str(folder), str(root))[0] - start for _ in range(ROUNDS))
    print(f"  unchanged, by stat   {spent:6.2f} s CPU   {spent / floor:4.2f}x")
    return put / floor <= 2.5


def large(folder: Path, scratch: Path) -> None:
    made = random.Random(2)
    with (folder / "large").open("wb") as file:
        for number in range(LARGE_BYTES // 1_000_000):
            noise = made.randbytes(500_000)
            file.write(noise + (noise if number % 2 else noise.hex().encode()[:500_000]))
    root = scratch / "packs"
    start, _ = python(EMPTY, str(folder), str(root))
    for name, code in (
        ("put", PUT),
        ("put again", PUT),
        ("copy to a file", COPY),
        ("verify", VERIFY),
    ):
        spent = python(code, str(folder), str(root))[0] - start
        print(f"  {name:20} {LARGE_BYTES / spent / 1e6:6.0f} MB/s of CPU")
    shutil.rmtree(root)
    grown = int(python(OPEN + RISEN, str(folder), str(root))[1]) * 1024
    print(f"  memory put takes     {grown / 1e6:6.1f} MB")


def many(count: int = 1_300_000, packs: int = 13_000) -> None:
    """Look objects up among those of 100 GB, in the catalog alone."""
    from afield.vault import layout
    from afield.vault.catalog import Catalog

    blocks: dict[str, bytes] = {}
    each = count // packs
    for number in range(packs):
        lines = (layout.Entry(os.urandom(32), 48, 1, 1) for _ in range(each))
        blocks[f"{number}"] = layout.index_block(lines)
    catalog = Catalog(blocks.__getitem__)
    start = time.process_time()
    for name, block in blocks.items():
        catalog.add(name, block)
    built = time.process_time() - start
    known = [block[:32] for block in blocks.values()]
    start = time.process_time()
    assert all(catalog.holds(digest) for digest in known)
    hit = (time.process_time() - start) / len(known)
    start = time.process_time()
    assert not any(catalog.holds(os.urandom(32)) for _ in range(20_000))
    miss = (time.process_time() - start) / 20_000
    words = sum(len(run) for run in catalog._runs) * 8  # noqa: SLF001 - what it holds
    print(f"{count:,} objects in {packs:,} packs")
    print(f"  list them            {built:6.2f} s CPU, {words / 1e6:.1f} MB")
    print(f"  a hit, a miss        {hit * 1e6:6.1f} us, {miss * 1e6:.1f} us")


def main() -> int:
    with tempfile.TemporaryDirectory() as place:
        folders = [Path(place, name) for name in ("small", "large", "scratch")]
        for folder in folders:
            folder.mkdir()
        good = small(folders[0], folders[2])
        print(f"a file of {LARGE_BYTES / 1e6:.0f} MB, three quarters of it noise")
        shutil.rmtree(folders[2])
        folders[2].mkdir()
        large(folders[1], folders[2])
    many()
    return not good


if __name__ == "__main__":
    sys.exit(main())
