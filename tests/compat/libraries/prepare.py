"""Make the environment of `make libraries`: the tests' own, and libraries too heavy for it.

torch comes as a CPU build, which only some machines have on disk: on others its tests, and those
of Lightning, which needs it, say "not run". `xgboost-cpu` is XGBoost without what only an
accelerator needs.

    python tests/compat/libraries/prepare.py CACHE_FOLDER
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HEAVY = (
    "cloudpickle==3.1.2",
    "duckdb==1.4.1",
    "jax[cpu]==0.8.0",
    "joblib==1.5.2",
    "lightgbm==4.6.0",
    "mlflow==3.17.2",
    "onnx==1.19.1",
    "opencv-python-headless==4.12.0.88",
    "scikit-learn==1.7.2",
    "tables==3.10.2",
    "tifffile==2025.10.4",
    "wandb==0.31.0",
    "xgboost-cpu==3.1.1",
)
TORCH = ("torch==2.13.0+cpu", "pytorch-lightning==2.6.6")


def main(cache: Path) -> None:
    """Prepare `cache/venv`, once for one list of libraries."""
    root = Path(__file__).parents[3]
    pins = "\n".join([*HEAVY, *TORCH, (root / "pyproject.toml").read_text(encoding="utf-8")])
    done = cache / "done"
    if done.exists() and done.read_text(encoding="utf-8") == pins:
        return
    print("setup: making an environment with torch, JAX, XGBoost, LightGBM …")
    uv = Path(sys.executable).with_name("uv")
    venv = cache / "venv"
    subprocess.run(
        [uv, "venv", "--quiet", "--clear", "--seed", "--python", sys.executable, venv], check=True
    )
    python = venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    install = [uv, "pip", "install", "--quiet", "--python", python]
    subprocess.run([*install, "--editable", root, "--group", "test", *HEAVY], check=True, cwd=root)
    torch = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *TORCH]
    if subprocess.run(torch, check=False).returncode:
        print("setup: no CPU build of torch here; its tests will say so")
    done.write_text(pins, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
