"""Running the restored command under capture, as a new run that says what it reproduces.

Decides the command line, the variables and the seeds; restoring files and judging results
happen elsewhere.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

from afield.kernel.ids import RunId
from afield.replay.environment import Built
from afield.replay.overlay import VARIABLE as OVERLAY_VARIABLE
from afield.replay.plan import REDACTED
from afield.replay.prepare import Prepared
from afield.runs.capture.capture import Outcome, Request, capture
from afield.runs.capture.host import KERNEL_NAMES, THREAD_NAMES, pick_variables, usable_cores
from afield.runs.capture.request import Beside
from afield.runs.manifest import Manifest
from afield.runs.record import Record

PYTHON = re.compile(r"(?:python|pypy)w?[\d.]*(?:\.exe)?", re.IGNORECASE)
CORE_VARIABLES = (
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS"),
    *("NUMEXPR_NUM_THREADS", "LOKY_MAX_CPU_COUNT"),
)
_ENVIRONMENT_VARIABLES = ("VIRTUAL_ENV", "VIRTUAL_ENV_PROMPT", "CONDA_PREFIX", "CONDA_DEFAULT_ENV")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run was recorded, or where it is run again.

    Args:
        root: the project's folder.
        prefix: the environment's folder; empty when there is none.
        executable: its interpreter; empty when there is none.
    """

    root: str
    prefix: str = ""
    executable: str = ""


def command_line(manifest: Manifest, new: Place, *, here: str | None = None) -> tuple[str, ...]:
    """Return the recorded arguments with folders of the old place replaced by the new ones.

    An interpreter that is named by its path becomes the one of the new environment; what is
    found on `PATH` by its name stays as it is. A program that the restored project does not
    hold (`.venv/bin/pytest`, which git ignores) is looked for in the new environment; without
    one, in the folder `here` that the person stands in, then where it was recorded.
    """
    old = old_place(manifest)
    words = [move_paths(word, old, new) for word in manifest.argv]
    name = _program(manifest)
    if not words or name == manifest.argv[0]:
        return tuple(words)
    if new.executable and PYTHON.fullmatch(name):
        words[0] = new.executable
    elif not os.path.exists(os.path.join(new.root, manifest.cwd, words[0])):  # noqa: PTH110, PTH118 - recorded text
        words[0] = _elsewhere(manifest, new, here) or words[0]
    return tuple(words)


def _elsewhere(manifest: Manifest, new: Place, here: str | None) -> str | None:
    old, first = old_place(manifest), manifest.argv[0]
    recorded = os.path.normpath(os.path.join(old.root, manifest.cwd, first))  # noqa: PTH118 - recorded text
    if new.prefix:
        moved = move_paths(recorded, Place("", old.prefix), new)
        return moved if moved != recorded else None
    standing = [] if here is None or os.path.isabs(first) else [os.path.join(here, first)]  # noqa: PTH117, PTH118 - same
    return next((path for path in (*standing, recorded) if os.path.exists(path)), None)  # noqa: PTH110 - same


def _program(manifest: Manifest) -> str:
    first = manifest.argv[0] if manifest.argv else ""
    return first.replace("\\", "/").rsplit("/", 1)[-1]


def old_place(manifest: Manifest) -> Place:
    """Return where a run was recorded."""
    found = manifest.environment
    if found is None:
        return Place(manifest.root)
    return Place(manifest.root, found.prefix, found.executable)


def move_paths(text: str, old: Place, new: Place) -> str:
    """Replace the folders of one place by those of the other, wherever they stand whole."""
    pairs = [(old.root, new.root)]
    if old.prefix and new.prefix:
        pairs.append((old.prefix, new.prefix))
    for before, after in sorted(pairs, key=lambda pair: -len(pair[0])):
        if len(before) > 1 and before in text:
            pattern = re.escape(before) + r"(?=$|[\\/\s'\"`:;,)\]}=])"
            text = re.sub(pattern, lambda _, after=after: after, text)  # type: ignore[misc]
    return text


