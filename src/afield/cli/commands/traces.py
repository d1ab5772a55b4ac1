"""`afield traces`: what programs asked of models; the group, its commands are files beside it."""

from __future__ import annotations

import click

from afield.cli.catalog import TRACE_COMMANDS
from afield.cli.lazy import LazyGroup
from afield.cli.session import global_options


@click.group(
    "traces",
    cls=LazyGroup,
    table=TRACE_COMMANDS,
    subcommand_metavar="COMMAND …",
    invoke_without_command=True,
)
@global_options
@click.pass_context
def command(context: click.Context) -> None:
    """Look at traces: what programs asked of models, what they were answered, and how long it took.

    They come from MLflow's client and from OpenTelemetry's exporters, through `afield up`.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
