"""What is exported, what comes of it, and the comments that every exported file opens with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from afield.kernel.ids import ObjectId
from afield.runs.manifest import Environment, Manifest
from afield.vault import Vault

WHEELS = "wheels"
"""The folder beside the exported file that holds wheels out of the record."""

CODE = "code"
"""The folder beside an exported Dockerfile that holds the code of the run."""

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Subject:
    """The run whose environment is exported.

    Args:
        run: its id.
        name: its name.
        manifest: what it was made of.
        environment: its Python environment.
        vault: holds repacked wheels and the code.
        beside: files can be written beside the exported one.
    """

    run: str
    name: str
    manifest: Manifest
    environment: Environment
    vault: Vault
    beside: bool


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A distribution that the form cannot say, and why."""

    name: str
    version: str
    why: str

    def __str__(self) -> str:
        return one_line(f"{self.name} {self.version}: {self.why}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """An exported file.

    Args:
        text: its content.
        left_out: distributions that are not in it.
        notes: what else a person should know, a line each; they stand in the file, too.
        wheels: files of the folder `wheels` beside it.
        code: the folder `code` beside it holds the code of the run.
    """

    text: str
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()
    wheels: tuple[tuple[str, ObjectId], ...] = ()
    code: bool = False


def one_line(text: str) -> str:
    """Return recorded text so that it stays inside one comment."""
    return _UNPRINTABLE.sub("?", text)


def head(
    subject: Subject,
    how: Iterable[str],
    notes: Iterable[str],
    left_out: Iterable[LeftOut] = (),
) -> Iterator[str]:
    """Yield the lines that open a file, without the comment's mark."""
    found = subject.environment
    yield one_line(f"The Python environment of run {subject.run} ({subject.name}), out of Afield.")
    yield one_line(f"Recorded with {found.implementation} {found.python} on {found.platform}.")
    yield from how
    yield f"Compare what came of it with the record: afield env diff {subject.run} --here"
    told = [one_line(note) for note in notes]
    if found.conda:
        names = ", ".join(f"{one.name} {one.version}" for one in found.conda)
        told.append(
            one_line(f"packages of conda that are no Python packages, not in here: {names}")
        )
    if told:
        yield "Good to know:"
        yield from (f"  - {line}" for line in told)
    absent = [str(one) for one in left_out]
    if absent:
        yield "NOT IN HERE:"
        yield from (f"  - {line}" for line in absent)


def comments(lines: Iterable[str], mark: str = "#") -> list[str]:
    """Return lines as comments."""
    return [f"{mark} {line}".rstrip() for line in lines]
