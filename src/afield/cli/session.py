"""One call of the command line: its global options, its streams, its workspace.

Every command takes `--workspace`, `--json` and `--no-color`, before or after its name; they
end up here. This is the only place of the product that reads the environment, the home
folder and the current folder on a person's behalf.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    import click

    from afield.kernel.clock import Clock
    from afield.runs.record import Record
    from afield.workspace.bundle import Contents
    from afield.workspace.views import RunView
    from afield.workspace.workspace import Workspace

F = TypeVar("F", bound=Callable[..., Any])


class Session:
    """What all commands of one call share.

    Attributes:
        json: the person wants JSON on stdout, for people or programs that read it.
        workspace_path: `--workspace`, when given.
        color: False: none at all; None: as each stream is a terminal or not.
        answers_on_stderr: stdout belongs to the recorded command (`afield run`).
        environ: the environment, a plain mapping.
        cleanup: closed at the end of the call, whatever happens.
        closed: the numbers of the standard streams that the caller had closed.
        command_code: the exit code of the recorded command, once it has ended; nothing that
            goes wrong afterwards may change it.
        tells_own: what is done is a team's, so it is said when the record is nobody else's.
        bundle: what the bundle says of itself, when the run came from one.
        clock: the time; None: this machine's.
    """

    def __init__(self, environ: Mapping[str, str], clock: Clock | None = None) -> None:
        self.environ = dict(environ)
        self.clock = clock
        self.json = False
        self.workspace_path: str | None = None
        self.color: bool | None = False if environ.get("NO_COLOR") else None
        self.answers_on_stderr = False
        self.cleanup = ExitStack()
        self.closed: frozenset[int] = frozenset()
        self.command_code: int | None = None
        self.tells_own = False
        self.bundle: Contents | None = None
        self._workspace: Workspace | None = None
        self._record: Record | None = None

    def folder(self) -> Path:
        """Return the folder that the person stands in.

        Raises:
            Refused: it was removed under their feet.
        """
        from pathlib import Path

        return Path(self.here())

    def here(self) -> str:
        """Return the folder that the person stands in, as text; raises as `folder` does."""
        try:
            return os.getcwd()  # noqa: PTH109 - str, and pathlib is not loaded yet
        except FileNotFoundError as error:
            from afield.kernel.errors import Refused

            raise Refused(
                "cannot stand here", why="this folder was removed", hint="cd ~"
            ) from error

    def workspace(self) -> Workspace:
        """Open the workspace, once: `--workspace`, `AFIELD_WORKSPACE`, upwards, the default.

        Raises:
            NoWorkspace: `--workspace` names a folder without one.
        """
        if self._workspace is not None:
            return self._workspace
        from pathlib import Path

        from afield.workspace.workspace import Workspace

        if self.workspace_path is not None:
            opened = Workspace.open(Path(self.workspace_path), clock=self.clock)
        else:
            home = Path.home()
            opened = Workspace.find(self.folder(), env=self.environ, home=home, clock=self.clock)
            if self.tells_own:
                self._tell_own(os.fspath(opened.path), os.fspath(home))
        self.cleanup.callback(opened.close)
        self._workspace = opened
        return opened

    def _tell_own(self, place: str, home: str) -> None:
        """Say that no workspace is here, where that is so."""
        from afield.workspace import layout

        named = self.environ.get(layout.VARIABLE)
        if named or place != layout.default_folder(self.environ, home):
            return
        near = f"~{place[len(home) :]}" if place.startswith(home + os.sep) else place
        told = f"no workspace is here: this is your own record, {near} (afield init makes one)\n"
        sys.stderr.write(told)

    def writing(self, *actions: str) -> Workspace:
        """Open the workspace for something that needs one of these actions.

        Raises:
            ActionNotAllowed: what the person would write counts nowhere; nothing was written.
            NoWorkspace: as `workspace` does.
        """
        from afield.members.actions import Action
        from afield.workspace.membership import need_here

        workspace = self.workspace()
        need_here(workspace, *map(Action, actions))
        return workspace

    def record(self) -> Record:
        """Open the writing side alone of the workspace that is meant, for `afield run`.

        It loads neither tables nor query language. Raises as `workspace` does.
        """
        from afield.workspace.layout import folder_for
        from afield.workspace.store import find_store, open_store

        if self.workspace_path is not None:
            record, _ = open_store(folder_for(self.workspace_path), clock=self.clock)
        else:
            home = os.path.expanduser("~")  # noqa: PTH111 - pathlib is not loaded yet
            record, _ = find_store(self.here(), env=self.environ, home=home, clock=self.clock)
        self.cleanup.callback(record.journal.close)
        self._record = record
        return record

    def now(self) -> datetime:
        """Return what time it is, in UTC."""
        from datetime import UTC, datetime

        if self.clock is None:
            return datetime.now(UTC)
        return datetime.fromtimestamp(self.clock.wall_ns() / 1e9, UTC)

    def local_now(self) -> datetime:
        """Return what time it is by the clock of who reads; see `now_of`."""
        from afield.cli.when import now_of

        return now_of(self.workspace())

    def place(self) -> str:
        """Return the `.afield` folder in use; opens the workspace when nothing is open yet."""
        if self._workspace is None and self._record is not None:
            return self._record.workspace
        return os.fspath(self.workspace().path)

    def find(self, ref: str) -> tuple[Workspace, RunView]:
        """Return the run that a person names, and its workspace; `ref` may be a bundle's file.

        Raises:
            NotFound: there is no such run, or several.
            AfieldError: the bundle cannot be opened.
        """
        from afield.workspace.bundle import is_bundle, unpack

        if is_bundle(ref):
            opened = unpack(os.path.abspath(os.path.expanduser(ref)), self.data_folder())  # noqa: PTH100, PTH111 - str
            self.cleanup.callback(opened.workspace.close)
            self._workspace = opened.workspace
            self.bundle = opened.contents
            return opened.workspace, opened.workspace.run(opened.run)
        workspace = self.workspace()
        return workspace, workspace.run(ref)

    def data_folder(self) -> str:
        """Return the folder for what Afield keeps for this person, outside any workspace."""
        from pathlib import Path

        from afield.workspace.layout import default_folder

        return os.path.dirname(default_folder(self.environ, os.fspath(Path.home())))  # noqa: PTH120 - str

    def say(self, lines: Iterable[str]) -> None:
        """Write lines for people; a terminal's width folds them where their own columns begin."""
        import shutil

        import click

        from afield.cli.output import folded

        width = shutil.get_terminal_size().columns if self.is_terminal() else None
        for line in lines:
            for part in (line,) if width is None else folded(line, width):
                click.echo(part, color=self.color)

    def is_terminal(self, stream: Any = None) -> bool:
        """Return whether a stream (stdout unless given) is a terminal."""
        stream = sys.stdout if stream is None else stream
        try:
            return bool(stream.isatty())
        except ValueError:  # closed
            return False


