"""What the records of a W&B log say of a run, gathered and turned into one of any tool.

The numbers of the fields are those of W&B's `wandb_internal.proto` (`Record` and the messages in
it), which have not changed since 2020. Values stand as JSON, with NaN and Infinity in it.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from typing import Any

from afield.runs.foreign.protobuf_wire import inner, inners, integer, message, text, texts
from afield.runs.manifest import IMPORTED, Capture, Environment, Git, Host, Manifest
from afield.runs.record import DEFAULT_EXPERIMENT
from afield.workspace.bring.run_points import Points, as_ms, as_ns
from afield.workspace.bring.run_source import Found, Left

HISTORY, SUMMARY, OUTPUT, CONFIG, STATS, ARTIFACT = 2, 3, 4, 5, 7, 8
OUTPUT_RAW, RUN, EXIT, USE_ARTIFACT, ENVIRONMENT = 13, 17, 18, 25, 26
BLOCKER = f"{IMPORTED}W&B, which keeps no environment that can be rebuilt"
HISTORY_FILE = "wandb-history.jsonl"
"""The file that holds what of a run's history is no number."""

_OWN = frozenset({"_step", "_runtime", "_timestamp", "_wandb"})
_MACHINES = ("x86_64", "aarch64", "arm64", "AMD64")
_CONSOLE_BYTES_MAX = 64 << 20
_METADATA_BYTES_MAX = 1 << 20
_DEPTH_MAX = 50
_OTHERS_BYTES_MAX = 64 << 20
_FIELDS_OF_ENVIRONMENT = {
    1: "os", 2: "python", 4: "docker", 6: "program", 7: "codePath", 11: "root", 12: "host",
    13: "username", 14: "executable", 18: "gpu",
}  # fmt: skip


