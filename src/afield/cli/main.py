"""The door of the command line: find the command, call it, turn what comes into an exit code.

Nothing heavy is imported here: `afield --help` and a usage error answer from the static
table in `catalog`. Exit codes are documented in docs/cli.md.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence

import click

from afield.cli.catalog import COMMANDS, SECTIONS
from afield.cli.faults import report, warn
from afield.cli.lazy import LazyGroup
from afield.cli.session import Session, global_options
from afield.cli.streams import fill_closed

SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
INTRO = """\
Record what you run; reproduce it anywhere, with a verdict.

\b
  afield run python train.py --lr 0.1    record it, with no change to the code
  afield reproduce RUN                   repeat it from the record, and compare
"""


class Commands(LazyGroup):
    """The group of all commands, listed by what people want to do."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """Write the commands in their groups, from the static table."""
        width = max(map(len, COMMANDS))
        for section, commands in SECTIONS.items():
            with formatter.section(click.style(section, bold=True)):
                formatter.write_dl([(name.ljust(width), e.help) for name, e in commands.items()])

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands first: they are what a newcomer looks for."""
        self.format_commands(ctx, formatter)
        with formatter.section(click.style("Options of every command", bold=True)):
            rows = [p.get_help_record(ctx) for p in self.get_params(ctx)]
            formatter.write_dl([row for row in rows if row])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """Say where to go on."""
        formatter.write_paragraph()
        formatter.write_text("`afield COMMAND --help` tells more. New here? `afield demo`")


def _show_version(context: click.Context, _param: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's signature
    if value:
        from importlib.metadata import version

        click.echo(f"afield {version('afield')}")
        context.exit()


@click.group(
    cls=Commands,
    table=COMMANDS,
    context_settings=SETTINGS,
    help=INTRO,
    subcommand_metavar="COMMAND …",
    options_metavar="[OPTIONS]",
    invoke_without_command=True,
)
@global_options
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version.",
)
@click.pass_context
def cli(context: click.Context) -> None:
    """Show the help when no command is given."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one call of the command line; return its exit code.

    Args:
        arguments: the words after `afield`; those of the process when None.
    """
    gc.set_threshold(20_000)  # a command's memory is mostly kept to its end: little to find
    closed = fill_closed()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a recorded path may hold bytes that are no UTF-8
            stream.reconfigure(errors="replace")
    session = Session(os.environ)
    session.closed = closed
    words = list(sys.argv[1:] if arguments is None else arguments)
    if "--json" in words[: _first_word(words)]:
        session.json = True  # so that even a usage error is answered in JSON
    try:
        with session.cleanup:
            code = cli.main(
                words,
                prog_name="afield",
                standalone_mode=False,
                obj=session,
                color=session.color,
            )
            code = code if isinstance(code, int) else 0
            sys.stdout.flush()
    except BaseException as error:  # noqa: BLE001 - the last handler: whatever it is becomes an exit code
        return _after(error, session)
    if arguments is None and session.command_code is not None:
        _leave(code)
    return code


def _leave(code: int) -> None:
    """End this process without taking it to pieces: somebody waits for the recorded command.

    All is closed and on disk. Returns when a stream cannot be flushed, which Python then tells.
    """
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        return
    os._exit(code)


def _after(error: BaseException, session: Session) -> int:
    """Return the exit code of a call that raised; a recorded command's own goes before ours."""
    if isinstance(error, BrokenPipeError):  # `afield runs | head`: the reader has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return session.command_code or 0
    if session.command_code is not None:
        warn(error, session)
        return session.command_code
    return report(error, session)


def _first_word(words: list[str]) -> int:
    """Return how many words may be Afield's own: for `run`, those before the command."""
    if "run" not in words:
        return len(words)
    start = words.index("run") + 1
    for index in range(start, len(words)):
        if not words[index].startswith("-"):
            return index
    return len(words)
