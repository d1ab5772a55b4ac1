"""What can be found of runs: names, params, tags, files, the command line, failures, and notes."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from afield.kernel.clock import stamp_to_ms
from afield.projection.documents import Document, Documents, Prose, Words, batches
from afield.projection.owners import Ask
from afield.runs import events

FILES_MAX = 300
"""Paths of a run that can be found, of its inputs and as many of its outputs."""

_NAMES_MAX = 60
_VALUE_CHARS_MAX = 200
_LIVE = "started_ms IS NOT NULL AND deleted IS NOT TRUE"
_IDS = f"SELECT id FROM runs WHERE {_LIVE} ORDER BY id"  # noqa: S608 - literals
_RUNS = (
    "SELECT id, name, project, experiment, status, started_ms, member, exception, branch,"  # noqa: S608 - literals
    f" commit_id, manifest, failure_object FROM runs WHERE {_LIVE} AND id IN"
)
_NOTES = (
    "SELECT n.object, n.at, n.member, r.id, r.name, r.project FROM notes n JOIN runs r"  # noqa: S608 - literals
    f" ON r.id = n.run WHERE {_LIVE} AND r.id IN"
)
_WORDED = (
    ("params", "text", "name, text"),
    ("tags", "value", "name, value"),
    ("metrics", "name", "name, NULL"),
    ("summaries", "text", "name, text"),
    ("saved", "object", "path, NULL"),
)


def _found(ask: Ask, abouts: Sequence[str] | None) -> Iterator[Document]:
    for some, marks in batches(ask, _IDS, abouts):
        words = _words(ask, some, marks)
        for row in ask(f"{_RUNS} ({marks})", some):
            run, name, project, experiment, status, started_ms, member, *more = row
            exception, branch, commit, manifest, failure = more
            told = (exception, branch, commit)
            prose = ((manifest, _of_manifest), (failure, _of_failure))
            yield Document(
                sort="run",
                key=run,
                id=run,
                about=run,
                label=name or run,
                title=name or "",
                project=project,
                at_ms=started_ms,
                author=member,
                detail=f"{experiment}: {status or events.RUNNING}",
                text=" ".join([*filter(None, told), *words.get(run, ())]),
                names=" ".join(filter(None, (run, name, project, experiment))),
                prose=tuple(Prose(each, read) for each, read in prose if each),
            )
        for kept, at, member, run, name, project in ask(f"{_NOTES} ({marks})", some):
            yield Document(
                sort="note",
                key=f"{run} {at} {kept}",
                id=run,
                about=run,
                label=name or run,
                project=project,
                at_ms=stamp_to_ms(at),
                author=member,
                prose=(Prose(kept),),
            )


def _words(ask: Ask, runs: Sequence[str], marks: str) -> dict[str, list[str]]:
    """Return what was logged of runs that has words: names, and values that are no numbers."""
    found: dict[str, list[str]] = {}
    for table, there, columns in _WORDED:
        sql = (
            f"SELECT run, {columns} FROM {table} WHERE run IN ({marks})"  # noqa: S608 - literals
            f" AND {there} IS NOT NULL ORDER BY run, 2"
        )
        for run, name, value in ask(sql, runs):
            found.setdefault(run, []).append(
                name if value is None else f"{name} {value[:_VALUE_CHARS_MAX]}"
            )
    return found


def _of_manifest(data: bytes) -> Words:
    from afield.runs.manifest import decode

    manifest = decode(data)
    inputs = [each.path for each in manifest.inputs[:FILES_MAX]]
    outputs = [each.path for each in manifest.outputs[:FILES_MAX]]
    taken = [f"{each.name} {each.label}" for each in manifest.datasets]
    names = [posixpath.basename(path.rstrip("/")) for path in (*outputs, *inputs)]
    text = " ".join([*manifest.argv, *taken, *outputs, *inputs])
    return Words(text, names=" ".join(dict.fromkeys(names[:_NAMES_MAX])))


def _of_failure(data: bytes) -> Words:
    from afield.runs.failure import decode

    failure = decode(data)
    return Words(f"{failure.message} {failure.text}")


DOCUMENTS = Documents(
    name="runs",
    sorts=("run", "note"),
    kinds=frozenset(events.EVENTS),
    found=_found,
)
