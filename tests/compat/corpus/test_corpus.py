"""Public example scripts, recorded unchanged and reproduced with a verdict.

Each script marked `ci` in `scripts.txt` runs three times: plain, under `afield run`, and by
`afield reproduce` in a clean folder and a rebuilt environment. `make corpus` does it with all.
"""

from __future__ import annotations

from collections import Counter

import pytest
from corpus_scripts import (
    CACHE,
    GOOD,
    KINDS,
    afield,
    differing,
    environment,
    plain,
    read_scripts,
    recorded,
    reproduced,
)

SCRIPTS = read_scripts()
IN_CI = [script for script in SCRIPTS if script.in_ci]

pytestmark = pytest.mark.corpus


@pytest.fixture(scope="session")
def workspace(tmp_path_factory, worker_id):
    """One workspace for all scripts and all test processes, as a person would have it."""
    base = tmp_path_factory.getbasetemp()
    shared = (base if worker_id == "master" else base.parent) / "corpus-workspace"
    shared.mkdir(exist_ok=True)
    made = afield("init", str(shared), folder=shared, env=environment(shared))
    assert made.returncode in (0, 1), made.stderr
    return shared


def test_the_corpus_is_as_wide_as_it_is_said_to_be():
    packages = Counter(script.package for script in SCRIPTS)
    assert len(SCRIPTS) >= 60
    assert len(IN_CI) >= 15
    assert {"scikit-learn", "statsmodels", "networkx", "seaborn"} <= set(packages)
    assert {script.kind for script in SCRIPTS} <= KINDS
    assert len({script.path for script in SCRIPTS}) == len(SCRIPTS)


def test_at_least_28_of_30_of_the_gallery_are_expected_to_reproduce():
    gallery = [script for script in SCRIPTS if script.package == "scikit-learn"]
    assert len(gallery) >= 30
    assert sum(script.verdicts <= GOOD for script in gallery) >= len(gallery) * 28 / 30


def test_at_least_95_percent_are_expected_to_reproduce_as_identical():
    identical = sum(script.verdicts == {"identical"} for script in SCRIPTS)
    assert identical >= 0.95 * len(SCRIPTS)


@pytest.mark.parametrize("script", IN_CI, ids=lambda script: script.path)
def test_a_public_example_is_recorded_unchanged_and_reproduced(script, workspace, tmp_path):
    env = environment(workspace)
    before = plain(script, tmp_path / "plain" / "project", env)
    left, run_id = recorded(script, tmp_path / "recorded" / "project", env)
    assert left.code == before.code == 0, left.parts["<stderr>"][-2000:]
    assert left.files == before.files
    if script.kind == "steady":
        assert not differing(left, before)

    report = reproduced(run_id, CACHE, env)
    assert report["verdict"] in script.verdicts, report
    assert report["verdict"] == "identical" or report["cause"]["kind"]
