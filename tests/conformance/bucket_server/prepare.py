"""Make the environment of the S3 server that the tests start: once, pinned, apart from ours.

moto asks for older libraries than the tests themselves run with. Run by `make test`; a second
run finds everything in place.

    python tests/conformance/bucket_server/prepare.py CACHE_FOLDER
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

REQUIREMENTS = Path(__file__).with_name("requirements.txt")


def main(cache: Path) -> None:
    """Prepare `cache/venv`."""
    wanted = f"{sys.version}\n{REQUIREMENTS.read_text(encoding='utf-8')}"
    done = cache / "done"
    if done.exists() and done.read_text(encoding="utf-8") == wanted:
        return
    print("setup: making an environment for the S3 server of the tests")
    uv = Path(sys.executable).with_name("uv")
    folder = cache / "venv"
    make = [uv, "venv", "--quiet", "--clear", "--python", sys.executable, folder]
    subprocess.run(make, check=True)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    install = [uv, "pip", "install", "--quiet", "--only-binary", ":all:", "--python", python]
    subprocess.run([*install, "--requirement", REQUIREMENTS], check=True)
    done.write_text(wanted, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
