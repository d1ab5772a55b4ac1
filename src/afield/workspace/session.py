"""The verbs of the Python API: `init`, `log`, `finish`, `open`, and the current run.

Here, and not in `runs`, because they look at the environment: which workspace, and whether
`afield run` has already begun a run for this process to join.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from afield.kernel.clock import SystemClock
from afield.kernel.errors import AfieldError
from afield.kernel.ids import RunId, parse_run_id
from afield.runs import events
from afield.runs.config import Settings, as_mapping
from afield.runs.live_owner import read_owner
from afield.runs.names import default_name
from afield.runs.record import DEFAULT_EXPERIMENT, DEFAULT_PROJECT, Record, start_run
from afield.runs.series.live import clip_name
from afield.runs.tracker import Run
from afield.runs.values import Keeper, hide_in_name
from afield.workspace import layout, wandb
from afield.workspace.person import person_here
from afield.workspace.script_end import ScriptEnd
from afield.workspace.store import make_store, open_store

if TYPE_CHECKING:
    from afield.workspace.workspace import Workspace

JOIN_RUN = "AFIELD_RUN"

_current: Run | None = None
_records: dict[str, Record] = {}
_joined: set[tuple[int, str]] = set()
_not_joined: set[str] = set()
_hooked = False


def init(
    project: str | None = None,
    experiment: str | None = None,
    *,
    name: str | None = None,
    config: object = None,
    tags: object = None,
    notes: str | None = None,
    workspace: str | os.PathLike[str] | None = None,
    group: str | None = None,
    job_type: str | None = None,
    mode: str | None = None,
    **others: object,
) -> Run:
    """Begin a run and make it the current one; a run that is still open is finished first.

    Inside `afield run`, the first call of a process joins that run, so that its metrics and
    params stand beside what was captured; then `workspace` is not looked at, and names count
    that were not given to `afield run`. A call after that begins a run of its own, with the
    joined one as its parent.

    When nothing can be recorded, that is told once, and the run that is returned keeps nothing.

    Args:
        project: groups experiments; `default` when not given.
        experiment: groups runs of a project.
        name: a name that need not be unique; made up when not given.
        config: the run's params: a mapping or an `argparse.Namespace`.
        tags: a mapping, or a list of names that are set to `true`.
        notes: a first note, in prose.
        workspace: the folder that holds, or is to hold, the `.afield` folder. Without it:
            `AFIELD_WORKSPACE`, the nearest one upward, or the user's default workspace.
        group: the tag `group`.
        job_type: the tag `job_type`.
        mode: `disabled` gives a run of which nothing is kept.
        others: what else W&B's `init` takes; that it is not looked at is told once.

    Raises:
        Usage: `config` or `tags` is nothing of the kind.
        AfieldError: the folder given as `workspace` cannot be used.
        TypeError: there is no such argument.
    """
    global _current  # noqa: PLW0603 - the current run is a matter of the process
    wandb.check(others)
    values, labels = as_mapping(config), _as_tags(tags)
    labels |= {key: word for key, word in (("group", group), ("job_type", job_type)) if word}
    parent = _finish_before()
    names = {"name": name, "project": project, "experiment": experiment}
    run: Run
    if mode == "disabled":
        run = _silent(names, values)
    else:
        run = _recorded(names, values, labels, parent, workspace)
    if notes:
        run.note(notes)
    _current = run
    _hook()
    return run


def log(
    values: Mapping[str, Any],
    step: int | None = None,
    commit: bool | None = None,  # noqa: FBT001 - W&B's signature
) -> None:
    """Log metrics to the current run, as `Run.log`; without one, `init()` is called first."""
    current_or_new().log(values, step, commit)


def save(
    path: str | os.PathLike[str] | None = None,
    base_path: str | os.PathLike[str] | None = None,
    policy: str | None = None,
) -> None:
    """Keep files with the current run, as `Run.save`; without one, `init()` is called first."""
    current_or_new().save(path, base_path, policy)


def define_metric(name: str, *args: object, **kwargs: object) -> None:
    """Do nothing but say so, as `Run.define_metric`."""
    current_or_new().define_metric(name, *args, **kwargs)


def watch(*args: object, **kwargs: object) -> None:
    """Do nothing but say so, as `Run.watch`."""
    current_or_new().watch(*args, **kwargs)


def finish(exit_code: int | None = 0, *, quiet: bool | None = None) -> None:
    """End the current run, if there is one."""
    if _current is not None:
        _current.finish(exit_code, quiet=quiet)


def current_or_new() -> Run:
    """Return the current run, begun if there is none; never raises."""
    return _current if _current is not None else init()


def current_settings(name: str) -> Settings:
    """Return the `config` or `summary` of the current run; without one, an empty one."""
    if _current is not None:
        found: Settings = getattr(_current, name)
        return found

    def write(_: object) -> bool:
        warn("`afield.%s` is that of a run, and there is none: call `afield.init` first", name)
        return False

    def refuse(found: object) -> None:
        write(found)

    return Settings(write, refuse)


def current_run() -> Run | None:
    """Return the run that this process has begun or joined and not finished."""
    return _current


def open(path: str | os.PathLike[str] | None = None) -> Workspace:  # noqa: A001 - the public verb
    """Open a workspace to read from it.

    Args:
        path: the folder that holds the `.afield` folder, or that folder itself. Without it:
            `AFIELD_WORKSPACE`, the nearest one upward, or the user's default workspace.

    Raises:
        NoWorkspace: there is none at `path`.
    """
    from afield.workspace.workspace import Workspace  # writers do not need it

    if path is not None:
        return Workspace.open(os.fspath(path))
    return Workspace.find(os.getcwd(), env=os.environ, home=os.path.expanduser("~"))


def _recorded(
    names: Mapping[str, str | None],
    config: dict[str, object],
    tags: dict[str, object],
    parent: RunId | None,
    workspace: str | os.PathLike[str] | None,
) -> Run:
    """Join or begin a run; one of which nothing is kept when that cannot be done."""
    try:
        run = _join(names, config, tags)
    except Exception as error:  # noqa: BLE001 - nothing may reach the training
        found = os.environ.get(JOIN_RUN, "")
        if found not in _not_joined:
            _not_joined.add(found)
            warn("cannot join the run of AFIELD_RUN, `%s`: %s", found, error)
        run = None
    if run is not None:
        return run
    try:
        record = _open_record(os.fspath(workspace) if workspace is not None else None)
    except Exception as error:
        if workspace is not None:
            raise  # the place that the script asks for is not there, and nothing is lost yet
        return _silent(names, config, error)
    try:
        return _begin(record, names, config, tags, parent=parent or _joined_parent())
    except Exception as error:  # noqa: BLE001 - nothing may reach the training
        return _silent(names, config, error)


def _silent(
    names: Mapping[str, str | None],
    config: dict[str, object],
    error: Exception | None = None,
) -> Run:
    """Return a run that keeps nothing; an `error` that made it necessary is told."""
    from afield.runs.silent import SilentRun  # rarely needed

    run = SilentRun(
        name=names["name"],
        project=names["project"] or DEFAULT_PROJECT,
        experiment=names["experiment"] or DEFAULT_EXPERIMENT,
        config=config,
        when_finished=_forget,
    )
    if error is not None:
        run.faults += 1
        warn("NOTHING IS RECORDED of this run: %s", error)
    return run


def warn(text: str, *args: object) -> None:
    """Tell a person through `logging` that something is not recorded."""
    import logging  # rarely needed, and not light

    logging.getLogger("afield").warning(text, *args)


def _begin(
    record: Record,
    names: Mapping[str, str | None],
    config: dict[str, object],
    tags: dict[str, object],
    *,
    parent: RunId | None,
) -> Run:
    run_id = start_run(
        record,
        project=names["project"],
        experiment=names["experiment"],
        name=names["name"],
        kind="python",
        params=config,
        tags=tags,
        parent=parent,
    )
    return Run(
        record,
        run_id,
        name=names["name"] or default_name(run_id),
        project=names["project"] or DEFAULT_PROJECT,
        experiment=names["experiment"] or DEFAULT_EXPERIMENT,
        config=config,
        when_finished=_forget,
    )


def _finish_before() -> RunId | None:
    """Finish the open run; return its id when it is the parent process's (after a fork)."""
    if _current is None:
        return None
    inherited = _current.id if _current.forked else None
    _current.finish()
    return inherited


