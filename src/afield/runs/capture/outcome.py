"""What a captured run comes to: its manifest, and in words what stands in the way of it.

Everything here is computed from what others observed; no file, process or clock is looked at.
"""

from __future__ import annotations

import os
from collections.abc import Container, Mapping, Sequence
from itertools import islice
from typing import Any

from afield.runs.capture.datasets_read import UNTOLD, reads_untold
from afield.runs.capture.entropy import NOT_REPLAYED
from afield.runs.capture.files_seen import Sieve, printable
from afield.runs.capture.layers import Sighted
from afield.runs.capture.limits import BLOCKER_PATHS_MAX
from afield.runs.capture.trace import Trace
from afield.runs.manifest import (
    Capture,
    Code,
    Entropy,
    Environment,
    FileRecord,
    Manifest,
    NotKept,
)
from afield.runs.secrets import redact_argv

_COMMANDS_MAX = 200
READS_UNSEEN = (
    *("libhdf5", "libarrow", "libparquet", "polars", "libtorch", "torch_cpu", "safetensors"),
    *("libxgboost", "lib_lightgbm", "libcatboost", "libnetcdf", "libgdal", "libtensorflow"),
    *("libopencv", "cv2.", "libavformat", "libsndfile", "duckdb", "libtiledb", "rasterio"),
)
"""Libraries that open files by themselves, past Python's audit events."""

STDIN_FROM = "standard input came from"
NO_TEXT = "is no UTF-8 text, and its bytes are not kept"
"""How these blockers are worded, for those who look for them."""

_UNITS = ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB"))
_SCRIPTS = (".py", ".ipynb", ".sh", ".r", ".jl", ".rmd", ".qmd")


def size_in_words(size_bytes: int) -> str:
    """Return a size as people read it: `12 GB`, `1.4 MB`, `17 bytes`."""
    for unit, name in _UNITS:
        if size_bytes >= unit:
            value = size_bytes / unit
            return f"{value:.0f} {name}" if value >= 10 else f"{value:.1f} {name}"  # noqa: PLR2004
    return f"{size_bytes} bytes"


def status_of(exit_code: int | None) -> str:
    """Return how a run ended by the command's exit code, None after a signal."""
    if exit_code is None:
        return "killed"
    return "failed" if exit_code else "finished"


def facts_of(manifest: Manifest) -> dict[str, Any]:
    """Return what lists and queries need of a manifest."""
    git, environment, used = manifest.git, manifest.environment, manifest.resources
    return {
        "branch": git.branch if git else None,
        "commit": git.commit if git else None,
        "dirty": git.dirty if git else None,
        "python": environment.python if environment else None,
        "exit_code": manifest.exit_code,
        "cpu_s": used.cpu_s if used else None,
        "memory_peak_bytes": used.memory_peak_bytes if used else None,
        "inputs_complete": manifest.capture.inputs_complete,
        "blockers": len(manifest.blockers),
        "script": script_of(manifest),
    }


def script_of(manifest: Manifest) -> str:
    """Return what the command runs: a script, relative to the project; `-m MODULE`; a program."""
    argv = manifest.argv
    if manifest.notebook is not None:
        return manifest.notebook.path
    for at, word in enumerate(argv[1:], 1):
        if word == "-m" and at + 1 < len(argv):
            return f"-m {argv[at + 1]}"
        if word.lower().endswith(_SCRIPTS) and not word.startswith("-"):
            path = os.path.normpath(os.path.join(manifest.root, manifest.cwd, word))
            inside = path.startswith(manifest.root.rstrip(os.sep) + os.sep)
            return os.path.relpath(path, manifest.root).replace(os.sep, "/") if inside else path
    return os.path.basename(argv[0]) if argv else ""


