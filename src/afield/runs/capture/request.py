"""What a capture is asked for, what it comes to, and the list of what went wrong on our side."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Literal

import msgspec

from afield.kernel.ids import RunId
from afield.runs.capture.limits import KEEP_BYTES_MAX, WARNINGS_MAX
from afield.runs.manifest import DatasetRead, Manifest
from afield.runs.record import DEFAULT_PROJECT


class Begun(msgspec.Struct, frozen=True):
    """A run whose command is about to start, as what goes beside it sees it.

    Attributes:
        run: its id.
        workspace: the `.afield` folder.
        environ: the person's variables.
        warn: puts a warning on the record.
        reproduces: the run that this one repeats.
    """

    run: RunId
    workspace: str
    environ: Mapping[str, str]
    warn: Callable[[str], None]
    reproduces: RunId | None = None


class Added(msgspec.Struct, frozen=True):
    """What something beside a command adds to it: variables, and what no record may hold.

    `named` is what it is called in the record, empty when it is not there.
    """

    named: str = ""
    variables: Mapping[str, str] = {}
    secrets: Mapping[str, bytes] = {}


Beside = Callable[[Begun], contextlib.AbstractContextManager[Added]]
"""What goes along with a command, entered before it starts and left once it has ended."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be run, and how it is to be recorded.

    `environ` is the whole environment of the command; `hash_seed` and `run_seed` are given
    when a run is replayed. `root` overrides where the project begins (default: git's top
    level, else `folder`). `project_default` stands unless a person or the script itself names
    a project. `terminal` tells whether stdout is a terminal. `argv_shown` stands in the record
    instead of `argv`, and `secrets` are replaced wherever they turn up, each by the name of what
    stands for it: both are for runs that are repeated with secrets handed over. Of a notebook
    `python` is the interpreter of its kernel, whatever it names, and `executed_to` the file that
    the executed notebook is copied to. `datasets` are what words for versions of data meant in the
    run that is repeated. `beside` goes along with the command. With `event_files` the scalars in
    TensorBoard's event files that the command writes become series of the run.
    """

    argv: tuple[str, ...]
    argv_shown: tuple[str, ...] | None = None
    secrets: Mapping[str, str] = {}
    folder: str
    environ: Mapping[str, str]
    project: str | None = None
    project_default: str = DEFAULT_PROJECT
    experiment: str | None = None
    name: str | None = None
    tags: Mapping[str, str] = {}
    params: Mapping[str, str] = {}
    seed: bool = True
    run_seed: str | None = None
    hash_seed: str | None = None
    trace: Literal["auto", "python", "off"] = "auto"
    reproduces: RunId | None = None
    root: str | None = None
    keep_bytes_max: int = KEEP_BYTES_MAX
    terminal: bool = False
    python: str | None = None
    executed_to: str | None = None
    datasets: tuple[DatasetRead, ...] = ()
    beside: Beside | None = None
    event_files: bool = True


class Outcome(msgspec.Struct, frozen=True):
    """A run that has ended. `exit_code` is what a shell would see, 128 + signal.

    `recorded` is false when the record could not be written; `faults` then say why.
    """

    run: RunId
    name: str
    exit_code: int
    manifest: Manifest
    recorded: bool = True
    faults: tuple[str, ...] = ()


class Faults:
    """What went wrong on our side, as words."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    @contextlib.contextmanager
    def contained(self, what: str) -> Iterator[None]:
        """Turn any fault into a text: nothing of ours may stop the command."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - whatever it is, the command goes on
            why = error.strerror if isinstance(error, OSError) else None
            self.add(f"{what}: {why or error or type(error).__name__}")

    def add(self, *texts: str) -> None:
        """Note faults, each once."""
        for text in texts:
            if text not in self.texts and len(self.texts) < WARNINGS_MAX:
                self.texts.append(text)
