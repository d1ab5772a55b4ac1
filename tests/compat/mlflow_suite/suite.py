"""Run MLflow's own tests, from a checkout of its repository, against the app of `afield up`.

`python suite.py FOLDER REPO [PYTEST-ARGUMENTS]`; FOLDER is what `prepare.py` made. With `--stock`
as first of them they are run against MLflow's own server (SQLite, artifacts through its proxy), by
the same adapter. `--compare` runs both and prints what `compare.py` makes of it: 1 is returned
where MLflow's server passes a test that ours fails, and `reasons.toml` does not say why.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import compare

TESTS = (
    "tests/tracking/test_rest_tracking.py",
    "tests/tracking/test_mlflow_artifacts.py",
    "tests/tracking/test_model_registry.py",
    "tests/tracking/test_client_webhooks.py",
    "tests/tracking/test_tracking.py",
    "tests/tracking/fluent/test_fluent.py",
    "tests/store/tracking/sqlalchemy_store/test_sqlalchemy_store.py",
    "tests/store/tracking/sqlalchemy_store/test_sqlalchemy_store_query_trace_metrics.py",
    "tests/store/model_registry/test_sqlalchemy_store.py",
    "tests/tracing/test_assessment.py",
    "tests/tracing/test_attachments_integration.py",
    "tests/tracing/test_enablement.py",
    "tests/tracing/test_fluent.py",
    "tests/tracing/test_otel_loading.py",
    "tests/tracing/test_otel_logging.py",
    "tests/tracing/test_provider.py",
    "tests/tracing/test_tracing_client.py",
)


def run(folder: Path, repo: Path, more: list[str], *, stock: bool) -> int:
    """Run them; return pytest's exit code."""
    environ = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(repo.resolve()), str(Path(__file__).parent.resolve())]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    if not stock:
        environ["AFIELD_PYTHON"] = sys.executable
    command = [
        str((folder / "venv" / "bin" / "python").absolute()),  # not the link's end
        *("-m", "pytest", "-q", "-rfE", "--tb=short", "--timeout", "300"),
        *("-p", "no:cacheprovider", "-p", "afield_suite"),
        *(() if any(each.startswith("tests/") for each in more) else TESTS),
        *more,
    ]
    return subprocess.run(command, cwd=repo, env=environ, check=False).returncode


def main(folder: Path, repo: Path, more: list[str]) -> int:
    """Run what is asked for; return 1 when something is not as it should be."""
    if more[:1] != ["--compare"]:
        stock = more[:1] == ["--stock"]
        return run(folder, repo, more[1:] if stock else more, stock=stock)
    outcomes = []
    for stock in (True, False):
        told = (folder / ("stock.xml" if stock else "afield.xml")).absolute()
        run(folder, repo, [*more[1:], "--tb=line", f"--junitxml={told}"], stock=stock)
        outcomes.append(compare.outcomes(told))
    return compare.show(*outcomes)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]))
