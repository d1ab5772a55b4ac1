"""`afield standup`: write today's, with what the record knows already."""

from __future__ import annotations

import click
import msgspec

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of


@click.command("new")
@click.option("--state", metavar="TEXT", help="What you did; as the record has it, if not said.")
@click.option("--next", "next_", metavar="TEXT", help="What you do next.")
@click.option("--decided", metavar="TEXT", help="What you decided.")
@click.option("--stuck", metavar="TEXT", help="What keeps you from going on: it becomes a blocker.")
@click.option("--owner", metavar="WHO", help="Who is to clear it; you, if not said.")
@click.option("--ask", "asks", nargs=2, multiple=True, metavar="WHO WHAT", help="Ask somebody.")
@click.option("--day", metavar="DAY", help="Of yours, and past: 2026-11-23; today, if not said.")
@click.option("--slot", type=click.Choice(["morning", "evening"]), help="Which half of the day.")
@click.option("--unchanged", is_flag=True, help="Nothing changed.")
@click.option("--draft", is_flag=True, help="Show what the record has; write nothing.")
@global_options
@click.pass_context
def command(
    context: click.Context,
    *,
    state: str | None = None,
    next_: str | None = None,
    decided: str | None = None,
    stuck: str | None = None,
    owner: str | None = None,
    asks: tuple[tuple[str, str], ...] = (),
    day: str | None = None,
    slot: str | None = None,
    unchanged: bool = False,
    draft: bool = False,
) -> None:
    """Write your stand-up of this half of your day, or change it.

    On a terminal it asks; Enter keeps what stands there, = says that nothing changed.
    """
    from afield.cli.standup_asking import asked
    from afield.cli.standup_view import prefill_lines, standup_lines
    from afield.workspace.team.people import find_member
    from afield.workspace.team.standup_drafts import prefill
    from afield.workspace.team.standups import standup_part, write_standup

    session = session_of(context)
    workspace = session.workspace() if draft else session.writing("team.write")
    workspace.refresh()
    found = prefill(workspace, workspace.config.member, day=day, slot=slot)
    if draft:
        if session.json:
            emit_json({"schema": "afield.standup-draft/1", **msgspec.to_builtins(found)})
            return
        for line in prefill_lines(found):
            click.echo(line)
        return
    values = {"state": state, "next": next_, "decided": decided, "day": day, "slot": slot}
    is_said = unchanged or asks or any(one is not None for one in (state, next_, decided, stuck))
    raised = [stuck] if stuck else []
    told = [(find_member(workspace, who), what) for who, what in asks]
    if not is_said and session.is_terminal() and not session.json:
        said = asked(workspace, found, values)
        values, raised, unchanged = said.values, said.blockers, said.unchanged
        told = said.asks
    item = write_standup(
        workspace,
        values,
        unchanged=unchanged,
        raise_blockers=raised,
        owner=None if owner is None else find_member(workspace, owner),
        raise_asks=told,
    )
    part = standup_part(workspace, item)
    if session.json:
        emit_json({"schema": "afield.standup/1", **part})
        return
    for line in standup_lines(part, session.local_now()):
        click.echo(line)
    if unchanged and not part["unchanged"]:
        click.echo("you said this before, and it stays", err=True)
