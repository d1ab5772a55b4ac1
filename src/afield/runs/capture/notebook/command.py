"""A notebook as the command of a run: what is started for it, and what it leaves in the record.

The cells are executed from a copy of the bytes that were read first, so that what is recorded
is what ran, and the person's own file is never written.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import re
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Mapping, Sequence

import msgspec

from afield.kernel.errors import Usage
from afield.runs.capture.draws import lines_of_texts
from afield.runs.capture.errors import CommandNotExecutable, CommandNotFound
from afield.runs.capture.notebook.kernel import Kernel, find_kernel
from afield.runs.capture.request import Request
from afield.runs.capture.source import Snapshot
from afield.runs.capture.trace import DEFAULT
from afield.runs.cells import (
    Document,
    as_text,
    clean_notebook,
    read_document,
)
from afield.runs.manifest import EXECUTED, FileRecord, Manifest, Notebook
from afield.runs.names import NOTEBOOK, is_notebook
from afield.runs.secrets import redact
from afield.vault import Vault

SEEN_BY = "notebook"
_FOLDER = _NAME = "notebook"
_EXECUTED = "executed.ipynb"
_CLIENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "client.py")
_CELL_FILE = re.compile(r"^.*[\\/]ipykernel_\d+[\\/](\d+)\.py:(\d+)$")
_SEED = 0xC70F6907
_KERNELS_OWN = (" by ipykernel", " by jupyter_client", " by IPython", " by comm", " by zmq")
"""Who draws ids and keys for the kernel's own ends, before any cell is executed."""

_PROFILE = "/profile_default/startup/README"
"""What IPython itself writes where it starts for the first time."""


