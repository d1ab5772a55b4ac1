"""`afield hub check`: what of a hub's configuration would not work on this machine."""

from __future__ import annotations

from collections.abc import Iterator

import click

from afield.cli.checks_view import Row, show_checks
from afield.cli.session import global_options, session_of


@click.command("check")
@click.option("--config", default="hub.toml", metavar="FILE", help="The file to check: hub.toml.")
@global_options
@click.pass_context
def command(context: click.Context, *, config: str) -> int:
    """Say what of hub.toml would not work here: record, accounts, port, certificate, provider.

    Nothing is changed. Each check is pass, fail or not run; exit 3 when any failed.
    """
    from afield.hub.check import check
    from afield.hub.config import read_config

    found = read_config(config)

    def rows() -> Iterator[Row]:
        yield Row("configuration", "pass", config, None)
        for one in check(found):
            yield Row(one.name, one.state, one.detail, one.hint)

    return show_checks(session_of(context), "afield.hub-check/1", rows())
