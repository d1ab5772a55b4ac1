"""Cells that a person executes by hand, in Jupyter or IPython, as the code of a run.

They are written down in the run's live folder as they are executed, and become a notebook in
the code tree when the run ends, whoever ends it. What they read and print is not watched.
Nothing is known of IPython here; that is `workspace.ipython`.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, replace

import msgspec

from afield.journal import Draft
from afield.kernel.digest import digest
from afield.kernel.ids import ObjectId, RunId
from afield.runs import events
from afield.runs import manifest as manifests
from afield.runs.capture.distributions import DistributionCache
from afield.runs.capture.environment import Python, read_environment
from afield.runs.capture.files_seen import printable
from afield.runs.capture.host import pick_threads, pick_variables, read_host, read_locale
from afield.runs.capture.limits import KEEP_BYTES_MAX
from afield.runs.capture.outcome import facts_of
from afield.runs.capture.source import find_root, take_snapshot
from afield.runs.cells import Executed, as_text, read_document, session_notebook
from afield.runs.manifest import (
    Capture,
    Code,
    DatasetRead,
    Environment,
    Manifest,
    Notebook,
    Redaction,
)
from afield.runs.record import Record
from afield.runs.secrets import is_secret_name, redact_mapping, scan, unique
from afield.vault import StatCache, TreeEntry

CELLS = "cells.jsonl"
_ABOUT = "session.json"
_NAME = "session"
_OWN_MAGIC = re.compile(r"%(load_ext|reload_ext|unload_ext)[ ]+afield|%afield\b.*")
_NAMED_MAX = 3
_BLOCKER = "cells were executed by hand: what they read, wrote and printed was not watched"


class CellSession:
    """The cells of one run, from its first to its last."""

    def __init__(
        self,
        record: Record,
        run: RunId,
        *,
        folder: str,
        environ: Mapping[str, str],
        python: Callable[[], Python],
    ) -> None:
        self._record = record
        self._live = record.live_folder(run)
        self._run = run
        self._folder = folder
        self._environ = environ
        self._python = python

    def begin(self, earlier: Iterable[Executed]) -> None:
        """Keep the code as it is now, and the cells that were executed before the run.

        Raises:
            OSError: the workspace cannot be written.
        """
        manifest = self._known()
        with open(os.path.join(self._live, _ABOUT), "wb") as stream:
            stream.write(manifests.encode(manifest))
        self._record.vault.flush()
        for cell in earlier:
            self.add(cell)

    def add(self, cell: Executed) -> None:
        """Write down a cell that is about to be executed, without its secrets.

        Raises:
            OSError: the live folder cannot be written.
        """
        clean = scan(cell.source.encode(), known=self._record.secrets(), code=True)
        plain = {**asdict(cell), "source": clean.data.decode("utf-8", "replace")}
        plain["secrets"] = clean.rules
        self._write(plain)

    def fail(self, error: str) -> None:
        """Write down that the last cell ended in an error of this name.

        Raises:
            OSError: the live folder cannot be written.
        """
        self._write({"failed": error})

    def _write(self, plain: Mapping[str, object]) -> None:
        with open(os.path.join(self._live, CELLS), "a", encoding="utf-8") as stream:
            stream.write(json.dumps(plain) + "\n")

    def describe(self, datasets: tuple[DatasetRead, ...] = ()) -> Draft | None:
        """Return the entry that names the manifest of the run, which is about to end.

        Args:
            datasets: versions of data that the cells took out of the record.
        """
        return describe_cells(self._record, self._run, self._live, self._environment(), datasets)

    def _known(self) -> Manifest:
        record, environ, known = self._record, self._environ, self._record.secrets()
        root, by_git, warnings = find_root(self._folder, environ)
        caches = os.path.join(record.workspace, "cache")
        os.makedirs(caches, exist_ok=True)
        name = digest(os.fsencode(root))[:16]
        cache = StatCache(os.path.join(caches, f"stat-{name}.bin"), record.clock)
        snapshot = take_snapshot(
            record.vault,
            cache,
            root=root,
            by_git=by_git,
            argv=(),
            folder=self._folder,
            environ=environ,
            workspace=record.workspace,
            known=known,
            keep_bytes_max=KEEP_BYTES_MAX,
        )
        cache.save()
        secret = [
            Redaction(where="env", rule="name", name=one)
            for one in sorted(environ)
            if is_secret_name(one)
        ]
        cwd = os.path.relpath(os.path.realpath(self._folder), root).replace(os.sep, "/")
        return Manifest(
            argv=(),
            cwd=printable(cwd),
            root=printable(root),
            exit_code=0,
            git=snapshot.git,
            code=snapshot.store(record.vault),
            environment=self._environment(),
            variables=redact_mapping(pick_variables(environ), "env", known=known)[0],
            threads=pick_threads(environ),
            locale=read_locale(environ, record.clock),
            host=read_host(),
            redactions=unique((*snapshot.redactions, *secret)),
            capture=Capture(layers=(), warnings=(*warnings, *snapshot.warnings)),
            blockers=(_BLOCKER,),
        )

    def _environment(self) -> Environment:
        cache = DistributionCache(os.path.join(self._record.workspace, "cache/distributions.json"))
        found = read_environment(self._python(), cache=cache, vault=self._record.vault)
        cache.save()
        return found


def describe_cells(
    record: Record,
    run: RunId,
    live: str,
    environment: Environment | None = None,
    datasets: tuple[DatasetRead, ...] = (),
) -> Draft | None:
    """Return the entry for a run whose cells stand in `live`; None when none was executed.

    Args:
        record: the workspace.
        run: the run.
        live: its live folder.
        environment: as it is now; without one it is told as it was at the beginning.
        datasets: versions of data that the cells took out of the record.

    Raises:
        OSError: the vault cannot be written.
    """
    try:
        with open(os.path.join(live, _ABOUT), "rb") as stream:
            manifest = manifests.decode(stream.read())
        with open(os.path.join(live, CELLS), encoding="utf-8") as lines:
            cells, secrets = _read(lines)
    except (OSError, ValueError, TypeError, LookupError, msgspec.MsgspecError):
        return None
    manifest = msgspec.structs.replace(_with_cells(record, manifest, cells), datasets=datasets)
    if earlier := _earlier(cells):
        manifest = msgspec.structs.replace(manifest, blockers=(*manifest.blockers, earlier))
    if secrets:
        manifest = _with_secrets(manifest, secrets)
    if environment is not None:
        manifest = msgspec.structs.replace(manifest, environment=environment)
    found = record.vault.put(manifests.encode(manifest), meta=True)
    return events.captured(run, facts_of(manifest), found)


def _earlier(cells: Iterable[Executed]) -> str | None:
    """Name the cells that only what they left behind is known of, magics of ours aside."""
    found = [
        f"In [{cell.count}]"
        for cell in cells
        if cell.before and not _OWN_MAGIC.fullmatch(cell.source.strip())
    ]
    if not found:
        return None
    more = f" and {len(found) - _NAMED_MAX} more" if len(found) > _NAMED_MAX else ""
    told = "a repetition executes them, too, and records what they log"
    return f"{manifests.EARLIER}: {', '.join(found[:_NAMED_MAX])}{more}; {told}"


def _read(lines: Iterable[str]) -> tuple[list[Executed], list[str]]:
    """Return the cells that were written down, and which rules replaced secrets in them."""
    cells: list[Executed] = []
    secrets: list[str] = []
    for line in lines:
        if not line.endswith("\n"):
            break  # it was being written when the process died
        plain = json.loads(line)
        if "failed" in plain:
            cells[-1] = replace(cells[-1], error=plain["failed"])
        else:
            secrets += plain.pop("secrets")
            cells.append(Executed(**plain))
    return cells, secrets


def _with_secrets(manifest: Manifest, rules: Iterable[str]) -> Manifest:
    """Return the manifest that says which secrets the cells have lost."""
    assert manifest.notebook is not None, "it has cells"
    path = manifest.notebook.path
    lost = [Redaction(where="code", rule=rule, name=path) for rule in dict.fromkeys(rules)]
    told = [f"{path} holds a secret that is not kept ({one.rule})" for one in lost]
    return msgspec.structs.replace(
        manifest,
        redactions=unique((*manifest.redactions, *lost)),
        blockers=(*manifest.blockers, *told),
    )


def _with_cells(record: Record, manifest: Manifest, cells: list[Executed]) -> Manifest:
    """Return the manifest of a run whose command is a notebook of its cells."""
    vault = record.vault
    code = manifest.code or Code(tree=vault.put_tree(()), files=0, size_bytes=0)
    entries = {entry.path: entry for entry in vault.get_tree(ObjectId(code.tree))}
    folder = "" if manifest.cwd == "." else f"{manifest.cwd}/"
    name = next(
        name
        for name in (f"{_NAME}{n or ''}.ipynb" for n in range(len(entries) + 1))
        if folder + name not in entries
    )
    data = session_notebook(cells)
    path = folder + name
    entries[path] = TreeEntry(path, 0o644, len(data), vault.put(data))
    document = read_document(data)
    assert document is not None, "it was made just now"
    failed = [number for number, cell in enumerate(cells, 1) if cell.error is not None]
    return msgspec.structs.replace(
        manifest,
        argv=(name,),
        code=msgspec.structs.replace(
            code,
            tree=vault.put_tree(entries.values()),
            files=code.files + 1,
            size_bytes=code.size_bytes + len(data),
        ),
        notebook=Notebook(
            path=path,
            kernel="python3",
            language="python",
            cells=len(cells),
            by_hand=True,
            text=vault.put(as_text(document).encode()),
            failed_cell=failed[-1] if failed and failed[-1] == len(cells) else None,
        ),
    )