class NotebookCommand:
    """A notebook that is to be executed.

    Attributes:
        path: the file, absolute.
        document: its cells, as they were read before anything else was done.
        kernel: what executes them.
    """

    def __init__(self, path: str, data: bytes, document: Document, kernel: Kernel) -> None:
        self.path = path
        self.document = document
        self.kernel = kernel
        self._data = data
        self._folder: str | None = None
        self._own_folder = False

    @property
    def program(self) -> str:
        """The program that executes the code: the kernel's."""
        return self.kernel.python or self.kernel.argv[0]

    def prepare(self, live: str | None) -> tuple[str, ...]:
        """Write down for the client what it is to do; return the client's command line.

        Where `live` cannot be written, because the disk is full say, a temporary folder serves.

        Raises:
            CommandNotExecutable: neither can be written.
        """
        try:
            if live is not None:
                with contextlib.suppress(OSError):
                    return self._tell(os.path.join(live, _FOLDER))
            self._own_folder = True
            return self._tell(tempfile.mkdtemp(prefix="afield-"))
        except OSError as error:
            why = f"no folder for its kernel: {error.strerror}"
            raise CommandNotExecutable("cannot run", self.path, why) from error

    def _tell(self, folder: str) -> tuple[str, ...]:
        self._folder = folder
        kernels = os.path.join(folder, "kernels")
        os.makedirs(os.path.join(kernels, _NAME))
        with open(os.path.join(folder, "notebook.ipynb"), "wb") as stream:
            stream.write(self._data)
        spec = {
            "argv": list(self.kernel.argv),
            "display_name": self.kernel.name,
            "language": self.document.language,
            "env": dict(self.kernel.environ),
        }
        _dump(os.path.join(kernels, _NAME, "kernel.json"), spec)
        told = {
            "notebook": os.path.join(folder, "notebook.ipynb"),
            "executed": os.path.join(folder, _EXECUTED),
            "folder": os.path.dirname(self.path),
            "kernels": kernels,
            "name": _NAME,
            "connection": os.path.join(folder, "kernel.json"),
        }
        _dump(os.path.join(folder, "told.json"), told)
        # -E -P: variables and folders that are meant for the kernel are not for this Python
        return (sys.executable, "-E", "-P", _CLIENT, os.path.join(folder, "told.json"))

    def about(self, root: str, vault: Vault, known: Mapping[str, bytes]) -> Notebook:
        """Return what is known of the notebook before it is executed; puts its cells as text.

        Raises:
            OSError: the vault cannot be written.
        """
        inside = os.path.relpath(self.path, root).replace(os.sep, "/")
        text = redact(as_text(self.document), known=known)[0]
        return Notebook(
            path=self.path if inside.startswith("../") else inside,
            kernel=self.kernel.name,
            language=self.document.language,
            cells=len(self.document.code),
            text=vault.put(text.encode()),
        )

    def describe(
        self, manifest: Manifest, vault: Vault, known: Mapping[str, bytes], snapshot: Snapshot
    ) -> Manifest:
        """Return the manifest with the executed notebook, and lines of its cells.

        Args:
            manifest: of the run; its `notebook` is what `about` told.
            vault: takes the executed notebook.
            known: values to be replaced wherever they stand.
            snapshot: the code; a notebook that is no part of it becomes an input.

        Raises:
            OSError: the client has left nothing, or the vault cannot be written.
        """
        assert manifest.notebook is not None, "it was told before"
        shown = manifest.notebook.path
        inputs = manifest.inputs
        if shown not in snapshot.entries and all(one.path != shown for one in inputs):
            inputs = (*inputs, _kept(shown, self._data, vault))
        outputs = tuple(one for one in manifest.outputs if not one.path.endswith(_PROFILE))
        calls = tuple(call for call in manifest.entropy.calls if not call[0].endswith(_KERNELS_OWN))
        entropy = msgspec.structs.replace(manifest.entropy, calls=calls)
        manifest = msgspec.structs.replace(
            manifest, inputs=inputs, outputs=outputs, entropy=entropy
        )
        manifest = self._by_cells(manifest, shown)
        manifest = self._with_draws(manifest, shown)
        return _with_executed(manifest, self._folder or "", vault, known)

    def finish(self, copy_to: str | None) -> None:
        """Leave the executed notebook where a person wants it, and no folder of ours.

        Raises:
            OSError: it cannot be written there.
        """
        if self._folder is None:
            return
        try:
            if copy_to is not None:
                shutil.copyfile(os.path.join(self._folder, _EXECUTED), copy_to)
        finally:
            if self._own_folder:
                shutil.rmtree(self._folder, ignore_errors=True)

    def _with_draws(self, manifest: Manifest, shown: str) -> Manifest:
        """Return the manifest with the cells that drew from default generators."""
        texts = {f"{shown}[{n}]": _plain(one.source) for n, one in enumerate(self.document.code, 1)}
        calls: dict[tuple[str, str], int] = {}
        for source, where, times in manifest.entropy.calls:
            module, default, _ = source.partition(f" {DEFAULT}")
            lines = lines_of_texts(texts, module) if default and source.endswith(DEFAULT) else []
            calls.update(dict.fromkeys(((source, line) for line in lines), 0))
            if where or not lines:
                calls[source, where] = times
        told = tuple((source, where, times) for (source, where), times in calls.items())
        return msgspec.structs.replace(
            manifest, entropy=msgspec.structs.replace(manifest.entropy, calls=told)
        )

    def _by_cells(self, manifest: Manifest, shown: str) -> Manifest:
        """Return the manifest with lines of cells instead of those of the kernel's own files."""
        places = [one.where for one in (*manifest.inputs, *manifest.outputs)]
        places += [where for _, where, _ in manifest.entropy.calls]
        if not any(where and _CELL_FILE.match(where) for where in places):
            return manifest
        cells = {file_number(cell.source): n for n, cell in enumerate(self.document.code, 1)}

        def place(where: str | None) -> str | None:
            found = _CELL_FILE.match(where or "")
            number = cells.get(int(found[1])) if found else None
            return f"{shown}[{number}]:{found[2]}" if found and number else where

        def moved(files: Sequence[FileRecord]) -> tuple[FileRecord, ...]:
            return tuple(msgspec.structs.replace(one, where=place(one.where)) for one in files)

        calls = tuple((name, place(at) or "", n) for name, at, n in manifest.entropy.calls)
        return msgspec.structs.replace(
            manifest,
            inputs=moved(manifest.inputs),
            outputs=moved(manifest.outputs),
            entropy=msgspec.structs.replace(manifest.entropy, calls=calls),
        )


def _plain(source: str) -> str:
    """Return a cell without its magics, line by line; other languages come out as no Python."""
    return "\n".join(
        "" if line.lstrip().startswith(("%", "!", "?")) else line for line in source.split("\n")
    )