def session_of(context: click.Context) -> Session:
    """Return the session of a click context."""
    session = context.find_object(Session)
    assert session is not None, "main() puts a session into every context"
    return session


def _take_json(context: click.Context, _param: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's signature
    if value:
        session_of(context).json = True


def _take_no_color(context: click.Context, _param: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's signature
    if value:
        session_of(context).color = False
        context.color = False


def _take_workspace(context: click.Context, _param: click.Parameter, value: str | None) -> None:
    if value is not None:
        session_of(context).workspace_path = os.path.expanduser(value)  # noqa: PTH111 - str


def global_options(command: F) -> F:
    """Add the options that every command has."""
    import click  # a recording needs none of it

    for option in (
        click.option(
            "--no-color",
            is_flag=True,
            expose_value=False,
            is_eager=True,
            callback=_take_no_color,
            help="No colours; also NO_COLOR=1.",
        ),
        click.option(
            "--json",
            is_flag=True,
            expose_value=False,
            is_eager=True,
            callback=_take_json,
            help="Answer in JSON (docs/json.md).",
        ),
        click.option(
            "--workspace",
            metavar="PATH",
            expose_value=False,
            is_eager=True,
            callback=_take_workspace,
            help="The workspace to use; also AFIELD_WORKSPACE.",
        ),
    ):
        command = option(command)
    return command