def variables(
    manifest: Manifest,
    new: Place,
    *,
    environ: Mapping[str, str],
    built: Built | None,
    overlay: str | None,
) -> dict[str, str]:
    """Return the variables for the new run.

    Those that capture records are as they were recorded, absent ones absent; the others are
    the person's own, as are the secrets that the record does not hold.
    """
    recorded_now = {*pick_variables(environ), *THREAD_NAMES, *_ENVIRONMENT_VARIABLES}
    recorded_now -= KERNEL_NAMES  # a machine that is told to compute as another one stays it
    found = {name: value for name, value in environ.items() if name not in recorded_now}
    old = old_place(manifest)
    for name, value in {**manifest.threads, **manifest.variables}.items():
        if REDACTED not in value:
            found[name] = move_paths(value, old, new)
        elif name in environ:
            found[name] = environ[name]
    for name, value in pinned_threads(manifest).items():
        found.setdefault(name, value)
    if manifest.entropy.mode == "replay":
        found.pop("PYTHONHASHSEED", None)  # capture sets it again, from the recorded seed
    timezone = manifest.locale.get("timezone")
    if timezone and "TZ" not in manifest.variables and "/" in timezone:
        found["TZ"] = timezone
    if built is None:
        return found | {name: environ[name] for name in _ENVIRONMENT_VARIABLES if name in environ}
    for name in _ENVIRONMENT_VARIABLES:
        found.pop(name, None)
    return found | _entering(built, overlay, manifest, environ)


def _entering(
    built: Built, overlay: str | None, manifest: Manifest, environ: Mapping[str, str]
) -> dict[str, str]:
    """Return the variables by which programs find a rebuilt environment."""
    folders = [built.scripts, environ.get("PATH", os.defpath)]
    found = {"VIRTUAL_ENV": built.prefix}
    if _program(manifest) == "uv":  # `uv run` is to use this environment as it is
        found |= {"UV_PROJECT_ENVIRONMENT": built.prefix, "UV_NO_SYNC": "1"}
    if overlay is not None:
        folders.insert(0, os.path.join(overlay, "bin"))  # noqa: PTH118 - goes into a variable
        found[OVERLAY_VARIABLE] = overlay
    return found | {"PATH": os.pathsep.join(folders)}


def pinned_threads(manifest: Manifest) -> dict[str, str]:
    """Return thread counts that stand in for the recorded number of cores on another machine."""
    if manifest.host is None or manifest.host.cores == usable_cores():
        return {}
    return dict.fromkeys(CORE_VARIABLES, str(manifest.host.cores))


def execute(
    record: Record,
    manifest: Manifest,
    *,
    original: RunId,
    project: str | None,
    experiment: str | None,
    argv: tuple[str, ...],
    argv_shown: tuple[str, ...],
    secrets: Mapping[str, str],
    environ: Mapping[str, str],
    prepared: Prepared,
    python: str | None,
    out: BinaryIO,
    err: BinaryIO,
    terminal: bool,
    beside: Beside | None = None,
) -> Outcome:
    """Run the command again under capture, with the recorded seeds, params and tags.

    `argv_shown` is what the new record holds instead of `argv`, and `secrets` is what it must
    not hold. `python` is the rebuilt environment's, None when there is none.

    Raises:
        AfieldError: the command cannot be started.
    """
    entropy = manifest.entropy
    request = Request(
        argv=argv,
        argv_shown=argv_shown,
        secrets=secrets,
        folder=prepared.cwd,
        environ=environ,
        project=project,
        experiment=experiment,
        params=manifest.params,
        tags=manifest.tags,
        seed=entropy.mode == "replay",
        run_seed=entropy.run_seed,
        hash_seed=entropy.hash_seed,
        reproduces=original,
        root=prepared.root,
        terminal=terminal,
        python=python,
        datasets=manifest.datasets,
        beside=beside,
        event_files="tensorboard" in manifest.capture.beside,
    )
    return capture(record, request, out=out, err=err)
