"""Run MLflow's own tests, from a checkout of its repository, against the app of `afield up`.

`python suite.py FOLDER REPO [PYTEST-ARGUMENTS]`; FOLDER is what `prepare.py` made. With `--stock`
as first of them they are run against MLflow's own server, to compare. What does not pass, and why,
stands in docs/reference/mlflow.md.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TESTS = (
    "tests/tracking/test_rest_tracking.py",
    "tests/tracking/test_mlflow_artifacts.py",
    "tests/tracking/test_model_registry.py",
    "tests/tracking/test_client_webhooks.py",
    "tests/tracking/test_tracking.py",
    "tests/tracking/fluent/test_fluent.py",
    "tests/store/tracking/sqlalchemy_store/test_sqlalchemy_store.py",
    "tests/store/model_registry/test_sqlalchemy_store.py",
)
OTHER = (
    *("trace", "span", "assessment", "scorer", "secret", "evaluation", "correlation", "endpoint"),
    *("graphql", "issue", "promptlab", "gateway", "provider", "model_definition", "online"),
    *("dataset_", "session", "upgrade", "correct_db_type", "link_"),
)
"""Words of tests of what the protocol has beside tracking and the registry."""


def main(folder: Path, repo: Path, more: list[str]) -> int:
    """Run them; return pytest's exit code."""
    stock = more[:1] == ["--stock"]
    more = more[1:] if stock else more
    here = str(Path(__file__).parent.resolve())
    environ = {
        **os.environ,
        "AFIELD_PYTHON": sys.executable,
        "PYTHONPATH": os.pathsep.join([str(repo.resolve()), here]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    named = any(each.startswith("tests/") for each in more)
    command = [
        str((folder / "venv" / "bin" / "python").absolute()),  # not the link's end
        *("-m", "pytest", "-q", "-rfE", "--tb=short", "--timeout", "300"),
        *("-p", "no:cacheprovider"),
        *(() if stock else ("-p", "afield_suite")),
        *(() if named else TESTS),
        *(() if "-k" in more else ("-k", " and ".join(f"not {word}" for word in OTHER))),
        *more,
    ]
    return subprocess.run(command, cwd=repo, env=environ, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]))
