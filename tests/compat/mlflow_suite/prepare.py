"""Make the environment for MLflow's own tests: what the MLflow of a checkout needs, and pytest.

`python prepare.py FOLDER REPO`: the checkout itself is put on the path when its tests are run, and
nothing of it is installed or kept.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

NEEDED = (
    "aiohttp",
    "boto3",
    "moto",
    "polars",
    "psutil",
    "pytest>=8",
    "pytest-asyncio",
    "pytest-timeout",
    "pytest-xdist",
    "requests-mock",
    "sqlalchemy<2.1",
)


def main(folder: Path, repo: Path) -> None:
    """Make it, unless it is there for this version."""
    text = (repo / "mlflow" / "version.py").read_text()
    major, minor = re.search(r'VERSION = "(\d+)\.(\d+)', text).groups()
    wanted = f"mlflow=={major}.{minor}.*"
    done = folder / "done"
    if done.exists() and done.read_text() == wanted:
        return
    print(f"mlflow-suite: making {folder} for {wanted}", flush=True)
    uv = [str(Path(sys.executable).with_name("uv"))]
    python = folder / "venv" / "bin" / "python"
    if not python.exists():
        made = [*uv, "venv", "-q", "--python", sys.executable, str(folder / "venv")]
        subprocess.run(made, check=True)
    install = [*uv, "pip", "install", "-q", "--python", str(python), wanted, *NEEDED]
    subprocess.run(install, check=True)
    done.write_text(wanted)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
