"""The first cause of a difference between two runs: one function per cause, asked in order.

Code, environment, input by first read, arguments, variables, seed, machine; then, when all of
those agree, the place where the difference first showed: console line, metric step, file.
A function looks at two sides and returns its cause or None; it decides nothing else.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from afield.replay.gaps import Gap
from afield.replay.limits import EVIDENCE_LINES_MAX
from afield.replay.masks import Masks
from afield.replay.text import clip
from afield.runs.capture.distributions import normal_name
from afield.runs.capture.host import KERNEL_NAMES, THREAD_NAMES
from afield.runs.manifest import Distribution, FileRecord, Manifest

_SOURCE_SUFFIXES = (
    ".py .pyx .pxd .pyi .ipynb .sh .bash .r .rmd .jl .c .cc .cpp .h .hpp .cu .f90 .rs .go .java"
    " .js .ts .sql .pth"
)
_PASSING_VARIABLES = (
    "PATH PWD OLDPWD SHLVL _ TERM COLUMNS LINES VIRTUAL_ENV VIRTUAL_ENV_PROMPT TMPDIR TEMP TMP"
    " CONDA_PREFIX CONDA_DEFAULT_ENV CONDA_SHLVL PS1 PYTHONHASHSEED PYTHONPATH"
)
SOURCE_SUFFIXES = frozenset(_SOURCE_SUFFIXES.split())
PASSING_VARIABLES = frozenset(_PASSING_VARIABLES.split())
_LIBRARY = re.compile(r"[-_.]\d|-[0-9a-f]{6,}|\.so|\.dylib|\.dll", re.IGNORECASE)
_LINEAR_ALGEBRA = ("openblas", "mkl", "blis", "atlas", "libblas", "cblas", "accelerate", "lapack")
TOOLS = frozenset(("pip", "setuptools", "wheel", "uv", "afield"))


class Cause(msgspec.Struct, frozen=True):
    """Why two runs differ, as far as it can be told.

    Args:
        kind: `code`, `environment`, `input`, `arguments`, `variables`, `seed`, `machine`,
            `console`, `metric`, `output` or `exit`.
        detail: one line for people.
        evidence: more lines, bounded.
    """

    kind: str
    detail: str
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two runs.

    Args:
        manifest: what it was made of.
        tree: path to (mode, object) of its code.
        masks: its folders, so that two places of one project compare equal.
        params: what it was configured with.
        diff: words the difference of two versions of a file, when both can be read.
    """

    manifest: Manifest
    tree: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    masks: Masks = field(default_factory=Masks)
    params: Mapping[str, object] = field(default_factory=dict)


Show = Callable[[str, str, str], Sequence[str]]
"""Lines that tell how the objects (second, third) that stand under a path (first) differ."""


def first_cause(
    old: Side, new: Side, *, gaps: Iterable[Gap] = (), symptoms: Iterable[Cause] = (), show: Show
) -> Cause | None:
    """Return the first cause in order, or None when nothing is known to differ.

    Args:
        old: the recorded side.
        new: the side that it is compared to.
        gaps: what could not be restored; stands in for what the new side cannot show.
        symptoms: where the difference showed, in the order in which they count.
        show: words the difference of two objects.
    """
    gaps = [gap for gap in gaps if not gap.note]
    real = [gap for gap in gaps if not gap.unread]
    unread = [gap for gap in gaps if gap.unread]
    asked: tuple[Callable[[], Cause | None], ...] = (
        lambda: _gap(real, "code") or code(old, new, show),
        lambda: environment(old.manifest, new.manifest) or _gap(real, "environment"),
        lambda: inputs(old, new, show) or _gap(real, "input"),
        lambda: arguments(old, new),
        lambda: variables(old, new) or _gap(real, "secret"),
        lambda: seed(old.manifest, new.manifest),
        lambda: machine(old.manifest, new.manifest),
        lambda: unread_code(old, new) or _gap(unread, "code") or _gap(unread, "secret"),
    )
    for ask in asked:
        if (found := ask()) is not None:
            return found
    shown = next(iter(symptoms), None)
    if shown is None:
        return None
    evidence = _cut((*shown.evidence, *unknown_seeds(old.manifest, new.manifest)))
    return Cause(shown.kind, shown.detail, evidence)