def _join(
    names: Mapping[str, str | None], config: dict[str, object], tags: dict[str, object]
) -> Run | None:
    """Join the run that `afield run` began for this process tree; only once in a process."""
    found, folder = os.environ.get(JOIN_RUN), os.environ.get(layout.VARIABLE)
    if not found or not folder or (os.getpid(), found) in _joined:
        return None
    run_id = parse_run_id(found)
    record = _cached(layout.folder_for(folder), make=False)
    owner = read_owner(record.live_folder(run_id))
    if owner is None:
        return None  # it has ended: the variable was inherited by a process that outlived it
    _joined.add((os.getpid(), found))
    chosen = {
        key: clip_name(hide_in_name(value))
        for key, value in names.items()
        if value and key not in owner.given
    }
    keeper = Keeper(record.vault, secrets=record.secrets)
    drafts = [*keeper.params(run_id, config), *keeper.tags(run_id, tags)]
    if chosen:
        drafts.append(events.named(run_id, **chosen))
    keeper.flush()
    if drafts:
        record.journal.append_many(drafts)
    return Run(
        record,
        run_id,
        name=chosen.get("name", owner.name),
        project=chosen.get("project", owner.project),
        experiment=chosen.get("experiment", owner.experiment),
        owns=False,
        named="name" in owner.given,
        config=config,
        when_finished=_forget,
    )