def describe_entropy(
    trace: Trace, sieve: Sieve, run_seed: str | None, hash_seed: str | None
) -> Entropy:
    """Say how randomness was fed and which lines took it without a seed."""
    return Entropy(
        mode="off" if run_seed is None else "replay",
        run_seed=run_seed,
        hash_seed=hash_seed,
        calls=tuple((source, sieve.shown(where), n) for source, where, n in trace.calls()),
    )


def describe_commands(trace: Trace, known: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return the programs that the run started, without secrets."""
    argvs = dict.fromkeys(command.argv for command in trace.commands)
    if not argvs:
        return ()
    import shlex  # it compiles a pattern, and most runs start nothing

    lines = (printable(shlex.join(redact_argv(argv, known=known)[0])) for argv in argvs)
    return tuple(dict.fromkeys(islice(lines, _COMMANDS_MAX)))


def read_unseen(
    trace: Trace, covers: Container[str] = (), unseen: Sequence[str] = ()
) -> tuple[str, ...]:
    """Name what was there that can read files past Python, where nobody of ours sees it.

    `covers` are libraries of READS_UNSEEN whose reads a layer saw, `unseen` others of which a
    layer knows that it did not, or not all.
    """
    names = [os.path.basename(path) for path in trace.libraries]
    found = [
        word for word in READS_UNSEEN if word not in covers and any(word in name for name in names)
    ]
    found += [name for name in unseen if name not in found]
    programs = len({command.argv[0] for command in trace.commands if command.argv})
    if programs:
        found.append("1 program" if programs == 1 else f"{programs} programs")
    if not found:
        return ()
    return (f"not seen: what {', '.join(found)} read past Python",)


def _unseen(sighted: Sighted) -> tuple[str, ...]:
    return read_unseen(sighted.trace, sighted.covers, sighted.unseen)


def describe_capture(sighted: Sighted, faults: Sequence[str], workspace: str) -> Capture:
    """Say which layers were at work, how far their view goes, and what went wrong."""
    unseen = () if sighted.complete else _unseen(sighted)
    untold = reads_untold(sighted.trace, workspace)
    return Capture(
        layers=sighted.layers,
        inputs_complete=sighted.complete and not untold,
        warnings=(*faults, UNTOLD) if untold else tuple(faults),
        notes=unseen,
    )


def find_blockers(
    manifest: Manifest, sighted: Sighted, *, mode: str, stdin: str | None
) -> list[str]:
    """Say in words, one line each, what stands in the way of reproducing the run."""
    lines = [f"reads the network: {address}" for address in _few(manifest.network, "addresses")]
    outside = [record.path for record in manifest.inputs if os.path.isabs(record.path)]
    lines += _told(
        outside, "input {} is outside the project", "{} more inputs are outside the project"
    )
    written = [one.path for one in manifest.outputs if os.path.isabs(one.path)]
    lines += [f"writes outside the project: {path}" for path in _few(written, "files")]
    lines += [
        f"{one.label} was read from another workspace: {one.workspace}"
        for one in manifest.datasets
        if one.workspace is not None
    ]
    lines += _not_kept(manifest.code, manifest.inputs)
    lines += _folders(manifest.inputs)
    if stdin is not None:
        lines.append(f"{STDIN_FROM} {stdin}, which is not kept")
    lines += _environment(manifest.environment, outside)
    lines += _entropy(manifest.entropy)
    lines += _secrets(manifest, sighted)
    if mode == "off":
        lines.append("what it read was not watched: --trace=off")
    elif not (sighted.trace.active or sighted.complete):
        lines.append("what it read is not known: no Python was seen in the run")
    return lines


def _not_kept(code: Code | None, inputs: Sequence[FileRecord]) -> list[str]:
    if code is None:
        return ["the code was not kept"]
    digested = {record.path for record in inputs if record.digest is not None}
    not_kept = list({one.path: one for one in code.not_kept}.values())  # once seen, once read
    gone = [one for one in not_kept if one.path not in digested and not one.size_bytes]
    kept_by_digest = [one for one in not_kept if one not in gone]
    lines = [f"not kept: {path}" for path in _few([_named(one) for one in kept_by_digest], "files")]
    lines += [f"not kept: {path}" for path in _few([f"{o.path} ({o.why})" for o in gone], "files")]
    changed = [record.path for record in inputs if record.changed and not record.kept]
    lines += _told(
        changed, "input {} changed during the run", "{} more inputs changed during the run"
    )
    return lines


def unprintable(argv: Sequence[str]) -> list[str]:
    """Name the arguments that the record can only show, not hold."""
    return [f"argument {at} {NO_TEXT}" for at, one in enumerate(argv) if printable(one) != one]


def _folders(inputs: Sequence[FileRecord]) -> list[str]:
    found = [one for one in inputs if one.folder is not None and not one.kept]
    stated = [f"{one.path}: {one.note}" for one in found if one.folder and one.folder.by == "stat"]
    inside = [f"{one.path}, {one.note}" for one in found if not os.path.isabs(one.path)]
    lines = _told(stated, "input {}", "{} more input folders")
    return lines + [f"not kept: {words}" for words in _few(inside, "folders")]


def _named(one: NotKept) -> str:
    return f"{one.path}, {size_in_words(one.size_bytes)} ({one.why})"


def _environment(environment: Environment | None, outside: Sequence[str]) -> list[str]:
    if environment is None:
        return []
    lines = []
    homeless = []
    for one in environment.distributions:
        if one.origin == "editable":
            folder = f"{one.location}/"
            if any(path.startswith(folder) for path in outside):
                lines.append(f"editable {one.name} at {one.location} is outside the project")
        elif one.origin in {"local", "unknown"} and one.wheel is None:
            homeless.append(f"{one.name} {one.version}")
    lost = [patch for one in environment.distributions for patch in one.patched]
    paths = [one.path for one in lost if not one.kept and one.how != "removed"]
    lines += [f"patched by hand and not kept: {path}" for path in _few(paths, "installed files")]
    if homeless:
        names = ", ".join(homeless[:BLOCKER_PATHS_MAX])
        more = len(homeless) - BLOCKER_PATHS_MAX
        rest = f" and {more} more" if more > 0 else ""
        lines.append(f"installed by no Python index: {names}{rest}")
    return lines


def _entropy(entropy: Entropy) -> list[str]:
    found = [f"{source} at {where}" for source, where, _ in entropy.calls if NOT_REPLAYED in source]
    lines = [line.replace(f" {NOT_REPLAYED}", "") for line in _few(found, "lines")]
    return [f"takes what no seed brings back: {line}" for line in lines]


def _secrets(manifest: Manifest, sighted: Sighted) -> list[str]:
    """Name the secrets that a reproduction lacks; not in files that the run surely never opened."""
    trace, lines = sighted.trace, []
    read = {*trace.code, *(event.path for event in trace.opens)} if sighted.complete else None
    for one in manifest.redactions:
        if one.where == "argv":
            lines.append(f"argument {one.name} is a secret that must be handed over again")
        elif one.where == "code":
            if read is not None and os.path.join(manifest.root, one.name) not in read:
                continue
            lines.append(f"{one.name} holds a secret that is not kept ({one.rule})")
    return list(dict.fromkeys(lines))


def _told(values: Sequence[str], one: str, rest: str) -> list[str]:
    """Return a line on each of the first values, and one on how many more there are."""
    lines = [one.format(value) for value in values[:BLOCKER_PATHS_MAX]]
    more = len(values) - BLOCKER_PATHS_MAX
    return lines if more <= 0 else [*lines, rest.format(more)]


def _few(values: Sequence[str], what: str) -> list[str]:
    """Return the first values, and how many more there are."""
    more = len(values) - BLOCKER_PATHS_MAX
    if more <= 0:
        return list(values)
    return [*values[:BLOCKER_PATHS_MAX], f"and {more} more {what}"]
