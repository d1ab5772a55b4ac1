"""Asking the rebuilt environment to compare two files; nothing is loaded in this process.

For pickles, and for formats whose library only the run's environment has. One script of
`replay.inside` per kind of file.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from afield.replay.limits import INSIDE_TIMEOUT_S, INSIDE_TOTAL_S
from afield.replay.text import clip
from afield.replay.verdict import Grade, Judged

SCRIPTS = {
    "pickle": "compare_pickles.py",
    "torch": "compare_torch.py",
    "hdf5": "compare_hdf5.py",
    "onnx": "compare_onnx.py",
}
_SHARED = ("answers.py", "compare_pickles.py")
_GRADES = {
    "content": Grade.CONTENT,
    "tolerance": Grade.TOLERANCE,
    "diverged": Grade.DIVERGED,
}


class InsideJudge:
    """Compares files with the Python of an environment, from the run's working folder.

    Args:
        python: the environment's interpreter.
        environ: variables that the run was given, without those of its recording.
        folder: where modules of the project are found.
    """

    def __init__(self, python: str, *, environ: Mapping[str, str], folder: str) -> None:
        self._python = python
        self._environ = dict(environ)
        self._folder = folder
        self._spent_s = 0.0

    def __call__(
        self, name: str, old: bytes, new: bytes, tolerance: float, /, kind: str = "pickle"
    ) -> Judged:
        """Return the grade; DIVERGED, with the reason, when the two cannot be loaded.

        Args:
            name: the file's name.
            old: the recorded bytes.
            new: the others.
            tolerance: relative tolerance of numbers.
            kind: a key of `SCRIPTS`.
        """
        if self._spent_s > INSIDE_TOTAL_S:
            return _unread(kind, f"more than {INSIDE_TOTAL_S:g} s were spent on others")
        began = time.monotonic()
        try:
            return self._compare(kind, name, old, new, tolerance)
        finally:
            self._spent_s += time.monotonic() - began

    def _compare(self, kind: str, name: str, old: bytes, new: bytes, tolerance: float) -> Judged:
        with tempfile.TemporaryDirectory(prefix="afield-pickles-") as folder:
            left, right = Path(folder, "recorded"), Path(folder, "reproduced")
            left.write_bytes(old)
            right.write_bytes(new)
            script = Path(folder, SCRIPTS[kind])
            scripts = resources.files("afield.replay.inside")
            for each in (script.name, *_SHARED):
                Path(folder, each).write_bytes(scripts.joinpath(each).read_bytes())
            paths = (self._folder, self._environ.get("PYTHONPATH", ""))
            environ = self._environ | {
                "PYTHONPATH": os.pathsep.join(path for path in paths if path),
                "PYTHONDONTWRITEBYTECODE": "1",
                "PYTHONWARNINGS": "ignore",
                "PYTHONSAFEPATH": "",  # the scripts find each other
            }
            argv = [self._python, str(script), str(left), str(right), repr(tolerance), name]
            return self._ask(kind, argv, environ)

    def _ask(self, kind: str, argv: list[str], environ: dict[str, str]) -> Judged:
        try:
            done = subprocess.run(
                argv,
                cwd=self._folder,
                env=environ,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=INSIDE_TIMEOUT_S,
                check=False,
            )
            answer = json.loads(done.stdout.decode("utf-8", "replace").splitlines()[-1])
            grade, detail = _GRADES.get(answer["grade"]), answer["detail"]
        except subprocess.TimeoutExpired:
            return _unread(kind, f"no answer within {INSIDE_TIMEOUT_S:g} s")
        except (OSError, ValueError, IndexError, KeyError, TypeError):
            return _unread(kind, "no answer from the environment")
        if grade is None:
            return _unread(kind, str(detail))
        return Judged(grade, kind, clip(detail) if detail else None)


def _unread(kind: str, why: str) -> Judged:
    detail = clip(f"bytes differ; cannot be loaded to look inside: {why}")
    return Judged(Grade.DIVERGED, kind, detail)
