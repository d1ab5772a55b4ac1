"""A workspace in a temporary folder, and the one call that these tests are about."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from dataclasses import dataclass

import pytest

from afield.runs.capture.capture import Outcome, Request, capture
from afield.runs.capture.console import split
from afield.runs.capture.layers import LAYERS
from afield.runs.manifest import FileRecord, Manifest
from afield.workspace.store import make_store


@dataclass
class Captured:
    outcome: Outcome
    out: bytes
    err: bytes
    record: object

    @property
    def manifest(self) -> Manifest:
        return self.outcome.manifest

    @property
    def console(self) -> tuple[bytes, bytes]:
        return split(self.record.vault.get(self.manifest.console))

    @property
    def inputs(self) -> dict[str, FileRecord]:
        return {record.path: record for record in self.manifest.inputs}

    @property
    def outputs(self) -> dict[str, FileRecord]:
        return {record.path: record for record in self.manifest.outputs}

    @property
    def tree(self) -> dict[str, bytes]:
        entries = self.record.vault.get_tree(self.manifest.code.tree)
        return {entry.path: self.record.vault.get(entry.object) for entry in entries}

    def bytes_of(self, record: FileRecord) -> bytes:
        return self.record.vault.get(record.digest)

    def kinds(self) -> list[str]:
        about = self.outcome.run
        return [
            entry.kind
            for batch in self.record.journal.read()
            for entry in batch.entries
            if entry.about == about
        ]


@pytest.fixture
def clean_environ():
    """The variables of this process, without what a run around the tests would hand down."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AFIELD_", "GIT_", "COV_")) and name != "PYTHONPATH"
    }


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.fixture
def run(tmp_path, project, clean_environ):
    """Capture a command in the project: `run("python", "train.py")`."""
    records = []

    def call(*argv, environ=None, out=None, err=None, layers=LAYERS, **options) -> Captured:
        record, _ = make_store(str(tmp_path / "workspace" / ".afield"))
        records.append(record)
        words = tuple(sys.executable if word == "python" else str(word) for word in argv)
        options.setdefault("folder", str(project))
        out, err = out or io.BytesIO(), err or io.BytesIO()
        request = Request(argv=words, environ=clean_environ | (environ or {}), **options)
        outcome = capture(record, request, out=out, err=err, layers=layers)
        seen = [s.getvalue() if isinstance(s, io.BytesIO) else b"" for s in (out, err)]
        return Captured(outcome, *seen, record)

    yield call
    for record in records:
        record.journal.close()


@pytest.fixture
def git(clean_environ):
    """Call git in a folder, as somebody, whatever the machine's settings are."""
    settings = ["user.name=x", "user.email=x@example.org", "protocol.file.allow=always"]
    environ = clean_environ | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}

    def call(folder, *words) -> str:
        options = [option for setting in settings for option in ("-c", setting)]
        done = subprocess.run(
            ["git", *options, "-C", str(folder), *words],
            env=environ,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    return call
