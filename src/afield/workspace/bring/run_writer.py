"""Runs of other tools as entries: which are here already, what of them is new, and writing it.

A run's id is made of its key in the tool, and `run.imported` is the last of its entries: an import
that was killed is gone on with, and what it had written is written again as the same facts. What
the source said is kept in a document, so that a repeated import tells what changed there from
what people changed here.
"""

from __future__ import annotations

import base64
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, cast

from afield.journal import Draft
from afield.kernel.digest import digest
from afield.kernel.errors import AfieldError, Unreachable
from afield.kernel.ids import ObjectId, RunId
from afield.members.names import to_object
from afield.runs import events
from afield.runs.events import Scalar
from afield.runs.limits import INLINE_BYTES_MAX
from afield.runs.machine import keep_host
from afield.runs.secrets import HOLDS_SECRETS, holds_secrets, is_secret_file, scan
from afield.runs.series.live import clip_name
from afield.runs.series.seal import Summary, seal_series
from afield.runs.values import Keeper, hide_in_name
from afield.workspace.bring.run_documents import cleaned, described, read_document
from afield.workspace.bring.run_source import Found, KeptFile, Left, Listed, counted, run_of
from afield.workspace.workspace import Workspace

NEW, GROWN, SAME = "new", "grown", "same"
_LACKING = "!"
"""Ends the mark of a run of which something was not brought."""

_RUNS_AT_ONCE = 64
_DRAFTS_AT_ONCE = 2000
_BYTES_AT_ONCE = 8 << 20
_SPOOL_BYTES = 1 << 20
_SECRETS_BYTES_MAX = 1 << 20
_DIGEST_CHARS = 16


@dataclass(frozen=True, slots=True)
class Brought:
    """What became of a run that a source lists.

    Attributes:
        state: `new`, `grown` (it was here, and the source has more), or `same`.
        left: what of it was not brought, and why.
    """

    run: RunId
    key: str
    name: str
    state: str
    left: tuple[Left, ...] = ()


@dataclass(slots=True)
class _Batch:
    drafts: list[Draft] = field(default_factory=list)
    runs: int = 0
    size_bytes: int = 0


