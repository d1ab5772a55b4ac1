"""The run manifest: one immutable object that says what a captured run was made of.

Written once by `runs.capture` when a run ends, read by `replay`, `show` and `compare`. It is
stored in the vault as JSON (`encode`/`decode`); unknown fields of later versions are ignored,
absent ones take their defaults, so old and new readers share it. Paths inside the project are
relative POSIX paths; all others are absolute. Every text in it has been through the secret
scan.
"""

from __future__ import annotations

import msgspec

MANIFEST_VERSION = 1

LINK = "symbolic link"
"""The note of an output that is a link: its digest is that of the target's text."""

EXECUTED = "executed notebook"
"""The note of an output that is the notebook which the command was, with what its cells put out."""

IMPORTED = "imported from "
"""How a blocker begins of a run that another tool recorded: nothing of it can be run again."""

EARLIER = "cells that were executed before the run began are not part of it"
"""How a blocker begins of cells executed by hand, whose code is repeated with the run's."""

EXECUTABLE = ("executable", "made executable", "no longer executable")
"""Notes of outputs: of a file that was not in the code tree, and of one that was and changed."""


class Struct(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of the parts of a manifest."""


class Git(Struct, frozen=True, kw_only=True):
    """Where the code stood in git; `dirty` is true when the tree differed from `commit`."""

    root: str
    commit: str | None = None
    branch: str | None = None
    remote: str | None = None
    dirty: bool = False


class NotKept(Struct, frozen=True, kw_only=True):
    """A file whose bytes are not in the record, and why (`too large`, `vanished`, ...)."""

    path: str
    size_bytes: int
    why: str


class Code(Struct, frozen=True, kw_only=True):
    """The exact tree of code: tracked, changed and untracked files, as a vault tree."""

    tree: str
    files: int
    size_bytes: int
    not_kept: tuple[NotKept, ...] = ()


class Patch(Struct, frozen=True, kw_only=True):
    """An installed file that is not as its distribution's RECORD says: somebody patched it.

    `path` is relative to the folder of installation, `how` is `changed`, `added` (in no RECORD,
    and the run read it) or `removed`. `digest` is the BLAKE3-256 of its bytes, also its object id
    when `kept`; None when it is gone or could not be read.
    """

    path: str
    how: str
    digest: str | None = None
    size_bytes: int = 0
    kept: bool = False


class Distribution(Struct, frozen=True, kw_only=True):
    """An installed distribution. `identity` is the BLAKE3 of its sorted RECORD rows.

    RECORD rows without *.pyc, INSTALLER, REQUESTED, RECORD, direct_url.json and `../` paths;
    None when the distribution has no RECORD. `origin` is `index`, `editable`, `local`, `vcs` or
    `unknown`; `location` is the source folder of an editable one; `wheel` a vault object with
    the repacked wheel when no index is known to have it. `checked`: the run used it, and its files
    were compared with RECORD; `patched` are those that are others.
    """

    name: str
    version: str
    identity: str | None = None
    origin: str = "index"
    location: str | None = None
    wheel: str | None = None
    checked: bool = False
    patched: tuple[Patch, ...] = ()


class CondaPackage(Struct, frozen=True, kw_only=True):
    """A package that conda installed and that is no Python distribution: `libblas`, `gcc`."""

    name: str
    version: str
    build: str


class Environment(Struct, frozen=True, kw_only=True):
    """The Python environment of the command. `identity` digests everything that matters.

    `conda` are the packages of a conda environment that are no Python distributions.
    """

    python: str
    implementation: str
    executable: str
    prefix: str
    base_prefix: str
    platform: str
    identity: str
    distributions: tuple[Distribution, ...] = ()
    conda: tuple[CondaPackage, ...] = ()


class FolderLook(Struct, frozen=True, kw_only=True):
    """How a folder that stands for its files was looked at.

    `files` that the run did not write itself, all by name, and `looked` of them, evenly spread,
    by their bytes (`content`) or by size and mtime (`stat`); `code`: all are in the code tree.
    """

    files: int
    looked: int
    by: str


class FileRecord(Struct, frozen=True, kw_only=True):
    """A file that the run read or wrote.

    `digest` is the BLAKE3-256 of its bytes (also its object id when `kept`); `seen_by` names
    the layers of `runs.capture.layers` that saw it, set apart by `+`; `where` is the line
    of code of the first open, `file.py:12`. `changed` tells that the bytes changed during
    the run; `note` is words, set apart by `; `. A path that ends with `/` is a folder, recorded as
    one because the run read very many files of it: `folder` says how, `digest` and `size_bytes` are
    over what was looked at.
    """

    path: str
    digest: str | None
    size_bytes: int
    seen_by: str
    kept: bool = False
    where: str | None = None
    changed: bool = False
    note: str | None = None
    folder: FolderLook | None = None


class DatasetFile(Struct, frozen=True, kw_only=True):
    """A file of a version that a run read: its path there, digest and size."""

    path: str
    digest: str
    size_bytes: int


class DatasetRead(Struct, frozen=True, kw_only=True):
    """A version of a dataset that the run took out of the record: `afield.dataset`, `afield://`.

    `number` is the one that it had then, `tree` the digest that names it for good, `added_ms` when
    it was added, in Unix milliseconds. `asked` are the words that meant it (`customers@latest`).
    With `whole` it was handed out as a folder, or very many files were opened; else `files` are
    those that were, and none of them means that it was only looked up. `where` is the first line
    that did. `workspace` is that which the program named, None for the one that holds the run.
    """

    name: str
    number: int
    tree: str
    added_ms: int
    asked: tuple[str, ...] = ()
    whole: bool = False
    files: tuple[DatasetFile, ...] = ()
    where: str | None = None
    workspace: str | None = None

    @property
    def label(self) -> str:
        """The words that named it then: `customers@3`."""
        return f"{self.name}@{self.number}"


class Entropy(Struct, frozen=True, kw_only=True):
    """How randomness was fed. `mode` is `replay` or `off`; seeds are hex.

    `calls` lists the places that took unseeded entropy, as (source, `file.py:12`, times).
    """

    mode: str
    run_seed: str | None = None
    hash_seed: str | None = None
    calls: tuple[tuple[str, str, int], ...] = ()


class Host(Struct, frozen=True, kw_only=True):
    """The machine: what can change a result, and no more."""

    system: str
    release: str
    machine: str
    cpu: str
    cores: int
    memory_bytes: int
    gpus: tuple[str, ...] = ()
    libc: str | None = None


class Resources(Struct, frozen=True, kw_only=True):
    """What the run used: seconds and bytes over the run's whole process tree."""

    wall_s: float
    cpu_s: float
    memory_peak_bytes: int
    gpu_memory_peak_bytes: int | None = None


class Redaction(Struct, frozen=True, kw_only=True):
    """A secret that was replaced. `where` is `argv`, `env`, `code`, `params` or `console`."""

    where: str
    rule: str
    name: str


class Notebook(Struct, frozen=True, kw_only=True):
    """The notebook that the command was.

    `kernel` is what executed it, by its specification's name; `cells` counts those of code.
    `text` is an object: the cells as a script in the percent format. `executed` is the path of
    the output that holds the executed notebook. `failed_cell` counts code cells from 1. With
    `by_hand` a person executed the cells, one by one, and nothing was executed for the record.
    """

    path: str
    kernel: str
    language: str
    cells: int
    text: str
    executed: str | None = None
    failed_cell: int | None = None
    by_hand: bool = False


class Capture(Struct, frozen=True, kw_only=True):
    """Which layers were active, and every fault of ours along the way.

    `layers` are names of `runs.capture.layers`; `inputs_complete` only where one of them saw
    what reads past Python, too. `notes` names what was there that can. `beside` names what
    went along with the command: `mlflow`, an endpoint for MLflow's client, and `tensorboard`, the
    reading of the event files that it wrote.
    """

    layers: tuple[str, ...]
    inputs_complete: bool = False
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()


class Manifest(Struct, frozen=True, kw_only=True):
    """All that a run was made of.

    `argv` and `cwd` (relative to the project's root, POSIX; absolute when outside it) are what
    was asked for; `root` is the project's absolute folder at recording. `exit_code` is None
    when a signal ended the run. `params` and `tags` are those given with the command, not what the
    script itself logged. `datasets` are versions that it read out of the record itself, which
    are no files of `inputs`. `console` is the framed console object (see
    `runs.capture.console`). `folders_made` are those of outputs that the run made itself, the
    uppermost of each branch. `blockers` says in words, one line each, what stands in the way of
    reproducing the run; empty means that nothing known does. `kernels` is what the libraries of
    numbers chose for the CPU: `openblas` the core, `numpy` its features, `torch` its level.
    """

    v: int = MANIFEST_VERSION
    argv: tuple[str, ...]
    cwd: str
    root: str
    exit_code: int | None
    signal: str | None = None
    git: Git | None = None
    code: Code | None = None
    environment: Environment | None = None
    inputs: tuple[FileRecord, ...] = ()
    datasets: tuple[DatasetRead, ...] = ()
    outputs: tuple[FileRecord, ...] = ()
    folders_made: tuple[str, ...] = ()
    params: dict[str, str] = {}
    tags: dict[str, str] = {}
    variables: dict[str, str] = {}
    entropy: Entropy = Entropy(mode="off")
    host: Host | None = None
    libraries: tuple[str, ...] = ()
    kernels: dict[str, str] = {}
    threads: dict[str, str] = {}
    locale: dict[str, str] = {}
    network: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    console: str | None = None
    console_bytes: int = 0
    resources: Resources | None = None
    redactions: tuple[Redaction, ...] = ()
    notebook: Notebook | None = None
    capture: Capture
    blockers: tuple[str, ...] = ()


def encode(manifest: Manifest) -> bytes:
    """Return the manifest as JSON with sorted keys."""
    return msgspec.json.encode(manifest, order="sorted")


def decode(data: bytes) -> Manifest:
    """Parse a manifest.

    Raises:
        msgspec.ValidationError: the bytes are no manifest.
    """
    return msgspec.json.decode(data, type=Manifest)
