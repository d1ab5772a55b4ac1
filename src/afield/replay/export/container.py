"""What a container needs of a run beside its packages: base image, variables, command.

Shared by the Dockerfile and the devcontainer. Every value is recorded text, quoted for the
file that it goes into; a secret that the record does not hold is said, never made up.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from afield.replay.execute import PYTHON, Place, command_line, move_paths, old_place
from afield.replay.export.pins import Pins
from afield.replay.export.subject import Subject
from afield.replay.plan import REDACTED
from afield.runs.manifest import Manifest

WORK = "/work"
PREFIX = "/usr/local"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_VERSION = re.compile(r"[0-9]+(?:\.[0-9]+)*(?:(?:a|b|rc)[0-9]+)?")
_OF_THE_MACHINE = frozenset(
    (
        *("CONDA_DEFAULT_ENV", "CONDA_PREFIX", "VIRTUAL_ENV", "TERM", "LINES", "COLUMNS"),
        *("LD_LIBRARY_PATH", "LD_PRELOAD", "DYLD_LIBRARY_PATH", "DYLD_INSERT_LIBRARIES"),
        *("PYTHONHOME", "PYTHONSTARTUP"),
    )
)
_PLATFORMS = {"x86_64": "linux/amd64", "aarch64": "linux/arm64"}
NAMED_MAX = 20
_REPLAYED = "unseeded randomness is drawn afresh: `afield reproduce` replays it, this does not"
_LIBRARIES = "system libraries are those of the base image, whatever the run had"
_BUILDS = "the slim image has no compiler: a pin without a wheel for it cannot be built"


@dataclass(frozen=True, slots=True)
class Container:
    """The parts of a container.

    Args:
        image: the base image.
        platform: `linux/amd64`, or None when the run's is none of a container.
        variables: recorded ones, by name.
        command: the recorded arguments, with folders of the old machine replaced.
        folder: where it ran, absolute, in the container.
        notes: what the container lacks, a line each.
    """

    image: str
    platform: str | None
    variables: dict[str, str]
    command: tuple[str, ...]
    folder: str
    notes: tuple[str, ...]


def container(subject: Subject, pins: Pins, *, slim: bool) -> Container:
    """Return what a container for the run is made of."""
    notes = [*pins.doubts]
    image, platform = _image(subject, notes, slim=slim)
    manifest = subject.manifest
    place = Place(WORK, PREFIX, "python")
    variables = _variables(manifest, place, notes)
    command = command_line(manifest, place)
    if any(REDACTED in word for word in command):
        notes.append("an argument was a secret, which is not in the record: put it in yourself")
    program = command[0] if command else ""
    if program and not PYTHON.fullmatch(program) and not program.startswith(PREFIX):
        notes.append(f"`{program}` is no Python: see to it that the image has it")
    notes += _lacks(manifest)
    if slim:
        notes.append(_BUILDS)
    return Container(image, platform, variables, command, _folder(manifest, notes), tuple(notes))


def _image(subject: Subject, notes: list[str], *, slim: bool) -> tuple[str, str | None]:
    found = subject.environment
    kind = found.implementation.lower()
    version = found.python if _VERSION.fullmatch(found.python) else "3"
    if version != found.python:
        notes.append(f"Python {found.python} has no official image: `python:3` stands in")
    if kind != "cpython":
        notes.append(f"the run had {found.implementation}; this image has CPython")
    system, _, machine = found.platform.partition("-")
    if system != "linux":
        notes.append(f"the run was on {found.platform}; a container is Linux")
        return f"python:{version}{'-slim' if slim else ''}", None
    return f"python:{version}{'-slim' if slim else ''}", _PLATFORMS.get(machine)


def _variables(manifest: Manifest, place: Place, notes: list[str]) -> dict[str, str]:
    recorded = {**manifest.threads, **manifest.variables}
    if manifest.entropy.mode == "replay" and manifest.entropy.hash_seed:
        recorded["PYTHONHASHSEED"] = manifest.entropy.hash_seed
    timezone = manifest.locale.get("timezone")
    if timezone and "/" in timezone:
        recorded.setdefault("TZ", timezone)
    found: dict[str, str] = {}
    for name, value in sorted(recorded.items()):
        if name in _OF_THE_MACHINE:
            continue
        if REDACTED in value:
            notes.append(f"variable {name} holds a secret, which is not in the record: set it")
        elif not _NAME.fullmatch(name) or not value.isprintable():
            notes.append(f"variable {name!r} cannot be written down in this file")
        else:
            found[name] = move_paths(value, old_place(manifest), place)
    return found


def _folder(manifest: Manifest, notes: list[str]) -> str:
    if manifest.cwd in {"", "."}:
        return WORK
    if manifest.cwd.startswith("/") or ".." in manifest.cwd.split("/"):
        notes.append(f"it ran in {manifest.cwd}, outside its project; here it runs in {WORK}")
        return WORK
    return f"{WORK}/{manifest.cwd}"


def _lacks(manifest: Manifest) -> list[str]:
    notes = [_LIBRARIES]
    outside = [one.path for one in manifest.inputs if one.path.startswith("/")]
    notes += [
        f"it read {path}, which is not part of the project: mount it there"
        for path in outside[:NAMED_MAX]
    ]
    if len(outside) > NAMED_MAX:
        notes.append(f"and {len(outside) - NAMED_MAX} more files outside the project")
    if manifest.network:
        notes.append(f"it used the network: {', '.join(manifest.network[:3])}")
    if manifest.host is not None and manifest.host.gpus:
        notes.append(f"it ran with a GPU: {', '.join(manifest.host.gpus)}")
    if manifest.entropy.calls:
        notes.append(_REPLAYED)
    return notes
