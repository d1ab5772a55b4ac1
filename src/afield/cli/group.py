"""The group of all commands, as click has it.

Nothing heavy is imported here: `afield --help` and a usage error answer from the static
table in `catalog`. What a call comes to is `main`'s matter.
"""

from __future__ import annotations

import click

from afield.cli.catalog import COMMANDS, SECTIONS
from afield.cli.lazy import LazyGroup
from afield.cli.session import global_options

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