def _joined_parent() -> RunId | None:
    found = os.environ.get(JOIN_RUN)
    return parse_run_id(found) if found and (os.getpid(), found) in _joined else None


def _open_record(path: str | None) -> Record:
    chosen = path or os.environ.get(layout.VARIABLE)
    if chosen:
        return _cached(layout.folder_for(chosen), make=True)
    found = layout.find_upward(os.getcwd())
    if found is not None:
        return _cached(found, make=False)
    return _cached(layout.default_folder(os.environ, os.path.expanduser("~")), make=True)


def _cached(folder: str, *, make: bool) -> Record:
    """Open each workspace once in a process: a journal has a thread and an open file."""
    record = _records.get(folder)
    if record is None or not os.path.isfile(os.path.join(folder, layout.CONFIG)):
        clock = SystemClock()
        if make:
            made, _ = make_store(folder, clock=clock, person=_person)
        else:
            made, _ = open_store(folder, clock=clock)
        _records[folder] = record = msgspec.structs.replace(made, secrets=_secrets_here)
    return record


def _person() -> str:
    return person_here(os.environ, os.path.expanduser("~"))


@cache
def _secrets_here() -> Mapping[str, bytes]:
    from afield.runs.secrets import known_values  # its patterns cost start-up time

    return known_values(os.environ)


def _close(record: Record) -> None:
    """Seal what was written, as the process ends; a workspace that is gone needs nothing."""
    try:
        if os.path.isdir(record.workspace):
            record.journal.close()
    except (OSError, AfieldError) as error:
        warn("cannot seal `%s`: %s", record.workspace, error)


def _as_tags(tags: object) -> dict[str, object]:
    if isinstance(tags, str):
        return {tags: "true"}
    if isinstance(tags, list | tuple | set | frozenset):
        return {str(tag): "true" for tag in tags}
    return as_mapping(tags)


def _forget(run: Run) -> None:
    global _current  # noqa: PLW0603 - the current run is a matter of the process
    if _current is run:
        _current = None


def _hook() -> None:
    """See to it, once, that a run ends with its script, and as the script ends."""
    global _hooked  # noqa: PLW0603 - hooks are a matter of the process
    if _hooked:
        return
    _hooked = True
    script = ScriptEnd()

    def at_exit() -> None:
        if _current is not None and not _current.forked:
            _current.finish_as(script.seen())
        for record in _records.values():
            _close(record)

    atexit.register(at_exit)