def code(old: Side, new: Side, show: Show) -> Cause | None:
    """Name the source files that differ; data that was read is an input and not code."""
    changed = changed_paths(old, new, source=True)
    if not changed:
        return None
    return _changed_files("code", changed, old, new, show)


def unread_code(old: Side, new: Side) -> Cause | None:
    """Name other files of the tree that differ, which neither run was seen to read."""
    changed = changed_paths(old, new, source=False)
    if not changed:
        return None
    detail = f"{_named(changed)} differ, though neither run was seen to read them"
    return Cause("code", clip(detail), tuple(changed[:EVIDENCE_LINES_MAX]))


def changed_paths(old: Side, new: Side, *, source: bool) -> list[str]:
    """Return the paths of the two code trees that differ, source files or others."""
    used = {one.path for side in (old, new) for one in side.manifest.inputs}
    made = {one.path for side in (old, new) for one in side.manifest.outputs}
    paths = sorted(set(old.tree) | set(new.tree))
    changed = [path for path in paths if old.tree.get(path) != new.tree.get(path)]
    if source:
        return [path for path in changed if _is_source(path)]
    return [path for path in changed if not _is_source(path) and path not in used | made]


def _is_source(path: str) -> bool:
    return os.path.splitext(path)[1].lower() in SOURCE_SUFFIXES  # noqa: PTH122 - posix text


def _changed_files(kind: str, changed: Sequence[str], old: Side, new: Side, show: Show) -> Cause:
    evidence: list[str] = []
    for path in changed:
        before, after = old.tree.get(path), new.tree.get(path)
        if before is None or after is None:
            evidence.append(f"{path}: only in {'the other run' if before is None else 'this run'}")
        elif before[1] == after[1]:
            evidence.append(f"{path}: mode {before[0]:o} vs {after[0]:o}")
        else:
            evidence += show(path, before[1], after[1])
        if len(evidence) >= EVIDENCE_LINES_MAX:
            break
    return Cause(kind, clip(f"{_named(changed)} differ{'s' * (len(changed) == 1)}"), _cut(evidence))


def environment(old: Manifest, new: Manifest) -> Cause | None:
    """Name the Python or the distributions that differ, real packages before tools."""
    if old.environment is None or new.environment is None:
        return None
    lines: list[str] = []
    before, after = old.environment, new.environment
    if (before.implementation, before.python) != (after.implementation, after.python):
        lines.append(
            f"{before.implementation} {before.python} → {after.implementation} {after.python}"
        )
    lines += [line for _, line in distribution_changes(before.distributions, after.distributions)]
    if not lines:
        return None
    more = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
    return Cause("environment", clip(lines[0] + more), _cut(lines))


def distribution_changes(
    old: Sequence[Distribution], new: Sequence[Distribution]
) -> list[tuple[str, str]]:
    """Return (name, words) per distribution that differs: changed, then gone, then come."""
    before, after = ({normal_name(one.name): one for one in side} for side in (old, new))
    found: list[tuple[tuple[bool, int, str], str]] = []
    for name in before.keys() | after.keys():
        one, other = before.get(name), after.get(name)
        told, rank = _distribution(one, other)
        if told:
            found.append(((name in TOOLS, rank, name), told))
    return [(key[2], told) for key, told in sorted(found)]


def _distribution(one: Distribution | None, other: Distribution | None) -> tuple[str, int]:
    if one is None or other is None:
        here = one or other
        assert here is not None
        return (
            (f"{here.name} {here.version} is missing", 2)
            if other is None
            else (f"{here.name} {here.version} is only in the other run", 3)
        )
    if one.version != other.version:
        return f"{one.name} {one.version} → {other.version}", 0
    if one.origin == "editable" or other.origin == "editable":
        return "", 0
    if one.identity and other.identity and one.identity != other.identity:
        return f"{one.name} {one.version}: other files under the same version", 1
    return "", 0


def inputs(old: Side, new: Side, show: Show) -> Cause | None:
    """Name the first input, in the order of first reads, whose bytes differ."""
    changed = changed_inputs(old, new)
    if not changed:
        return None
    first, _ = changed[0]
    where = f", first read at {first.where}" if first.where else ""
    more = f" (and {len(changed) - 1} more inputs)" if len(changed) > 1 else ""
    evidence: list[str] = []
    for one, another in changed:
        evidence.append(f"{one.path}: {_brief(one)} vs {_brief(another)}")
        if one.digest and another.digest and len(evidence) < EVIDENCE_LINES_MAX:
            evidence += show(one.path, one.digest, another.digest)
    return Cause("input", clip(f"{first.path} differs{where}{more}"), _cut(evidence))


