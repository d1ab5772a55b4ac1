"""Everything that looks on while a command runs, joined into its manifest at the end.

Each observer is on its own: what one cannot see becomes a warning and stops no other. The
order of things, and the command itself, are `capture`'s.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from afield.kernel.digest import digest
from afield.kernel.ids import ObjectId
from afield.runs.capture import outcome
from afield.runs.capture.ahead import Ahead, load_to_watch
from afield.runs.capture.before import Before, before_path, begin_mark, write_before
from afield.runs.capture.child import Exit, Launch
from afield.runs.capture.console import STDOUT, ConsoleWriter
from afield.runs.capture.datasets_read import describe_datasets
from afield.runs.capture.entropy import SeedPlan
from afield.runs.capture.files_seen import Sieve, printable
from afield.runs.capture.host import pick_threads, pick_variables, read_host, read_locale
from afield.runs.capture.inside import HOOK_FOLDER
from afield.runs.capture.layers import LAYERS, Layer, Sighted, Site, Watches
from afield.runs.capture.request import Faults, Request
from afield.runs.capture.resources import GpuWatch, MemoryWatch, own_peak_bytes
from afield.runs.capture.source import Snapshot, find_root, take_snapshot
from afield.runs.capture.stdin import StdinWatch
from afield.runs.capture.trace import Trace, Uncaught
from afield.runs.live_owner import write_child
from afield.runs.manifest import (
    Capture,
    Environment,
    FileRecord,
    Manifest,
    Notebook,
    Redaction,
    Resources,
)
from afield.runs.pins import write_pins
from afield.runs.record import Record
from afield.runs.secrets import is_secret_name, redact_argv, redact_mapping, unique
from afield.vault import StatCache

if TYPE_CHECKING:
    from afield.runs.capture.inputs import InputWatch
    from afield.runs.capture.notebook import NotebookCommand

LEFT_BEHIND = "a process was left in the background: its later output is not in the record"


class Observer:
    """What is seen of one run; made before it, asked for the manifest after it."""

    def __init__(
        self,
        record: Record,
        request: Request,
        *,
        target: str | NotebookCommand,
        known: Mapping[str, bytes],
        faults: Faults,
        layers: Sequence[Layer] = LAYERS,
    ) -> None:
        self.known = known
        self.faults = faults
        self.seeds = SeedPlan(None, None)
        self.console: ObjectId | None = None
        self.beside: tuple[str, ...] = ()
        self.notebook = notebook = None if isinstance(target, str) else target
        self.uncaught: tuple[Uncaught, ...] = ()
        self.clean: Callable[[Manifest], Manifest] = lambda manifest: manifest
        self._record = record
        self._request = request
        self._program = target if isinstance(target, str) else target.program
        if request.trace == "auto" and sys.platform == "linux":
            load_to_watch()
        root, self._by_git, warnings = find_root(request.root or request.folder, request.environ)
        for warning in warnings:
            faults.add(warning)
        self._root = request.root or root
        self._snapshot = Snapshot(self._root)
        self._kept_code = False
        self._cache: StatCache | None = None
        self._layers = layers
        self._watches: Watches | None = None
        self._inputs: InputWatch | None = None
        self._sieve = Sieve(
            self._root,
            workspace=record.workspace,
            ours=(HOOK_FOLDER, *_folders_of(notebook)),
            environ=request.environ,
        )
        self._mark_ns: int | None = None
        self._before: Manifest | None = None
        self._live: str | None = None
        self._stdin = StdinWatch()
        self._memory = MemoryWatch()
        self._gpu = GpuWatch(request.environ)
        self._caches = os.path.join(record.workspace, "cache")
        self._ahead = Ahead(self._caches, vault=record.vault, known=known)

    def look_before(self) -> None:
        """Take the code as it is before the run.

        Raises:
            OSError: the vault cannot be written.
        """
        request, record = self._request, self._record
        with self.faults.contained("unchanged files are read again"):
            os.makedirs(self._caches, exist_ok=True)
        name = digest(os.fsencode(self._root))[:16]
        self._cache = StatCache(os.path.join(self._caches, f"stat-{name}.bin"), record.clock)
        self._snapshot = take_snapshot(
            record.vault,
            self._cache,
            root=self._root,
            by_git=self._by_git,
            argv=request.argv,
            folder=request.folder,
            environ=request.environ,
            workspace=record.workspace,
            known=self.known,
            keep_bytes_max=request.keep_bytes_max,
        )
        self._kept_code = True
        for warning in self._snapshot.warnings:
            self.faults.add(warning)

    def watch(self, trace_folder: str, mark: str) -> None:
        """Choose the layers that see what the command does."""
        with self.faults.contained("the outputs are not recorded"):
            self._mark_ns = begin_mark(mark)
        site = Site(
            trace=self._request.trace,
            folder=trace_folder,
            root=self._root,
            workspace=self._record.workspace,
            seeds=self.seeds,
            mark_ns=self._mark_ns,
        )
        self._watches = Watches(site, self.faults, self._layers, told=self._ahead.tell)

    def prepare(self, launch: Launch) -> Launch:
        """Return how the command is to be started, so that the layers see it."""
        return launch if self._watches is None else self._watches.prepare(launch)

    def write_before(self, live: str) -> None:
        """Write down what is known before the command starts, for when nobody lives to say more.

        Raises:
            OSError: the live folder cannot be written.
        """
        self._live = live
        known = self.known_before()
        before = Before(
            manifest=self.clean(known),
            root=os.fsencode(self._root),
            home=os.fsencode(self._request.environ.get("HOME", "")),
            trace=self._request.trace,
            stdin=self._stdin.kind,
            mark_ns=self._mark_ns,
            keep_bytes_max=self._request.keep_bytes_max,
        )
        write_before(live, before)  # at once: the code may take what space there is
        if self._request.datasets:
            write_pins(live, self._request.datasets)
        if not self._kept_code:
            return
        with self.faults.contained("the code is kept at the end only"):
            code = self._snapshot.store(self._record.vault)
            self._record.vault.flush()  # writes nothing when the code is what it was
            manifest = self.clean(msgspec.structs.replace(known, code=code))
            seen = {
                path: (seen.digest, seen.size_bytes, seen.mtime_ns, seen.ctime_ns)
                for path, seen in self._snapshot.seen.items()
                if path.isascii() or printable(path) == path
            }
            write_before(live, msgspec.structs.replace(before, manifest=manifest, seen=seen))

    def started(self, pid: int) -> None:
        """Look at the process itself from now on."""
        if self._live is not None:
            with self.faults.contained("the command's process is not known to others"):
                write_child(self._live, pid)
        if self._watches is not None:
            self._watches.started(pid)
            self._follow(self._watches)
        self._memory.start(pid, None if self._live is None else before_path(self._live))
        self._gpu.start()
        self._ahead.start()

    def _follow(self, watches: Watches) -> None:
        """Follow what the layers see from now on."""
        if not watches.reads or self._cache is None:
            return
        from afield.runs.capture.inputs import InputWatch  # the command runs meanwhile

        self._inputs = InputWatch(
            watches,
            vault=self._record.vault,
            cache=self._cache,
            snapshot=self._snapshot,
            sieve=self._sieve,
            keep_bytes_max=self._request.keep_bytes_max,
            mark_ns=self._mark_ns or 0,
        )
        self._inputs.start()

    def known_before(self) -> Manifest:
        """Return what is known of the run before it starts, once and for all."""
        if self._before is None:
            request = self._request
            argv, redactions = self._redactions()
            self._before = Manifest(
                argv=argv,
                cwd=self._cwd(),
                root=printable(self._root),
                exit_code=None,
                git=self._snapshot.git,
                params=self._given(request.params, "params"),
                tags=self._given(request.tags, "tags"),
                variables=redact_mapping(pick_variables(request.environ), "env", known=self.known)[
                    0
                ],
                threads=pick_threads(request.environ),
                locale=read_locale(request.environ, self._record.clock),
                host=read_host(),
                entropy=outcome.describe_entropy(
                    Trace(), self._sieve, self.seeds.run_seed, self.seeds.hash_seed
                ),
                redactions=redactions,
                notebook=self._notebook(),
                capture=Capture(layers=(), warnings=tuple(self.faults.texts)),
            )
        return self._before

    def _given(self, values: Mapping[str, str], what: str) -> dict[str, str]:
        clean, _ = redact_mapping(values, what, known=self.known)
        return {printable(name): printable(value) for name, value in clean.items()}

    def manifest(self, done: Exit, console: ConsoleWriter) -> Manifest:
        """Return all that was seen; never raises for a fault of ours."""
        self._ahead.finish()
        memory_bytes = self._memory.stop()
        gpus, gpu_bytes = self._gpu.stop()
        sighted = self.finish_watch()
        trace = sighted.trace
        self.uncaught = trace.uncaught
        parts = self._parts(sighted)
        if not done.console_complete:
            self.faults.add(LEFT_BEHIND)
        known = self.known_before()
        found = msgspec.structs.replace(
            known,
            exit_code=done.code,
            signal=done.signal,
            host=msgspec.structs.replace(known.host or read_host(), gpus=gpus),
            datasets=describe_datasets(trace, self._sieve, self._record.workspace),
            libraries=trace.libraries,
            kernels=dict(trace.kernels),
            network=trace.addresses(),
            commands=outcome.describe_commands(trace, self.known),
            entropy=outcome.describe_entropy(
                trace, self._sieve, self.seeds.run_seed, self.seeds.hash_seed
            ),
            console=self.console,
            console_bytes=console.size_bytes,
            resources=Resources(
                wall_s=done.wall_s,
                cpu_s=done.cpu_s,
                memory_peak_bytes=_peak_bytes(memory_bytes, done.memory_peak_bytes),
                gpu_memory_peak_bytes=gpu_bytes,
            ),
            redactions=unique((*known.redactions, *_console_redactions(console))),
            capture=self._capture(sighted),
            **parts,
        )
        found = self._with_notebook(found)
        blockers = outcome.find_blockers(
            found, sighted, mode=self._request.trace, stdin=self._stdin.read_from()
        )
        blockers += outcome.unprintable(self._request.argv)
        return msgspec.structs.replace(found, blockers=tuple(blockers))

    def _notebook(self) -> Notebook | None:
        if self.notebook is not None:
            with self.faults.contained("the notebook's cells are not kept as text"):
                return self.notebook.about(self._root, self._record.vault, self.known)
        return None

    def _with_notebook(self, manifest: Manifest) -> Manifest:
        if self.notebook is None or manifest.notebook is None:
            return manifest
        if self.notebook.kernel.warning is not None:
            self.faults.add(self.notebook.kernel.warning)
        with self.faults.contained("the executed notebook is not kept"):
            manifest = self.notebook.describe(
                manifest, self._record.vault, self.known, self._snapshot
            )
        warnings = tuple(self.faults.texts)
        capture = msgspec.structs.replace(manifest.capture, warnings=warnings)
        return msgspec.structs.replace(manifest, capture=capture)

    def leave_notebook(self) -> None:
        """Leave the executed notebook where a person wants it; when the outputs are recorded."""
        if self.notebook is not None:
            with self.faults.contained("the executed notebook was not copied"):
                self.notebook.finish(self._request.executed_to)

    def finish_watch(self) -> Sighted:
        """End what the layers have begun and return what they saw; nothing is left running."""
        if self._inputs is not None:
            with self.faults.contained("inputs may be incomplete"):
                self._inputs.finish()
        return Sighted() if self._watches is None else self._watches.finish()

    def rest(self, done: Exit) -> Manifest:
        """Return the manifest of a run of which nothing but its end is known."""
        return Manifest(
            argv=redact_argv(self._request.argv_shown or self._request.argv, known=self.known)[0],
            cwd=self._request.folder,
            root=self._root,
            exit_code=done.code,
            signal=done.signal,
            capture=Capture(layers=(), warnings=tuple(self.faults.texts)),
            blockers=("what it was made of was not recorded",),
        )

    def _parts(self, sighted: Sighted) -> dict[str, Any]:
        """Return what needs the vault: inputs, outputs, environment, code."""
        parts: dict[str, Any] = {}
        vault, faults = self._record.vault, self.faults
        with faults.contained("the environment is not recorded"):
            parts["environment"] = self._environment(sighted.trace)
        if self._inputs is not None:
            with faults.contained("the inputs are not recorded"):
                inputs, not_kept = self._inputs.records(sighted)
                parts["inputs"] = tuple(inputs)
                self._snapshot.not_kept += not_kept
            for text in self._inputs.faults:
                faults.add(text)
        if self._mark_ns is not None:
            with faults.contained("the outputs are not recorded"):
                from afield.runs.capture.outputs import OutputScan  # loaded ahead

                scan = OutputScan(
                    vault=vault,
                    snapshot=self._snapshot,
                    sieve=self._sieve,
                    mark_ns=self._mark_ns,
                    keep_bytes_max=self._request.keep_bytes_max,
                )
                parts["outputs"] = outputs = tuple(scan.records(sighted))
                parts["folders_made"] = scan.folders_made(sighted, outputs)
                for text in scan.faults:
                    faults.add(text)
                self._take_event_files(outputs)
        if self._kept_code:
            with faults.contained("the code was not kept"):
                parts["code"] = self._snapshot.store(vault)
        if self._cache is not None:
            with faults.contained("unchanged files will be read again"):
                self._cache.save()
        return parts

    def _take_event_files(self, outputs: Sequence[FileRecord]) -> None:
        """Make series of the scalars in the event files that were written."""
        found = [one.path for one in outputs if "tfevents" in one.path]
        if not found or self._live is None or not self._request.event_files:
            return
        with self.faults.contained("scalars of TensorBoard's event files are not in the record"):
            from afield.runs.capture.event_files import take_scalars  # seldom

            self.beside += ("tensorboard",)
            for text in take_scalars(self._live, self._root, found):
                self.faults.add(text)

    def _environment(self, trace: Trace) -> Environment | None:
        from afield.runs.capture.environment import Python, ask_python, python_of  # loaded ahead

        request = self._request
        python: Python | None = None
        if trace.interpreters:
            first = trace.interpreters[0]
            python = Python(
                first.executable,
                first.version,
                first.implementation,
                first.prefix,
                first.base_prefix,
                first.path,
            )
        else:
            executable = python_of(self._program, request.environ, request.folder)
            if executable is not None:
                python = ask_python(executable, request.environ, request.folder)
        if python is None:
            return None
        found = self._ahead.environment(python, trace.installed())
        for text in self._ahead.faults:
            self.faults.add(text)
        return found

    def _redactions(self) -> tuple[tuple[str, ...], tuple[Redaction, ...]]:
        request = self._request
        argv, found = redact_argv(request.argv_shown or request.argv, known=self.known)
        _, in_params = redact_mapping(request.params, "params", known=self.known)
        in_env = [
            Redaction(where="env", rule="name", name=name)
            for name in sorted(request.environ)
            if is_secret_name(name)
        ]
        whole = (*found, *in_params, *in_env, *self._snapshot.redactions)
        return tuple(map(printable, argv)), unique(whole)

    def _capture(self, sighted: Sighted) -> Capture:
        for text in sighted.warnings:
            self.faults.add(text)
        found = outcome.describe_capture(sighted, self.faults.texts, self._record.workspace)
        return msgspec.structs.replace(found, beside=self.beside)

    def _cwd(self) -> str:
        folder = os.path.realpath(self._request.folder)
        if folder == self._root:
            return "."
        return self._sieve.shown(folder)


def _folders_of(notebook: NotebookCommand | None) -> tuple[str, ...]:
    """Return the folders that only the client of a notebook reads."""
    if notebook is None:
        return ()
    from afield.runs.capture.notebook import own_folders  # seldom, and not light

    return own_folders()


def _console_redactions(console: ConsoleWriter) -> list[Redaction]:
    return [
        Redaction(where="console", rule=rule, name="stdout" if stream == STDOUT else "stderr")
        for stream, rule in console.rules
    ]


def _peak_bytes(sampled: int, counted: int) -> int:
    """Choose between what was sampled and the kernel's count, which starts at our own peak."""
    if sampled and counted <= own_peak_bytes():
        return sampled
    return max(sampled, counted)
