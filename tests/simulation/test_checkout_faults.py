"""A disk that refuses any step of `data get`: a full one, a broken one, one that is read only.

What a checkout writes is people's own files, by the operating system's own calls; each of them
asks this process's audit hook first, and there the refusal comes from.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import random
import sys

import pytest

from afield.cli.faults import as_fault
from afield.workspace.datasets import add, files_of, find, get
from afield.workspace.workspace import Workspace

KINDS = (errno.ENOSPC, errno.EIO, errno.EROFS)
EVENTS = {"open", "os.rename", "os.remove", "os.mkdir", "os.chmod", "os.symlink", "os.scandir"}


class Refusal:
    """Counts calls about a folder and what it is filled as; refuses one, or all from it on."""

    def __init__(self):
        self.below = None
        self.seen = self.at = 0
        self.number = 0
        sys.addaudithook(self.heard)  # there is no way to take it away: it is told to be deaf

    def heard(self, event, arguments):
        if self.below is None or event not in EVENTS or not arguments:
            return
        if str(arguments[0]).startswith(self.below):
            self.seen += 1
            last = self.seen == self.at or (self.number == errno.EROFS and self.seen > self.at > 0)
            if last:
                raise OSError(self.number, os.strerror(self.number), arguments[0])

    @contextlib.contextmanager
    def of(self, below, at=0, number=0):
        hidden = str(below.with_name(f".{below.name}.afield-"))
        self.below, self.at, self.number, self.seen = (str(below), hidden), at, number, 0
        try:
            yield self
        finally:
            self.below = None


REFUSAL = Refusal()


def silent(files, size_bytes):
    pass


@pytest.fixture
def place(tmp_path):
    folder = tmp_path / "data"
    (folder / "sub").mkdir(parents=True)
    for number in range(2):
        (folder / f"{number}.bin").write_bytes(random.Random(number).randbytes(80_000))
    (folder / "sub" / "program").write_bytes(b"#!/bin/sh\n")
    (folder / "sub" / "program").chmod(0o755)
    (folder / "link").symlink_to("0.bin")
    with Workspace.init(tmp_path / "w") as workspace:
        add(workspace, str(folder), "d", progress=silent, profiling=None)
    return tmp_path


def checkout(workspace, out):
    return get(workspace, files_of(workspace, find(workspace, "d")), str(out), progress=silent)


def contents(folder):
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.lstat().st_mode, path.is_symlink())
        for path in folder.rglob("*")
        if path.is_symlink() or path.is_file()
    }


@pytest.mark.parametrize("there", [False, True])
def test_a_refusal_at_any_step_leaves_no_half_file_and_the_next_get_carries_on(place, there):
    kinds = itertools.cycle(KINDS)
    expected = contents(place / "data")
    with Workspace.open(place / "w") as workspace:
        with REFUSAL.of(place / "first") as counted:
            checkout(workspace, place / "first")
        assert counted.seen >= 10
        for at, number in zip(range(1, counted.seen + 1), kinds, strict=False):
            out = place / f"out{at}"
            if there:
                out.mkdir()
            with REFUSAL.of(out, at, number), contextlib.suppress(OSError):
                checkout(workspace, out)
            for name, (content, _, _) in (contents(out) if out.exists() else {}).items():
                if ".tmp-" not in name:
                    assert content == expected[name][0], "a file is whole or not there"
            checkout(workspace, out)
            assert contents(out) == expected
            assert not list(place.glob(f".{out.name}.*"))


def test_the_refusal_is_said_in_words_with_a_hint(place):
    with Workspace.open(place / "w") as workspace:
        for number, code in ((errno.ENOSPC, 14), (errno.EIO, 14), (errno.EROFS, 1)):
            out = place / f"out{number}"
            with REFUSAL.of(out, 3, number), pytest.raises(OSError, match=r".+") as caught:
                checkout(workspace, out)
            fault = as_fault(caught.value)
            assert (fault.exit_code, bool(fault.hint), str(out) in fault.message) == (
                code,
                True,
                True,
            )
