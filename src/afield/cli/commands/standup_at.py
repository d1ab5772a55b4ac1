"""`afield standup at`: when one writes one's stand-up."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("at")
@click.argument("when", metavar="HH:MM|morning|evening|none")
@global_options
@click.pass_context
def command(context: click.Context, *, when: str) -> None:
    """Say at what time of the wall clock you write your stand-up; `brief` then says it is due.

    Before noon it is about the day ahead, after noon about the day that ends. `morning` is when
    your shift begins, `evening` when it ends.
    """
    from afield.workspace.team.standup_days import choose_time, time_of, time_words

    chosen = time_of(when)
    session = session_of(context)
    choose_time(session.workspace(), chosen)
    if session.json:
        minute = chosen if isinstance(chosen, int) else None
        shift = chosen if isinstance(chosen, str) else None
        emit_json({"schema": "afield.standup-time/1", "minute": minute, "shift": shift})
    elif chosen is None:
        click.echo("your stand-up is due at no time")
    elif isinstance(chosen, str):
        turns = "begins" if chosen == "morning" else "ends"
        click.echo(f"your stand-up is due when your working day {turns}")
    else:
        click.echo(f"your stand-up is due at {time_words(chosen)}, where you are")
