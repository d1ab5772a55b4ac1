"""Fetch what the gallery tests need, as a dependency is fetched: once, pinned, checked.

The scripts come from scikit-learn's source distribution, taken as a file from the package
index that pip is set up to use (`pip download` would start its build). Nothing of it enters
the repository. Run by `make test`; a second run finds everything in place and returns at once.

    python tests/compat/gallery/prepare.py CACHE_FOLDER
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tarfile
import urllib.parse
import urllib.request
from io import BytesIO
from pathlib import Path

SDIST = "scikit_learn-1.7.2.tar.gz"
SDIST_SHA256 = "20e9e49ecd130598f1ca38a1d85090e1a600147b9c02fa6f15d69cb53d968fda"
REQUIREMENTS = (
    "scikit-learn==1.7.2",
    "numpy==2.3.5",
    "scipy==1.16.3",
    "matplotlib==3.10.7",
    "pandas==2.3.3",
)
LISTING = "application/vnd.pypi.simple.v1+json"


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


def fetch_sdist() -> bytes:
    """Return the bytes of the pinned source distribution, their digest checked."""
    page = urllib.parse.urljoin(index_url(), "scikit-learn/")
    asked = urllib.request.Request(page, headers={"Accept": LISTING})
    with urllib.request.urlopen(asked, timeout=120) as answer:
        files = json.load(answer)["files"]
    (url,) = [file["url"] for file in files if file["filename"] == SDIST]
    with urllib.request.urlopen(urllib.parse.urljoin(page, url), timeout=300) as answer:
        data = answer.read()
    if hashlib.sha256(data).hexdigest() != SDIST_SHA256:
        sys.exit(f"prepare: {SDIST}: the bytes are not those that were pinned")
    return data


def unpack_examples(data: bytes, folder: Path) -> None:
    """Write the example scripts below `folder`, under their path in the gallery."""
    with tarfile.open(fileobj=BytesIO(data)) as archive:
        for member in archive:
            _, _, path = member.name.partition("/examples/")
            if path.endswith(".py") and member.isfile():
                target = folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(archive.extractfile(member).read())


def main(cache: Path) -> None:
    """Prepare `cache/examples` and `cache/venv`."""
    pins = "\n".join((SDIST_SHA256, *REQUIREMENTS))
    done = cache / "done"
    if done.exists() and done.read_text() == pins:
        return
    print("setup: fetching scikit-learn's examples and an environment to run them")
    unpack_examples(fetch_sdist(), cache / "examples")
    uv = Path(sys.executable).with_name("uv")
    subprocess.run(
        [uv, "venv", "--quiet", "--clear", "--python", sys.executable, cache / "venv"], check=True
    )
    python = cache / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    subprocess.run([uv, "pip", "install", "--quiet", "--python", python, *REQUIREMENTS], check=True)
    done.write_text(pins)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
