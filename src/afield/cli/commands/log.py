"""`afield log`: the console and the metrics of a run, as they come."""

from __future__ import annotations

import codecs
import sys
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from afield.cli import words
from afield.cli.arguments import RUN
from afield.cli.output import emit_json_line, plain, safe_console
from afield.cli.session import Session, global_options, session_of
from afield.kernel.errors import NotFound
from afield.kernel.ids import parse_object_id
from afield.workspace.follow import Chunk, Follower, Point
from afield.workspace.phantoms import fetchable

if TYPE_CHECKING:
    from afield.workspace.views import RunView
    from afield.workspace.workspace import Workspace

POLL_S = 0.2
SWEEP_TURNS = 10
SCHEMA = "afield.log/1"
STREAMS = {1: "stdout", 2: "stderr"}


@click.command("log")
@click.argument("run", type=RUN, required=False)
@click.option("--no-follow", is_flag=True, help="Show what there is, and stop.")
@click.option("--console", "only", flag_value="console", help="Only what the command printed.")
@click.option("--metrics", "only", flag_value="metrics", help="Only what it logged.")
@global_options
@click.pass_context
def command(context: click.Context, *, run: str | None, no_follow: bool, only: str | None) -> None:
    """Show what RUN printed and logged; while it runs, follow it to its end.

    Without RUN: the newest one. Ctrl-C stops looking, never the run. With --json each
    chunk and point is one line of JSON.
    """
    session = session_of(context)
    workspace = session.workspace()
    view = workspace.run(run) if run else _newest(workspace)
    printer = Printer(session, only)
    follower = Follower(workspace.record.live_folder(view.id))
    turns = 0
    while follower.is_live():
        printer.chunks(follower.console())
        printer.points(follower.points())
        if no_follow:
            return
        time.sleep(POLL_S)
        turns += 1
        if turns % SWEEP_TURNS == 0:
            workspace.refresh()  # ends the run when its process was killed
    workspace.refresh()
    view = workspace.run(view.id)
    manifest = workspace.manifest(view)
    if manifest is not None and manifest.console is not None:
        record = workspace.record
        with (
            fetchable(record.workspace, record.files, view.id),
            record.vault.open(parse_object_id(manifest.console)) as sealed,
        ):
            printer.chunks(follower.rest_of(sealed))
    printer.ended(view)


def _newest(workspace: Workspace) -> RunView:
    found = workspace.runs(limit=1)
    if not found:
        raise NotFound("no runs yet", hint="afield run python train.py")
    view: RunView = found[0]
    return view


class Printer:
    """Writes chunks and points for a person or, as lines of JSON, for a program."""

    def __init__(self, session: Session, only: str | None) -> None:
        self._session = session
        self._only = only
        self._wrote_console = False
        decoder = codecs.getincrementaldecoder("utf-8")
        self._decoders = {number: decoder("replace") for number in STREAMS}

    def chunks(self, chunks: Iterable[Chunk]) -> None:
        """Write what the command printed, each stream to its own."""
        for chunk in chunks:
            if self._only == "metrics":
                continue
            self._wrote_console = True
            if self._session.json:
                text = self._decoders[chunk.stream].decode(chunk.data)
                self._line("console", chunk.at_ns, stream=STREAMS[chunk.stream], text=text)
                continue
            stream = sys.stderr if chunk.stream == 2 else sys.stdout  # noqa: PLR2004 - stderr
            if self._session.is_terminal(stream):
                stream.write(safe_console(self._decoders[chunk.stream].decode(chunk.data)))
            else:
                stream.flush()
                stream.buffer.write(chunk.data)
            stream.flush()

    def points(self, points: Iterable[Point]) -> None:
        """Write what was logged, one line a step."""
        if self._only == "console":
            return
        for step, group in groupby(points, key=lambda point: point.step):
            found = list(group)
            if self._session.json:
                for point in found:
                    self._line("metric", point.at_ns, name=point.name, step=step, value=point.value)
                continue
            values = "  ".join(f"{plain(p.name)} {words.number(p.value)}" for p in found)
            click.secho(f"step {step}  {values}", dim=True)

    def ended(self, view: RunView) -> None:
        """Say how the run ended."""
        if self._session.json:
            metrics = {name: found.last for name, found in view.metrics.items()}
            body = {"status": view.status, "exit_code": view.exit_code, "metrics": metrics}
            emit_json_line({"schema": SCHEMA, "kind": "ended", **body})
            return
        if self._only == "metrics" or not self._wrote_console:
            for name, found in sorted(view.metrics.items()):
                click.echo(f"{plain(name)} {words.number(found.last)}")
        code = f" with exit code {view.exit_code}" if view.exit_code else ""
        click.secho(f"{plain(view.name)} {view.status}{code}", dim=True, err=True)

    def _line(self, kind: str, at_ns: int, **body: Any) -> None:
        at = datetime.fromtimestamp(at_ns / 1e9, UTC)
        emit_json_line({"schema": SCHEMA, "kind": kind, "at": at, **body})