def changed_inputs(old: Side, new: Side) -> list[tuple[FileRecord, FileRecord]]:
    """Return the inputs of both that differ, in the order in which `old` first read them.

    What a run itself made before it read it, and source files, do not count.
    """
    made = {one.path for one in old.manifest.outputs}
    after = {new.masks.paths(one.path): one for one in new.manifest.inputs}
    found: list[tuple[FileRecord, FileRecord]] = []
    for one in old.manifest.inputs:
        other = after.get(old.masks.paths(one.path))
        if other is None or one.digest == other.digest or _is_source(one.path):
            continue
        if one.path in made and one.path not in old.tree:
            continue
        if not _is_comparable(one, other):
            continue
        found.append((one, other))
    return found


def _is_comparable(one: FileRecord, other: FileRecord) -> bool:
    """Tell whether two digests say something: not of a folder that was looked at otherwise."""
    if one.folder is None or other.folder is None:
        return True
    return one.folder == other.folder or one.folder.files != other.folder.files


def arguments(old: Side, new: Side) -> Cause | None:
    """Name the first argument, working folder or param that differs."""
    before = [_program(old.masks.paths(one), at) for at, one in enumerate(old.manifest.argv)]
    after = [_program(new.masks.paths(one), at) for at, one in enumerate(new.manifest.argv)]
    lines: list[str] = []
    if before != after:
        at = next(
            (i for i, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1]),
            min(len(before), len(after)),
        )
        one = " ".join(before[max(at - 1, 0) : at + 1]) or "(nothing)"
        other = " ".join(after[max(at - 1, 0) : at + 1]) or "(nothing)"
        lines.append(f"argument {at}: `{one}` vs `{other}`")
    places = [side.masks.paths(side.manifest.cwd) for side in (old, new)]
    if places[0] != places[1]:
        lines.append(f"working folder: {places[0]} vs {places[1]}")
    lines += changed_values("param", old.params, new.params)
    return Cause("arguments", clip(lines[0]), _cut(lines)) if lines else None


def variables(old: Side, new: Side) -> Cause | None:
    """Name the first recorded environment variable or locale setting that differs."""
    before, after = recorded_variables(old), recorded_variables(new)
    if _cores(old) != _cores(new):  # then thread counts follow from the machine, or stand in for it
        for side in (before, after):
            for name in THREAD_NAMES:
                side.pop(name, None)
    lines = changed_values("variable", before, after)
    return Cause("variables", clip(lines[0]), _cut(lines)) if lines else None


def _cores(side: Side) -> int | None:
    return side.manifest.host.cores if side.manifest.host else None


def recorded_variables(side: Side) -> dict[str, str]:
    """Return variables and locale of a side, without what differs from place to place."""
    found = {**side.manifest.locale, **side.manifest.variables}
    found.setdefault("timezone", "")
    if found.get("TZ", found["timezone"]) == found["timezone"]:
        found.pop("TZ", None)  # it says again what the system's time zone was
    found.pop("utc_offset", None)  # it changes with the seasons
    return {
        name: side.masks.paths(value)
        for name, value in found.items()
        if name not in PASSING_VARIABLES | KERNEL_NAMES and not name.startswith("AFIELD_")
    }


def seed(old: Manifest, new: Manifest) -> Cause | None:
    """Name the run seed when it differs and something was seen to take unseeded entropy."""
    before, after = old.entropy, new.entropy
    calls = _calls(old, new)
    if not calls:
        return None
    if before.mode != after.mode:
        return Cause("seed", f"randomness: {before.mode} vs {after.mode}", calls)
    if before.mode == "off":
        return Cause("seed", clip(f"unseeded randomness was not replayed: {calls[0]}"), calls)
    if before.run_seed != after.run_seed:
        return Cause("seed", clip(f"another run seed, and unseeded randomness: {calls[0]}"), calls)
    return None


