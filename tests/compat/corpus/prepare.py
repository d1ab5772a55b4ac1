"""Fetch what the corpus needs, as a dependency is fetched: once, pinned, checked.

The scripts come from source distributions that `packages.toml` lists, taken as files from the
package index that pip is set up to use (`pip download` would start their builds). Nothing of
them enters the repository. Run by `make test`; a second run finds everything in place.

    python tests/compat/corpus/prepare.py CACHE_FOLDER
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tarfile
import time
import tomllib
import urllib.error
import urllib.parse
import urllib.request
from io import BytesIO
from pathlib import Path

PACKAGES = Path(__file__).with_name("packages.toml")
LISTING = "application/vnd.pypi.simple.v1+json"
FILE_BYTES_MAX = 1_000_000


def index_url() -> str:
    """Return the index that this machine's pip uses."""
    asked = os.environ.get("PIP_INDEX_URL")
    if not asked:
        told = subprocess.run(
            [sys.executable, "-m", "pip", "config", "get", "global.index-url"],
            capture_output=True,
            text=True,
            check=False,
        )
        asked = told.stdout.strip() if told.returncode == 0 else None
    if not asked:
        from pip._internal.models.index import PyPI

        asked = PyPI.simple_url
    return asked.rstrip("/") + "/"


def fetch_sdist(name: str, sdist: str, sha256: str) -> bytes:
    """Return the bytes of a pinned source distribution, their digest checked."""
    page = urllib.parse.urljoin(index_url(), name.lower() + "/")
    asked = urllib.request.Request(page, headers={"Accept": LISTING})
    files = json.loads(_read(asked))["files"]
    (url,) = [file["url"] for file in files if file["filename"] == sdist]
    data = _read(urllib.request.Request(urllib.parse.urljoin(page, url)))
    if hashlib.sha256(data).hexdigest() != sha256:
        sys.exit(f"prepare: {sdist}: the bytes are not those that were pinned")
    return data


def _read(asked: urllib.request.Request) -> bytes:
    """Return what an address holds; a network that is away for a moment is asked again."""
    for wait_s in (1, 5, 20):
        try:
            with urllib.request.urlopen(asked, timeout=300) as answer:
                return answer.read()
        except urllib.error.URLError as error:
            print(f"prepare: {asked.host}: {error.reason}; again in {wait_s} s", file=sys.stderr)
            time.sleep(wait_s)
    with urllib.request.urlopen(asked, timeout=300) as answer:
        return answer.read()


def unpack_examples(data: bytes, examples: str, folder: Path) -> None:
    """Write the scripts, and small data files beside them, below `folder`."""
    with tarfile.open(fileobj=BytesIO(data)) as archive:
        for member in archive:
            path = member.name.partition("/")[2]
            if member.isfile() and member.size <= FILE_BYTES_MAX:
                inside = path.removeprefix(examples + "/")
                if inside != path and ".." not in Path(inside).parts:
                    target = folder / inside
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(archive.extractfile(member).read())


def make_environment(folder: Path, requirements: list[str]) -> None:
    """Make a virtual environment with exactly these distributions and what they need."""
    uv = Path(sys.executable).with_name("uv")
    subprocess.run(
        [uv, "venv", "--quiet", "--clear", "--python", sys.executable, folder], check=True
    )
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    install = [uv, "pip", "install", "--quiet", "--only-binary", ":all:", "--python", python]
    subprocess.run([*install, *requirements], check=True)


def list_fonts(cache: Path) -> None:
    """Let matplotlib list the fonts now: runs at once would write the list while others read it."""
    python = cache / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    environ = {**os.environ, "MPLCONFIGDIR": str(cache.resolve() / "mpl")}
    subprocess.run([python, "-c", "import matplotlib.font_manager"], env=environ, check=True)


def main(cache: Path) -> None:
    """Prepare `cache/examples` and `cache/venv`."""
    pins = PACKAGES.read_text(encoding="utf-8")
    done = cache / "done"
    if done.exists() and done.read_text(encoding="utf-8") == pins:
        return
    table = tomllib.loads(pins)
    for package in table["package"]:
        print(f"setup: fetching the examples of {package['sdist']}")
        data = fetch_sdist(package["name"], package["sdist"], package["sha256"])
        unpack_examples(data, package["examples"], cache / "examples" / package["name"])
    print("setup: making an environment to run them")
    make_environment(cache / "venv", table["requirements"])
    list_fonts(cache)
    done.write_text(pins, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