class Reading:
    """Gathers what records say, in the order in which they stand."""

    def __init__(self) -> None:
        self.run: dict[int, list[Any]] = {}
        self.config: dict[str, Any] = {}
        self.summary: dict[str, Any] = {}
        self.points = Points()
        self.last: dict[str, float] = {}
        self.others: list[str] = []
        self.environment: dict[str, Any] = {}
        self.artifacts: list[dict[str, Any]] = []
        self.exit_code: int | None = None
        self.runtime_s = 0
        self.started_ns: int | None = None
        self.last_ns = 0
        self.left: list[Left] = []
        self._console = bytearray()
        self._others_bytes = 0
        self._stats = 0
        self._beside = b""

    @property
    def console(self) -> bytes:
        """What the run printed: as it was recorded, else as it stands in `output.log`."""
        return bytes(self._console) or self._beside

    def take(self, data: bytes) -> None:
        """Take a record; of kinds that say nothing about the run none is taken.

        Raises:
            ValueError: it is no record.
        """
        record = message(data)
        if HISTORY in record:
            self._history(inner(record, HISTORY))
        elif SUMMARY in record:
            _apply(self.summary, inner(record, SUMMARY))
        elif STATS in record:
            self._system(inner(record, STATS))
        elif OUTPUT_RAW in record or OUTPUT in record:
            self._printed(inner(record, OUTPUT_RAW if OUTPUT_RAW in record else OUTPUT))
        elif CONFIG in record:
            _apply(self.config, inner(record, CONFIG))
        elif RUN in record:
            self._begun(inner(record, RUN))
        elif EXIT in record:
            self._ended(inner(record, EXIT))
        elif ENVIRONMENT in record:
            self._machine(inner(record, ENVIRONMENT))
        elif ARTIFACT in record or USE_ARTIFACT in record:
            self._artifact(record)

    def look_beside(self, folder: str) -> None:
        """Take what older versions write into files only: `wandb-metadata.json`, `output.log`."""
        try:
            with open(os.path.join(folder, "wandb-metadata.json"), "rb") as stream:
                found = json.loads(stream.read(_METADATA_BYTES_MAX))
            if isinstance(found, dict):
                self.environment = {**found, **self.environment}
        except (OSError, ValueError, RecursionError):
            pass  # newer versions write none
        path = os.path.join(folder, "output.log")
        if os.path.isfile(path) and not os.path.islink(path):
            with open(path, "rb") as stream:
                self._beside += stream.read(_CONSOLE_BYTES_MAX)

    def _begun(self, run: dict[int, list[Any]]) -> None:
        self.run = {**self.run, **run}
        _apply(self.config, inner(run, 4))
        _apply(self.summary, inner(run, 5))
        began = inner(run, 17)
        if began and self.started_ns is None:
            self.started_ns = integer(began, 1) * 1_000_000_000 + integer(began, 2)
        self.exit_code = None  # resumed: the end of what was before does not count

    def _ended(self, ended: dict[int, list[Any]]) -> None:
        self.exit_code = integer(ended, 1)
        self.runtime_s = max(self.runtime_s, integer(ended, 2))

    def _history(self, history: dict[int, list[Any]]) -> None:
        """Take a row: numbers become points, the rest of it stands beside."""
        row: dict[str, tuple[str, float | None]] = {}
        for item in inners(history, 1):
            name = ".".join(texts(item, 2)) or text(item, 1)
            told = text(item, 16)
            row[name] = (told, _number(told))
        step = row.get("_step", ("", None))[1]
        if step is None:
            step = float(integer(inner(history, 2), 1))
        seconds = row.get("_timestamp", ("", None))[1] or 0.0
        time_ns = as_ns(seconds)
        self.last_ns = max(self.last_ns, time_ns)
        at = int(step) if math.isfinite(step) else None
        others: dict[str, Any] = {}
        for name, (told, number) in row.items():
            if name in _OWN:
                continue
            if number is None:
                others[name] = _json(told)
            elif at is not None:
                self.points.add(name, at, time_ns, number)
                self.last[name] = number
        if others:
            self._other({"_step": at, "_timestamp": seconds, **others})

    def _other(self, row: dict[str, Any]) -> None:
        line = json.dumps(row, ensure_ascii=False)
        self._others_bytes += len(line)
        if self._others_bytes <= _OTHERS_BYTES_MAX:
            self.others.append(line)
        elif not any(one.what == "history" for one in self.left):
            self.left.append(Left("history", "too much in it that is no number"))

    def _system(self, stats: dict[int, list[Any]]) -> None:
        time_ns = _time_ns(inner(stats, 2))
        self.last_ns = max(self.last_ns, time_ns)
        for item in inners(stats, 3):
            number = _number(text(item, 16))
            if number is not None:
                self.points.add(f"system.{text(item, 1)}", self._stats, time_ns, number)
        self._stats += 1

    def _printed(self, output: dict[int, list[Any]]) -> None:
        self.last_ns = max(self.last_ns, _time_ns(inner(output, 2)))
        if len(self._console) < _CONSOLE_BYTES_MAX:
            self._console += text(output, 3).encode("utf-8", "replace")

    def _machine(self, machine: dict[int, list[Any]]) -> None:
        for number, name in _FIELDS_OF_ENVIRONMENT.items():
            if number in machine:
                self.environment[name] = text(machine, number)
        if 5 in machine:  # noqa: PLR2004 - the field of the arguments
            self.environment["args"] = texts(machine, 5)
        if 16 in machine:  # noqa: PLR2004 - cores
            self.environment["cpu_count"] = integer(machine, 16)
        git = inner(machine, 9)
        if git:
            self.environment["git"] = {"remote": text(git, 1), "commit": text(git, 2)}
        memory = inner(machine, 21)
        if memory:
            self.environment["memory_bytes"] = integer(memory, 1)

    def _artifact(self, record: dict[int, list[Any]]) -> None:
        if ARTIFACT in record:
            found = inner(record, ARTIFACT)
            about = {"made": True, "type": text(found, 4), "name": text(found, 5)}
            entries = inners(inner(found, 12), 4)
            about["digest"] = text(found, 6)
            about["aliases"] = texts(found, 11)
            about["files"] = [[text(one, 1), integer(one, 4), text(one, 2)] for one in entries]
        else:
            found = inner(record, USE_ARTIFACT)
            about = {"made": False, "type": text(found, 2), "name": text(found, 3)}
        self.artifacts.append(about)