def unknown_seeds(old: Manifest, new: Manifest) -> tuple[str, ...]:
    """Say how else randomness may have differed; that it was drawn at all, nobody saw."""
    before, after = old.entropy, new.entropy
    told = []
    if before.hash_seed != after.hash_seed:
        told.append(
            f"PYTHONHASHSEED differs too ({before.hash_seed or 'random'} vs"
            f" {after.hash_seed or 'random'}): the order of sets may follow it"
        )
    unwatched = not all("python" in one.capture.layers for one in (old, new))
    if unwatched and (before.mode == "off" or before.run_seed != after.run_seed):
        told.append("whether it drew unseeded randomness is not known: it was not watched")
    return tuple(told)


def machine(old: Manifest, new: Manifest) -> Cause | None:
    """Name the CPU, the numerical libraries or the thread counts that differ.

    A library that only one run was seen to load is no cause by itself: worker processes do not
    always live to tell what they loaded.
    """
    lines: list[str] = []
    if old.host is not None and new.host is not None:
        for name in ("cpu", "machine", "system", "libc", "gpus", "cores"):
            one, other = getattr(old.host, name), getattr(new.host, name)
            if one != other:
                lines.append(f"{name}: {_said(one)} vs {_said(other)}")
    lines += changed_values("CPU kernels of", _kernels(old, new), _kernels(new, old))
    lines += changed_values("threads", old.threads, new.threads)
    before, after = _libraries(old), _libraries(new)
    lines += [
        f"library {name}: {', '.join(sorted(before[name]))} vs {', '.join(sorted(after[name]))}"
        for name in sorted(before.keys() & after.keys())
        if not (before[name] <= after[name] or after[name] <= before[name])
    ]
    if lines and before and after:
        lines += [f"library {one} is missing" for one in _only(before, after)]
        lines += [f"library {one} is only in the other run" for one in _only(after, before)]
    return Cause("machine", clip(lines[0]), _cut(lines)) if lines else None


def _kernels(side: Manifest, other: Manifest) -> dict[str, object]:
    """Return what libraries chose for the CPU, of those that told it in both runs."""
    return {name: side.kernels[name] for name in side.kernels.keys() & other.kernels.keys()}


def changed_values(word: str, old: Mapping[str, object], new: Mapping[str, object]) -> list[str]:
    """Return one line per name whose values differ."""
    lines = []
    for name in sorted(old.keys() | new.keys()):
        one, other = old.get(name), new.get(name)
        if one != other:
            lines.append(f"{word} {name}: {_said(one)} vs {_said(other)}")
    return lines


def _gap(gaps: Sequence[Gap], kind: str) -> Cause | None:
    lines = [gap.detail for gap in gaps if gap.kind == kind]
    return (
        Cause(kind if kind != "secret" else "variables", lines[0], _cut(lines)) if lines else None
    )


def _program(argument: str, at: int) -> str:
    # `/venv/bin/python`, `python3` and `python` are one program in one environment
    if at == 0:
        name = argument.replace("\\", "/").rsplit("/", 1)[-1].removesuffix(".exe")
        return "python" if name.startswith("python") else name
    return argument


def _calls(old: Manifest, new: Manifest) -> tuple[str, ...]:
    calls = old.entropy.calls or new.entropy.calls
    return _cut([f"{source} at {where}" for source, where, _ in calls])


def _libraries(manifest: Manifest) -> dict[str, set[str]]:
    """Return the files of each loaded library, all of linear algebra under one name."""
    found: dict[str, set[str]] = {}
    for path in manifest.libraries:
        name = path.replace("\\", "/").rsplit("/", 1)[-1]
        stem = _LIBRARY.split(name, maxsplit=1)[0].lower()
        if any(word in stem for word in _LINEAR_ALGEBRA):
            stem = "of linear algebra"
        found.setdefault(stem, set()).add(name)
    return found


def _only(some: Mapping[str, set[str]], others: Mapping[str, set[str]]) -> list[str]:
    return sorted(name for stem in some.keys() - others.keys() for name in some[stem])


def _named(paths: Sequence[str]) -> str:
    return paths[0] if len(paths) == 1 else f"{paths[0]} and {len(paths) - 1} more"


def _brief(one: FileRecord) -> str:
    return f"{(one.digest or 'no digest')[:12]}, {one.size_bytes} bytes"


def _said(value: object) -> str:
    if value is None:
        return "(not set)"
    text = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return clip(text or "(empty)", 80)


def _cut(lines: Sequence[str]) -> tuple[str, ...]:
    return tuple(lines[:EVIDENCE_LINES_MAX])
