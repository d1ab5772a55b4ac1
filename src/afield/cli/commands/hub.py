"""`afield hub`: the server for a team; the group, its commands are files beside it."""

from __future__ import annotations

import click

from afield.cli.catalog import HUB_COMMANDS
from afield.cli.lazy import LazyGroup
from afield.cli.output import emit_json_line
from afield.cli.session import global_options, session_of


@click.group(
    "hub",
    cls=LazyGroup,
    table=HUB_COMMANDS,
    subcommand_metavar="[COMMAND]",
    invoke_without_command=True,
)
@click.option(
    "--config", default="hub.toml", metavar="FILE", help="What it is started with: hub.toml."
)
@global_options
@click.pass_context
def command(context: click.Context, *, config: str) -> None:
    """Answer a team: the same server as `afield up`, with accounts and roles.

    \b
      afield hub check                 what of hub.toml would not work here
      afield hub --config hub.toml     answer until Ctrl-C or SIGTERM

    The first start prints a code with which the first admin makes an account. docs/hub.md has
    an example of hub.toml, and how to run it as a service.
    """  # noqa: D301 - click reads the backspace
    if context.invoked_subcommand is not None:
        return
    from afield.cli.serving import answer, tracing
    from afield.hub.config import read_config
    from afield.hub.databases import database_of
    from afield.hub.serve import Setup, listen
    from afield.hub.team import prepare

    session = session_of(context)
    found = read_config(config)
    setup = Setup(
        found.workspace,
        found,
        json_logs=found.log.json,
        environ=tracing(session.environ),
        workers=found.listen.workers,
        database=database_of(found),
    )
    with listen(found.listen.host, found.listen.port, team=True) as listener:
        claim = prepare(found)

        def say() -> None:
            host, port = listener.getsockname()[:2]
            if session.json:
                where = {"url": found.url, "host": host, "port": port, "claim": claim}
                emit_json_line({"schema": "afield.hub/1", **where})
            click.echo(f"afield hub answers at {found.url}, on {host} port {port}", err=True)
            if claim is not None:
                click.echo(
                    f"nobody has an account yet. The first admin makes one within a day at:\n"
                    f"  {found.url}/claim#{claim}",
                    err=True,
                )

        answer(setup, listener, say)
