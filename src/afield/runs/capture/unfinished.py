"""The manifest of a run whose recorder died, or could not write its end: what can still be told.

Made from what was written down before the command started, from its trace, and from the files
as they lie now. A file that changed meanwhile is named, never shown with a content that the run
may not have seen; what changed after the run was last heard of is not taken for its output.
"""

from __future__ import annotations

import contextlib
import os
from typing import Any

import msgspec

from afield.journal import Draft
from afield.kernel.digest import digest
from afield.kernel.ids import ObjectId, RunId, parse_object_id
from afield.runs import events
from afield.runs import manifest as manifests
from afield.runs.capture import outcome
from afield.runs.capture.before import CONSOLE, TRACE, Before, read_before
from afield.runs.capture.console import framed_bytes
from afield.runs.capture.datasets_read import describe_datasets
from afield.runs.capture.distributions import DistributionCache
from afield.runs.capture.environment import Python, read_environment
from afield.runs.capture.failing import keep_failure
from afield.runs.capture.files_seen import Sieve
from afield.runs.capture.inputs import InputWatch
from afield.runs.capture.inside import HOOK_FOLDER
from afield.runs.capture.layers import Sighted, Site, Watches
from afield.runs.capture.outputs import OutputScan
from afield.runs.capture.patches import PatchCheck
from afield.runs.capture.request import Faults
from afield.runs.capture.source import Seen, Snapshot
from afield.runs.capture.trace import Trace, read
from afield.runs.live_owner import Ending, changed_ns
from afield.runs.live_warnings import read_warnings
from afield.runs.manifest import Environment, FileRecord, Manifest, NotKept
from afield.runs.record import Record
from afield.vault import StatCache

_BEAT_NS = 1_200_000_000
"""The run may have written for so long after it was last heard of: its recorder's period."""


def describe_unfinished(record: Record, run: RunId, folder: str, how: Ending) -> Draft | None:
    """Return the entry that names the manifest of a run in `folder`; None when nothing is known.

    Raises:
        OSError: the vault cannot be written.
    """
    before = read_before(folder)
    if before is None:
        return None
    manifest = _Unfinished(record, before, folder, how).manifest()
    failure = None
    with contextlib.suppress(Exception):  # the rest is worth more than the reason
        failure = keep_failure(record.vault, folder, manifest, {})
    found = record.vault.put(manifests.encode(manifest), meta=True)
    return events.captured(run, outcome.facts_of(manifest), found, failure)


