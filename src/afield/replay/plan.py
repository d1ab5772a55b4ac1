"""What must be restored to run a recorded run again, and what stands in the way, in words.

Reads the manifest, the vault and the files that the run read outside its project; changes
nothing. A gap that is only a note does not keep a verdict from being good.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from afield.kernel.digest import digest_file
from afield.kernel.ids import ObjectId
from afield.replay.causes import SOURCE_SUFFIXES
from afield.replay.data import data_gaps
from afield.replay.gaps import Gap
from afield.replay.masks import in_temporary_folder, is_cache
from afield.replay.secret_files import left_out
from afield.runs.capture.folders_seen import digest_of, list_files, sum_up
from afield.runs.capture.host import usable_cores
from afield.runs.capture.layers import see_reads
from afield.runs.capture.layers.audit import NOT_WATCHED
from afield.runs.capture.outcome import STDIN_FROM
from afield.runs.manifest import EARLIER, FileRecord, Manifest
from afield.runs.secrets import HOLDS_SECRETS
from afield.vault import TreeEntry, Vault

REDACTED = "redacted:"
NAMED_MAX = 3


@dataclass(frozen=True, slots=True)
class Plan:
    """All that `prepare` and `execute` need to know.

    Args:
        manifest: the recorded run.
        tree: its code.
        inside: inputs of the project that are not in the tree, to be put beside it.
        outside: inputs that must be found where they were.
        gaps: what stands in the way, known before anything is done.
    """

    manifest: Manifest
    tree: tuple[TreeEntry, ...]
    inside: tuple[FileRecord, ...]
    outside: tuple[FileRecord, ...]
    gaps: tuple[Gap, ...]


def make_plan(manifest: Manifest, *, vault: Vault, run: str) -> Plan:
    """Return the plan for a recorded run.

    Args:
        manifest: the recorded run.
        vault: holds its code and inputs.
        run: its id, as people may type it.

    Raises:
        AfieldError: the code tree is missing or damaged.
    """
    code = manifest.code
    tree = vault.get_tree(ObjectId(code.tree)) if code is not None else ()
    known = {entry.path for entry in tree}
    inputs = [one for one in manifest.inputs if _is_original(one, manifest, known)]
    known |= left_out(manifest)
    inside = tuple(one for one in inputs if not os.path.isabs(one.path) and one.path not in known)  # noqa: PTH117 - recorded text
    outside = tuple(one for one in inputs if os.path.isabs(one.path))  # noqa: PTH117 - same
    gaps = (
        *_code(manifest),
        *_elsewhere(tree, manifest, vault, run),
        *_inside(inside, vault, run),
        *_outside(outside),
        *_folders(outside, manifest),
        *data_gaps(manifest.datasets, vault),
        *_surroundings(manifest),
        *_nothing_to_compare(manifest),
    )
    return Plan(manifest, tree, inside, outside, gaps)


def _is_original(one: FileRecord, manifest: Manifest, known: set[str]) -> bool:
    """Tell whether an input was there before the run, rather than made by it."""
    if one.path in known:
        return False
    return not any(one.path == made.path and one.digest == made.digest for made in manifest.outputs)


def _code(manifest: Manifest) -> Iterator[Gap]:
    if manifest.code is None:
        yield Gap("code", "the record holds no code", missing=True)
        return
    read = {one.path for one in manifest.inputs}
    for one in {one.path: one for one in manifest.code.not_kept}.values():
        if one.why == HOLDS_SECRETS:
            continue  # it is handed back, or asked for, when the folder is made
        if not _is_scratch(one.path) and one.path not in read:  # else it is said as an input
            told = f"{one.path} ({_size(one.size_bytes)}) was not kept: {one.why}"
            yield unread(Gap("code", told, missing=True), one.path, manifest)


def _elsewhere(
    tree: tuple[TreeEntry, ...], manifest: Manifest, vault: Vault, run: str
) -> Iterator[Gap]:
    """Name files of the code whose bytes were kept, and are in another copy of the record."""
    read = {one.path for one in manifest.inputs}
    lost = [entry for entry in tree if not vault.has(entry.object)]
    lost.sort(key=lambda entry: (entry.path not in read, not _is_source(entry.path), entry.path))
    for entry in lost[:NAMED_MAX]:
        kind = "input" if entry.path in read else "code"
        yield unread(_not_here(kind, entry.path, entry.size_bytes, run), entry.path, manifest)
    if more := lost[NAMED_MAX:]:
        told = f"{len(more):,} more of the code"
        gap = _not_here("code", told, sum(entry.size_bytes for entry in more), run)
        read_some = any(entry.path in read for entry in more)
        yield gap if read_some else unread(gap, more[0].path, manifest)


def _not_here(kind: str, path: str, size_bytes: int, run: str) -> Gap:
    told = f"{path} ({_size(size_bytes)}): the bytes are not here (afield fetch {run})"
    return Gap(kind, told, missing=True)


def unread(gap: Gap, path: str, manifest: Manifest) -> Gap:
    """Return the gap of a file of the project, milder when the run was not seen to read it."""
    read = any(one.path == path for one in manifest.inputs)
    if read or not was_watched(manifest) or _is_source(path):
        return gap
    if manifest.capture.inputs_complete:
        return replace(gap, detail=f"{gap.detail}; the run did not read it", note=True, unread=True)
    return replace(gap, detail=f"{gap.detail}; the run was not seen to read it", unread=True)


def _is_source(path: str) -> bool:
    return os.path.splitext(path)[1] in SOURCE_SUFFIXES  # noqa: PTH122 - recorded text


def was_watched(manifest: Manifest) -> bool:
    """Tell whether all that Python opened was seen."""
    return see_reads(manifest.capture.layers) and not any(_blind(manifest))


def _blind(manifest: Manifest) -> Iterator[str]:
    for text in manifest.capture.warnings:
        if text.startswith(NOT_WATCHED):
            yield text


def _inside(inside: tuple[FileRecord, ...], vault: Vault, run: str) -> Iterator[Gap]:
    for one in inside:
        if one.folder is not None:
            if not one.kept:
                told = f"{one.path} ({one.folder.files:,} files) was read, but not kept"
                yield Gap("input", told, missing=True)
        elif one.digest is not None and one.kept and not vault.has(ObjectId(one.digest)):
            yield _not_here("input", one.path, one.size_bytes, run)
        elif one.digest is None or not vault.has(ObjectId(one.digest)):
            told = f"{one.path} ({_size(one.size_bytes)}) was read, but its bytes were not kept"
            yield Gap("input", told, missing=True)
        elif one.changed:
            yield Gap("input", f"{one.path} changed while the run read it")


def _outside(outside: tuple[FileRecord, ...]) -> Iterator[Gap]:
    for one in outside:
        if one.folder is not None or _is_scratch(one.path):
            continue
        if one.digest is None:
            told = f"{one.path} has no digest in the record, so it could not be checked"
            yield Gap("input", told)
            continue
        try:
            found, _ = digest_file(one.path)
        except OSError as fault:
            why = (fault.strerror or "cannot be read").lower()
            told = f"{one.path} cannot be read here: {why}"
            yield Gap("input", told, missing=True, note=is_cache(one.path))
            continue
        if found != one.digest:
            told = f"{one.path} differs from what the run read"
            yield Gap("input", told, missing=True, note=is_cache(one.path))


def _folders(outside: tuple[FileRecord, ...], manifest: Manifest) -> Iterator[Gap]:
    """Compare folders of which so many files were read that they were recorded as one."""
    for one in outside:
        look = one.folder
        if look is None or _is_scratch(one.path):
            continue
        if one.digest is None or one.changed:
            yield Gap("input", f"{one.path} changed while the run read it")
            continue
        made = {made.path.removeprefix(one.path) for made in manifest.outputs}
        try:
            names = list_files(one.path, made)
        except OSError as fault:
            why = (fault.strerror or "cannot be read").lower()
            yield Gap("input", f"{one.path} cannot be read here: {why}", missing=True)
            continue
        read = digest_of if look.by == "content" else None
        if sum_up(one.path, names, look.looked, read).digest != one.digest:
            how = "contents" if read else "sizes or times"
            told = f"{one.path} differs from what the run read in names, {how} of its files"
            yield Gap("input", f"{told} (then {look.files:,}, now {len(names):,})", missing=True)
        elif read is None:
            told = f"{one.path}: {look.files:,} files were compared by name, size and time only"
            if look.looked < look.files:
                told += f", and of these size and time of {look.looked:,}"
            yield Gap("input", told, note=True)


def _is_scratch(path: str) -> bool:
    """Tell whether a file lay in a temporary folder of the run's own, which is gone since."""
    return in_temporary_folder(path) and not os.path.isdir(os.path.dirname(path))  # noqa: PTH112, PTH120 - recorded text


