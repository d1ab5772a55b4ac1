"""The recorded environment of a run that a person names, for the commands of `afield env`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from afield.cli.session import Session

if TYPE_CHECKING:
    from afield.runs.manifest import Environment, Manifest
    from afield.workspace.views import RunView


def environment_of(session: Session, ref: str) -> tuple[RunView, Manifest, Environment]:
    """Return a run, its manifest and its environment.

    Raises:
        NotFound: there is no such run.
        NoEnvironmentRecorded: it was not captured, or its command used no Python.
    """
    from afield.replay.errors import NoEnvironmentRecorded

    workspace = session.workspace()
    view = workspace.run(ref)
    manifest = workspace.manifest(view.id)
    if manifest is None or manifest.environment is None:
        why = "no Python environment was recorded" if manifest else "it was not captured"
        if view.status == "running":
            why = "it is still running; its record is whole when it has ended"
        raise NoEnvironmentRecorded("no environment", view.name, why, hint=f"afield show {view.id}")
    return view, manifest, manifest.environment