class _Unfinished:
    def __init__(self, record: Record, before: Before, folder: str, how: Ending) -> None:
        self._record = record
        self._before = before
        self._folder = folder
        self._how = how
        self._faults = Faults()
        self._root = os.fsdecode(before.root)
        caches = os.path.join(record.workspace, "cache")
        self._caches = caches
        self._cache = StatCache(
            os.path.join(caches, f"stat-{digest(before.root)[:16]}.bin"), record.clock
        )
        self._sieve = Sieve(
            self._root,
            workspace=record.workspace,
            ours=(HOOK_FOLDER,),
            environ={"HOME": os.fsdecode(before.home)},
        )
        self._snapshot = Snapshot(self._root, git=before.manifest.git)
        self._until_ns = max((how.ended_ms or 0) * 1_000_000, changed_ns(folder)) + _BEAT_NS

    def manifest(self) -> Manifest:
        """Return all that can be told."""
        known, how = self._before.manifest, self._how
        for text in (*known.capture.warnings, *read_warnings(self._folder)):
            self._faults.add(text)
        self._faults.add(
            "its recorder was cut off: inputs, outputs and environment as they were found later"
            if how.status == "interrupted"
            else "its end could not be written at first: the record was completed later"
        )
        if known.notebook is not None:
            self._faults.add("the executed notebook is not kept: which secrets it may hold is lost")
        with self._faults.contained("the code cannot be read"):
            self._restore_snapshot()
        sighted, inputs = self._inputs()
        trace = self._told(sighted)
        found = msgspec.structs.replace(
            known,
            exit_code=how.exit_code,
            signal=how.signal,
            environment=self._environment(trace),
            inputs=inputs,
            **self._outputs(sighted),
            datasets=describe_datasets(trace, self._sieve, self._record.workspace),
            libraries=trace.libraries,
            kernels=dict(trace.kernels),
            network=trace.addresses(),
            commands=tuple(dict.fromkeys(_program(command.argv) for command in trace.commands)),
            entropy=outcome.describe_entropy(
                trace, self._sieve, known.entropy.run_seed, known.entropy.hash_seed
            ),
        )
        found = self._with_console(found)
        if known.code is not None:
            with self._faults.contained("the inputs are not kept with the code"):
                found = msgspec.structs.replace(
                    found, code=self._snapshot.store(self._record.vault)
                )
        for text in sighted.warnings:
            self._faults.add(text)
        capture = outcome.describe_capture(sighted, self._faults.texts, self._record.workspace)
        found = msgspec.structs.replace(found, capture=capture)
        lines = outcome.find_blockers(
            found, sighted, mode=self._before.trace, stdin=self._before.stdin
        )
        if how.status == "interrupted":
            lines.insert(0, "it was interrupted: what it would have come to is not known")
        return msgspec.structs.replace(found, blockers=tuple(lines))

    def _restore_snapshot(self) -> None:
        code = self._before.manifest.code
        if code is None:
            return
        entries = self._record.vault.get_tree(parse_object_id(code.tree))
        self._snapshot.entries = {entry.path: entry for entry in entries}
        self._snapshot.size_bytes = code.size_bytes
        self._snapshot.not_kept = list(code.not_kept)
        self._snapshot.seen = {
            path: Seen(ObjectId(found), size_bytes, mtime_ns, ctime_ns)
            for path, (found, size_bytes, mtime_ns, ctime_ns) in self._before.seen.items()
        }

    def _told(self, sighted: Sighted) -> Trace:
        """Return the trace; a hook that was there for randomness alone tells of its Python, too."""
        if sighted.trace.active:
            return sighted.trace
        return read(os.path.join(self._folder, TRACE))

    def _inputs(self) -> tuple[Sighted, tuple[FileRecord, ...]]:
        site = Site(
            trace=self._before.trace,
            folder=os.path.join(self._folder, TRACE),
            root=self._root,
            workspace=self._record.workspace,
            mark_ns=self._before.mark_ns,
            until_ns=self._until_ns,
        )
        watches = Watches(site, self._faults)
        watch = InputWatch(
            watches,
            vault=self._record.vault,
            cache=self._cache,
            snapshot=self._snapshot,
            sieve=self._sieve,
            keep_bytes_max=self._before.keep_bytes_max,
            mark_ns=self._before.mark_ns or 0,
        )
        watch.finish()
        sighted = watches.finish()
        inputs: list[FileRecord] = []
        not_kept: list[NotKept] = []
        with self._faults.contained("the inputs are not recorded"):
            inputs, not_kept = watch.records(sighted)
        for text in watch.faults:
            self._faults.add(text)
        self._snapshot.not_kept += not_kept
        return sighted, tuple(map(self._as_far_as_certain, inputs))

    def _as_far_as_certain(self, one: FileRecord) -> FileRecord:
        """Forget what a file holds that was changed after the run began."""
        if one.path in self._before.seen or one.digest is None:
            return one
        try:
            changed = os.stat(os.path.join(self._root, one.path)).st_ctime_ns
        except OSError:
            changed = self._before.mark_ns or 0
        if self._before.mark_ns is not None and changed < self._before.mark_ns:
            return one
        entry = self._snapshot.entries.get(one.path)
        if entry is not None and entry.object == one.digest:
            del self._snapshot.entries[one.path]
        note = "changed before it could be read"
        self._snapshot.not_kept.append(NotKept(path=one.path, size_bytes=0, why=note))
        return msgspec.structs.replace(one, digest=None, kept=False, changed=True, note=note)

    def _outputs(self, sighted: Sighted) -> dict[str, Any]:
        parts: dict[str, Any] = {}
        if self._before.mark_ns is None:
            return parts
        scan = OutputScan(
            vault=self._record.vault,
            snapshot=self._snapshot,
            sieve=self._sieve,
            mark_ns=self._before.mark_ns,
            keep_bytes_max=self._before.keep_bytes_max,
            until_ns=self._until_ns,
        )
        with self._faults.contained("the outputs are not recorded"):
            parts["outputs"] = outputs = tuple(scan.records(sighted))
            parts["folders_made"] = scan.folders_made(sighted, outputs)
        for text in scan.faults:
            self._faults.add(text)
        return parts

    def _environment(self, trace: Trace) -> Environment | None:
        if not trace.interpreters:
            return None
        first = trace.interpreters[0]
        python = Python(
            first.executable,
            first.version,
            first.implementation,
            first.prefix,
            first.base_prefix,
            first.path,
        )
        with self._faults.contained("the environment is not recorded"):
            cache = DistributionCache(os.path.join(self._caches, "distributions.json"))
            patches = PatchCheck(
                os.path.join(self._caches, "installed"),
                used=trace.installed(),
                vault=self._record.vault,
            )
            return read_environment(python, cache=cache, vault=self._record.vault, patches=patches)
        return None

    def _with_console(self, manifest: Manifest) -> Manifest:
        path = os.path.join(self._folder, CONSOLE)
        with self._faults.contained("the console is not kept"):
            if os.path.exists(path):
                console, _ = self._record.vault.put_file(path, rows=False)
                return msgspec.structs.replace(
                    manifest, console=console, console_bytes=framed_bytes(path)
                )
        return manifest


def _program(argv: tuple[str, ...]) -> str:
    """Return the name of a program only: its secrets are not known any more."""
    return os.path.basename(argv[0]) if argv else ""