def _surroundings(manifest: Manifest) -> Iterator[Gap]:
    if manifest.network:
        shown = ", ".join(manifest.network[:NAMED_MAX])
        more = len(manifest.network) - NAMED_MAX
        told = f"it reads the network: {shown}" + (f" and {more} more" if more > 0 else "")
        yield Gap("network", f"{told}; what that answers is not in the record", note=True)
    for text in manifest.blockers:
        if text.startswith(EARLIER):
            yield Gap("code", text, unread=True)
    yield from _unwatched(manifest)
    if manifest.entropy.mode == "off" and manifest.entropy.calls:
        yield Gap("seed", "unseeded randomness was not replayed when it was recorded", note=True)
    if manifest.host is not None and manifest.host.cores != (here := usable_cores()):
        told = f"it ran on {manifest.host.cores} cores, here are {here}: thread counts were set"
        yield Gap("machine", f"{told} to {manifest.host.cores}", note=True)
    if manifest.environment is None:
        told = "no Python environment was recorded; programs are those of this machine"
        yield Gap("environment", told, note=True)


def _unwatched(manifest: Manifest) -> Iterator[Gap]:
    for text in manifest.blockers:
        if text.startswith(STDIN_FROM):
            yield Gap("input", f"{text}: it was given what this command's has")
    if not see_reads(manifest.capture.layers):
        told = "nothing was watched: what it read, and wrote outside the project, is not known"
        yield Gap("input", told, note=True)
        return
    yield from (Gap("input", text, note=True) for text in _blind(manifest))
    if manifest.capture.inputs_complete:
        return
    told = "inputs: Python-level only; files read by other means were not seen"
    if manifest.commands:
        told += ", nor outputs that programs wrote outside the project"
    yield Gap("input", told, note=True)


def _nothing_to_compare(manifest: Manifest) -> Iterator[Gap]:
    unseen = [one.path for one in manifest.outputs if one.digest is None]
    if unseen:
        shown = ", ".join(unseen[:NAMED_MAX])
        yield Gap("output", f"recorded without a digest, so not compared: {shown}")
    if manifest.console is None and manifest.console_bytes:
        yield Gap("console", "the console was not kept, so it is not compared")


def _size(size_bytes: int) -> str:
    size = float(size_bytes)
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":  # noqa: PLR2004 - decimal units
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    raise AssertionError


Progress = Callable[[str], None]
"""Told in a few words what takes time."""