def notebook_command(request: Request) -> NotebookCommand | None:
    """Return the notebook that a request's command is; None when it is a program.

    Raises:
        CommandNotFound: there is no such file.
        CommandNotExecutable: it is no notebook, or what executes it is missing.
        Usage: more stands behind it.
    """
    shown = request.argv[0] if request.argv else ""
    if not is_notebook(shown):
        return None
    path = os.path.realpath(os.path.join(request.folder, shown))
    try:
        with open(path, "rb") as stream:
            data = stream.read()
    except FileNotFoundError:
        raise CommandNotFound("cannot run", shown, "no such file") from None
    except OSError as error:
        raise CommandNotExecutable("cannot run", shown, (error.strerror or "").lower()) from error
    if len(request.argv) > 1:
        raise Usage("a notebook takes no arguments", request.argv[1], hint=f"afield run {shown}")
    document = read_document(data)
    if document is None:
        raise CommandNotExecutable("cannot run", shown, "it is no notebook of format 4")
    _require_client(shown)
    kernel = find_kernel(
        document, shown, folder=request.folder, environ=request.environ, python=request.python
    )
    return NotebookCommand(path, data, document, kernel)


def _with_executed(
    manifest: Manifest, folder: str, vault: Vault, known: Mapping[str, bytes]
) -> Manifest:
    """Return the manifest with the executed notebook that the client has left in a folder.

    Raises:
        OSError: there is none, or the vault cannot be written.
    """
    about = manifest.notebook
    assert about is not None, "the command is a notebook"
    with open(os.path.join(folder, _EXECUTED), "rb") as stream:
        raw = stream.read()
    executed = f"{about.path.removesuffix(NOTEBOOK)}.executed{NOTEBOOK}"
    data = clean_notebook(raw, lambda one: redact(one, known=known)[0])
    made = _kept(executed, data, vault, note=EXECUTED)
    outputs = (*(one for one in manifest.outputs if one.path != executed), made)
    return msgspec.structs.replace(
        manifest,
        notebook=msgspec.structs.replace(about, executed=executed, failed_cell=_failed_cell(raw)),
        outputs=tuple(sorted(outputs, key=lambda one: one.path)),
    )


def own_folders() -> tuple[str, ...]:
    """Return the folders that the client's own Python reads: they hold nothing of a run's."""
    own = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(_CLIENT))))
    paths = sysconfig.get_paths()
    return tuple(dict.fromkeys((own, paths["stdlib"], paths["purelib"], paths["platlib"])))


def _require_client(shown: str) -> None:
    for name in ("nbclient", "nbformat"):
        if importlib.util.find_spec(name) is None:
            raise CommandNotExecutable(
                "cannot run",
                shown,
                f"`{name}`, which drives notebooks, is not installed beside Afield",
                hint=f"{sys.executable} -m pip install 'afield[notebook]'",
            )


def _kept(path: str, data: bytes, vault: Vault, note: str | None = None) -> FileRecord:
    return FileRecord(
        path=path,
        digest=vault.put(data),
        size_bytes=len(data),
        seen_by=SEEN_BY,
        kept=True,
        note=note,
    )


def _dump(path: str, value: object) -> None:
    with open(path, "w", encoding="utf-8") as stream:
        json.dump(value, stream)


def _failed_cell(data: bytes) -> int | None:
    """Return which code cell, from 1, was the last one executed and ended in an error."""
    document = read_document(data)
    cells = document.code if document is not None else ()
    failed = None
    for number, cell in enumerate(cells, 1):
        if cell.count is not None or cell.outputs:
            errors = any(one.get("output_type") == "error" for one in cell.outputs)
            failed = number if errors else None
    return failed


def file_number(source: str) -> int:
    """Return the number by which ipykernel names the file of a cell: MurmurHash2, 32 bits."""
    data = source.encode()
    factor, mask = 0x5BD1E995, 0xFFFFFFFF
    found = _SEED ^ len(data)
    whole = len(data) & ~3
    for at in range(0, whole, 4):
        part = int.from_bytes(data[at : at + 4], "little") * factor & mask
        part = (part ^ part >> 24) * factor & mask
        found = found * factor & mask ^ part
    if len(data) > whole:
        found = (found ^ int.from_bytes(data[whole:], "little")) * factor & mask
    found = (found ^ found >> 13) * factor & mask
    return found ^ found >> 15