def found_of(reading: Reading, project: str | None) -> Found:
    """Return what was gathered as a run of any tool."""
    run = reading.run
    started_ms = as_ms((reading.started_ns or reading.last_ns) // 1_000_000) or 0
    ended_ms = as_ms(reading.last_ns // 1_000_000) or 0
    ended_ms = max(ended_ms, started_ms + reading.runtime_s * 1000)
    tags = dict.fromkeys(texts(run, 10), "true")
    for number, name in ((6, "group"), (7, "job_type"), (12, "sweep")):
        if told := text(run, number):
            tags[name] = told
    status = "interrupted"
    if reading.exit_code is not None:
        status = "failed" if reading.exit_code else "finished"
    about: dict[str, Any] = {
        "run_id": text(run, 1),
        "entity": text(run, 2),
        "project": text(run, 3),
    }
    about |= {"environment": reading.environment, "config": reading.config.pop("_wandb", None)}
    if reading.artifacts:
        about["artifacts"] = reading.artifacts
    if media := {name: value for name, value in _flat(reading.summary) if _is_media(value)}:
        about["media"] = media
    return Found(
        name=text(run, 8) or text(run, 1),
        project=project or text(run, 3) or "uncategorized",
        experiment=DEFAULT_EXPERIMENT,
        status=status,
        started_ms=started_ms,
        ended_ms=ended_ms,
        points=reading.points,
        exit_code=reading.exit_code,
        host=text(run, 13) or str(reading.environment.get("host") or ""),
        params=reading.config,
        summary=_summary(reading),
        tags=tags,
        note=text(run, 9),
        lines={HISTORY_FILE: reading.others} if reading.others else {},
        console=reading.console,
        manifest=_manifest(reading),
        about=about,
        left=reading.left,
    )


def _summary(reading: Reading) -> dict[str, Any]:
    """Return the summary without what the metrics say anyway."""
    found = {}
    for name, value in _flat(reading.summary):
        if name.partition(".")[0] in _OWN or _is_media(value):
            continue
        last = reading.last.get(name)
        same = isinstance(value, (int, float)) and last is not None
        if same and (value == last or (value != value and last != last)):  # noqa: PLR0124 - NaN
            continue
        found[name] = value
    return found


def _flat(values: Mapping[str, Any], before: str = "") -> list[tuple[str, Any]]:
    found = []
    for name, value in values.items():
        if isinstance(value, dict) and value and not _is_media(value):
            found += _flat(value, f"{before}{name}.")
        else:
            found.append((before + name, value))
    return found


def _is_media(value: object) -> bool:
    """Tell histograms, images, tables and the like, which only W&B can show."""
    return isinstance(value, dict) and "_type" in value


def _manifest(reading: Reading) -> Manifest:
    about = reading.environment
    program = str(about.get("program") or "")
    args = about.get("args")
    argv = ("python", program, *map(str, args if isinstance(args, list) else ())) if program else ()
    git = about.get("git")
    code = None
    if isinstance(git, dict) and git.get("commit"):
        remote = str(git.get("remote") or "") or None
        code = Git(root="", commit=str(git["commit"]), remote=remote)
    python = str(about.get("python") or "")
    environment = None
    if python:
        words = python.split()
        environment = Environment(
            python=words[-1],
            implementation=words[0].lower() if len(words) > 1 else "cpython",
            executable=str(about.get("executable") or ""),
            prefix="",
            base_prefix="",
            platform=str(about.get("os") or ""),
            identity="",
        )
    return Manifest(
        argv=argv,
        cwd=".",
        root=str(about.get("root") or ""),
        exit_code=reading.exit_code,
        git=code,
        environment=environment,
        host=_host(about),
        capture=Capture(layers=(), notes=("imported from W&B",)),
        blockers=(BLOCKER,),
    )


def _host(about: Mapping[str, Any]) -> Host | None:
    cores, memory = about.get("cpu_count"), about.get("memory_bytes")
    system = str(about.get("os") or "")
    if not system:
        return None
    name, _, release = system.partition("-")
    return Host(
        system=name,
        release=release,
        machine=next((word for word in system.split("-") if word in _MACHINES), ""),
        cpu="unknown",
        cores=cores if isinstance(cores, int) else 0,
        memory_bytes=memory if isinstance(memory, int) else 0,
        gpus=(str(about["gpu"]),) if about.get("gpu") else (),
    )


def _apply(values: dict[str, Any], change: dict[int, list[Any]]) -> None:
    """Set and remove what a record of config or summary says."""
    for item in inners(change, 1):
        *path, name = _path(item)
        place = values
        for each in path:
            inner_ = place.get(each)
            if not isinstance(inner_, dict):
                inner_ = place[each] = {}
            place = inner_
        place[name] = _json(text(item, 16))
    for item in inners(change, 2):
        *path, name = _path(item)
        found: Any = values
        for each in path:
            found = found.get(each) if isinstance(found, dict) else None
        if isinstance(found, dict):
            found.pop(name, None)


def _number(told: str) -> float | None:
    """Return the number that JSON is; None when it is something else."""
    if told in ("true", "false"):
        return float(told == "true")
    try:
        return float(told)
    except ValueError:
        return None


def _json(told: str) -> Any:
    """Return what JSON says; the text itself when it is none, or nested too deep to be handled."""
    if told.count("[") + told.count("{") > _DEPTH_MAX and _depth(told) > _DEPTH_MAX:
        return told
    try:
        return json.loads(told)
    except (ValueError, RecursionError):
        return told


def _depth(told: str) -> int:
    """Return how deep JSON is nested, or more: signs in texts count, too."""
    depth = deepest = 0
    for sign in told:
        if sign in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif sign in "]}":
            depth -= 1
    return deepest


def _path(item: dict[int, list[Any]]) -> list[str]:
    """Return the names that lead to a value, the outer first; what is too deep is one name."""
    names = texts(item, 2) or [text(item, 1)]
    if len(names) > _DEPTH_MAX:
        names = [*names[: _DEPTH_MAX - 1], ".".join(names[_DEPTH_MAX - 1 :])]
    return names


def _time_ns(stamp: dict[int, list[Any]]) -> int:
    return integer(stamp, 1) * 1_000_000_000 + integer(stamp, 2)
