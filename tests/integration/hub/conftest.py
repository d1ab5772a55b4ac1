"""A small workspace, hosted, and its app as a client of this machine sees it."""

from __future__ import annotations

import math

import pytest
from starlette.testclient import TestClient

import afield
from afield.hub.app import local_app
from afield.workspace.hosted import Hosted


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return the folder of a workspace with three runs; the newest is called `third`."""
    monkeypatch.setenv("AFIELD_WORKSPACE", str(tmp_path))
    monkeypatch.delenv("AFIELD_RUN", raising=False)
    for number, name in enumerate(("first", "second", "third")):
        run = afield.init(
            project="vision", name=name, config={"lr": 0.1 * number}, workspace=tmp_path
        )
        for step in range(100):
            run.log({"loss": 1 / (step + 1), "acc": math.sin(step)}, step=step)
        run.log({"odd": math.nan})
        run.finish()
    return tmp_path


@pytest.fixture
def hosted(folder):
    """Return the workspace as a server holds it."""
    with Hosted(folder) as found:
        yield found


@pytest.fixture
def client(hosted):
    """Return a client on this machine."""
    with TestClient(local_app(hosted), base_url="http://127.0.0.1:5151") as found:
        yield found