class RunWriter:
    """Brings the runs of one tool into a workspace.

    Args:
        workspace: where to.
        tool: `mlflow`, `wandb`, `tensorboard`.
        known: secrets to be replaced wherever they turn up.
    """

    def __init__(self, workspace: Workspace, tool: str, known: Mapping[str, bytes]) -> None:
        workspace.refresh()
        self._record = workspace.record
        self._vault = workspace.record.vault
        self._tool = tool
        self._known = known
        self._keeper = Keeper(self._vault, secrets=lambda: known)
        self._batch = _Batch()
        sql = "SELECT run, mark, object FROM imports WHERE tool = ?"
        self._seen = {run: (mark, found) for run, mark, found in workspace.query(sql, (tool,))}
        self._deleted = {run for (run,) in workspace.query("SELECT id FROM runs WHERE deleted")}
        self._notes = set(workspace.query("SELECT run, object FROM notes"))
        self._runs = {run for (run,) in workspace.query("SELECT id FROM runs")}
        self._no_host: ObjectId | None = None

    def state_of(self, listed: Listed) -> tuple[RunId, str]:
        """Return the id of a run here, and what an import would make of it, by its mark."""
        if listed.ours is not None and listed.ours in self._runs:
            return RunId(listed.ours), SAME
        ids = [run_of(self._tool, key) for key in (listed.key, *listed.known_as)]
        run = next((run for run in ids if run in self._seen), ids[0])
        if run not in self._seen:
            return run, NEW
        same = run in self._deleted or self._seen[run][0].removesuffix(_LACKING) == listed.mark
        return run, SAME if same else GROWN

    def bring(self, listed: Listed) -> Brought:
        """Write what is new of a run; it is durable with `flush`.

        Raises:
            AfieldError: the source is gone, or a run of it cannot be written.
            OSError: the disk is full, or a file cannot be read. The next import goes on.
        """
        run, state = self.state_of(listed)
        if state == SAME:
            return Brought(run, listed.key, listed.name, SAME, self._left_before(run))
        found = listed.read()
        try:
            before = {}
            if state == GROWN:
                before = read_document(self._vault, self._seen[run][1])
            drafts, seen = self._drafts(run, found, before)
        finally:
            found.points.close()
        left = tuple(found.left)
        changed = bool(drafts)
        document = described(
            {"v": 1, "tool": self._tool, "key": listed.key, "seen": seen},
            about=cleaned(found.about, self._known),
            left=[[cleaned(one.what, self._known), one.why] for one in left],
        )
        if before.get("about") != document["about"] or before.get("left") != document["left"]:
            changed = True
        kept = self._vault.put(json.dumps(document).encode(), meta=True)
        mark = listed.mark + (_LACKING if any(not one.meant for one in left) else "")
        self._add([*drafts, events.imported(run, tool=self._tool, mark=mark, document=kept)])
        self._seen[run] = (mark, kept)
        return Brought(run, listed.key, found.name, state if changed else SAME, left)

    def flush(self) -> None:
        """Make all that was brought durable: first the bytes, then the entries that name them."""
        if self._batch.drafts:
            self._vault.flush()
            self._record.journal.append_many(self._batch.drafts)
        self._batch = _Batch()

    def finish(self) -> None:
        """Flush, and sign."""
        self.flush()
        self._record.journal.seal()
        self._record.journal.sync()

    def _left_before(self, run: RunId) -> tuple[Left, ...]:
        """Return what was not brought of a run that has not changed since: it is told again."""
        mark, found = self._seen.get(run, ("", None))
        if not mark.endswith(_LACKING):
            return ()
        left = read_document(self._vault, found).get("left")
        return tuple(Left(str(what), str(why)) for what, why in left or ())

    def _add(self, drafts: list[Draft]) -> None:
        self._batch.drafts += drafts
        self._batch.runs += 1
        batch = self._batch
        if (
            batch.runs >= _RUNS_AT_ONCE
            or len(batch.drafts) >= _DRAFTS_AT_ONCE
            or batch.size_bytes >= _BYTES_AT_ONCE
        ):
            self.flush()

    def _drafts(
        self, run: RunId, found: Found, before: Mapping[str, Any]
    ) -> tuple[list[Draft], dict[str, Any]]:
        """Return the entries of what is new, and what the source says now."""
        was = before.get("seen", {})
        drafts: list[Draft] = []
        if not was:
            drafts.append(self._started(run, found))
        elif was.get("name") != found.name:
            drafts.append(self._keeper.name(run, found.name))
        seen: dict[str, Any] = {"name": found.name}
        drafts += self._captured(run, found, was, seen)
        params = self._keeper.params(run, found.params)
        drafts += self._values(run, "params", params, was, seen)
        summary = self._keeper.summary(run, found.summary)
        drafts += self._values(run, "summary", summary, was, seen)
        drafts += self._tags(run, found, was, seen)
        drafts += self._note(run, found)
        drafts += self._files(run, found, was, seen)
        seen["points"] = [found.points.records, found.points.digest()]
        seen["end"] = [found.status, found.exit_code, found.ended_ms]
        if (was.get("points"), was.get("end")) != (seen["points"], seen["end"]):
            drafts += self._ended(run, found)
        if found.points.refused:
            why = "no 64-bit step, or no number"
            found.left.append(Left(counted(found.points.refused, "point"), why))
        return drafts, seen

    def _started(self, run: RunId, found: Found) -> Draft:
        return events.started(
            run,
            project=clip_name(hide_in_name(found.project)),
            experiment=clip_name(hide_in_name(found.experiment)),
            name=clip_name(hide_in_name(found.name)),
            kind="imported",
            pid=0,
            host=self._host(found.host),
            started_ms=found.started_ms,
            parent=None if found.parent is None else run_of(self._tool, found.parent),
        )

    def _host(self, name: str) -> ObjectId:
        if name:
            return keep_host(self._vault, self._record.workspace, name)
        if self._no_host is None:
            self._no_host = self._vault.put(to_object(""), meta=True)
        return self._no_host

    def _captured(
        self, run: RunId, found: Found, was: Mapping[str, Any], seen: dict[str, Any]
    ) -> Iterator[Draft]:
        from afield.workspace.bring.run_documents import captured_of  # not every run has one

        captured = captured_of(self._vault, run, found, self._known)
        if captured is None:
            return
        seen["manifest"] = captured.refs[0]
        if was.get("manifest") != seen["manifest"]:
            yield captured

    def _values(
        self,
        run: RunId,
        kind: str,
        drafts: Iterable[Draft],
        was: Mapping[str, Any],
        seen: dict[str, Any],
    ) -> Iterator[Draft]:
        """Yield params or summary values that the source did not say before."""
        make = events.params if kind == "params" else events.summary
        known: Mapping[str, str] = was.get(kind, {})
        now: dict[str, str] = {}
        for draft in drafts:
            values: Mapping[str, Scalar] = draft.body["params" if kind == "params" else "values"]
            digests = {name: _digest_of(value) for name, value in values.items()}
            now |= digests
            new = {
                name: values[name] for name, found in digests.items() if known.get(name) != found
            }
            if new:
                named = {f"object:{found}": found for found in draft.refs}
                refs = [named[value] for value in new.values() if value in named]
                yield make(run, new, refs)
        if now:
            seen[kind] = now

    def _tags(
        self, run: RunId, found: Found, was: Mapping[str, Any], seen: dict[str, Any]
    ) -> Iterator[Draft]:
        known: Mapping[str, str] = was.get("tags", {})
        now: dict[str, str] = {}
        for draft in self._keeper.tags(run, found.tags):
            values: Mapping[str, str] = draft.body["set"]
            digests = {name: _digest_of(value) for name, value in values.items()}
            now |= digests
            new = {name: values[name] for name, one in digests.items() if known.get(name) != one}
            if new:
                yield events.tagged(run, new)
        gone = [name for name in known if name not in now]
        if gone:
            yield events.tagged(run, {}, gone)
        if now:
            seen["tags"] = now

    def _note(self, run: RunId, found: Found) -> Iterator[Draft]:
        """Yield the note unless it is there: notes are only ever added."""
        if found.note:
            draft = self._keeper.note(run, found.note)
            if (run, draft.refs[0]) not in self._notes:
                self._notes.add((run, draft.refs[0]))
                yield draft

    def _files(
        self, run: RunId, found: Found, was: Mapping[str, Any], seen: dict[str, Any]
    ) -> Iterator[Draft]:
        known: Mapping[str, list[Any]] = was.get("files", {})
        now: dict[str, list[Any]] = {}
        for file in found.files:
            before = known.get(file.name)
            if before is not None and before[1:] == [file.size_bytes, file.stamp]:
                now[file.name] = before
                continue
            try:
                kept = self._keep(file)
            except (FileNotFoundError, PermissionError, AfieldError) as error:
                if isinstance(error, Unreachable):
                    raise
                found.left.append(Left(file.name, getattr(error, "why", None) or str(error)))
                continue
            if kept is None:
                found.left.append(Left(file.name, HOLDS_SECRETS))
                continue
            at, size_bytes = kept
            self._batch.size_bytes += size_bytes
            now[file.name] = [at, size_bytes, file.stamp]
            if before is None or before[0] != at:
                yield events.saved(run, clip_name(hide_in_name(file.name)), at, size_bytes)
        for name, lines in found.lines.items():
            plain = "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")
            data = scan(plain, known=self._known).data
            at = self._vault.put(data)
            now[name] = [at, len(data), ""]
            if known.get(name, [None])[0] != at:
                yield events.saved(run, name, at, len(data))
        if now:
            seen["files"] = now

    def _keep(self, file: KeptFile) -> tuple[ObjectId, int] | None:
        """Put a file into the vault; None when it holds secrets."""
        if file.path is not None:
            if is_secret_file(file.name):
                with open(file.path, "rb") as stream:
                    if holds_secrets(file.name, stream.read(_SECRETS_BYTES_MAX)):
                        return None
            return self._vault.put_file(file.path)
        assert file.open is not None, "a file is here or elsewhere"
        with file.open() as stream:
            if not is_secret_file(file.name):
                return self._vault.put_stream(stream)
            data = stream.read(_SECRETS_BYTES_MAX)
            whole = not stream.read(1)
        if not whole or holds_secrets(file.name, data):
            return None
        return self._vault.put(data), len(data)

    def _ended(self, run: RunId, found: Found) -> list[Draft]:
        series, summaries = self._series(found)
        return events.ended(
            run,
            status=found.status,
            exit_code=found.exit_code,
            signal=None,
            ended_ms=found.ended_ms,
            summaries=summaries,
            series=series,
        )

    def _series(self, found: Found) -> tuple[dict[str, str] | None, dict[str, Summary]]:
        if not found.points.records:
            return None, {}
        with tempfile.SpooledTemporaryFile(_SPOOL_BYTES) as spool:
            out = cast("BinaryIO", spool)
            summaries = seal_series([found.points], out)
            size_bytes = out.tell()
            out.seek(0)
            if size_bytes <= INLINE_BYTES_MAX:
                return {"inline": base64.b64encode(out.read()).decode("ascii")}, summaries
            self._batch.size_bytes += size_bytes
            if size_bytes <= _SPOOL_BYTES:
                return {"object": self._vault.put(out.read())}, summaries
            return {"object": self._vault.put_stream(out)[0]}, summaries


def _digest_of(value: Scalar) -> str:
    return digest(json.dumps(value).encode())[:_DIGEST_CHARS]
