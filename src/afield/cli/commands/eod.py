"""`afield eod`: the end of the day: stand-up, handover, quiet, in one go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from afield.cli.output import emit_json, plain
from afield.cli.session import Session, global_options, session_of

if TYPE_CHECKING:
    from afield.teamwork.query import Item
    from afield.workspace.workspace import Workspace


@click.command("eod")
@click.option("--to", metavar="WHO", help="Hand over to them; asked for on a terminal.")
@click.option("--backup", metavar="WHO", help="Who takes it when they do not in time.")
@click.option("--safe-state", metavar="TEXT", help="What is safe while nobody is there.")
@click.option("--state", metavar="TEXT", help="What you did; as the record has it, if not said.")
@click.option("--next", "next_", metavar="TEXT", help="What you do next.")
@click.option("--decided", metavar="TEXT", help="What you decided.")
@click.option("--stuck", metavar="TEXT", help="What keeps you from going on: it becomes a blocker.")
@click.option("--owner", metavar="WHO", help="Who is to clear it; you, if not said.")
@click.option("--ask", "asks", nargs=2, multiple=True, metavar="WHO WHAT", help="Ask somebody.")
@click.option("--unchanged", is_flag=True, help="Nothing changed.")
@click.option("--stay", is_flag=True, help="Your day goes on: only write and hand over.")
@global_options
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    to: str | None,
    backup: str | None,
    safe_state: str | None,
    stay: bool,
    **said: Any,
) -> None:
    """End your day: write the stand-up, hand over what is under way, and be quiet.

    Works offline. A handover in which a line still needs care stays a draft, and says which. What
    is left of your shift counts as no working time from then on.
    """
    from afield.cli.handover_view import handover_lines
    from afield.cli.standup_view import standup_lines
    from afield.workspace.team.handover_documents import handover_part
    from afield.workspace.team.hours import end_day
    from afield.workspace.team.standups import standup_part

    session = session_of(context)
    session.tells_own = True
    workspace = session.writing("team.write")
    workspace.refresh()
    if to is not None:  # what cannot be is refused before anything is said
        _drawn_up(workspace, to, backup, safe_state)
    wrote = standup_part(workspace, _stand_up(session, workspace, **said))
    item = _handed(session, workspace, to, backup, safe_state)
    given = None if item is None else handover_part(workspace, item)
    end_day(workspace, over=not stay)
    quiet = _quiet(workspace, stay=stay)
    if session.json:
        emit_json({"schema": "afield.eod/1", "standup": wrote, "handover": given, **quiet})
        return
    session.say(standup_lines(wrote, session.local_now()))
    if given is not None:
        click.echo("")
        session.say(handover_lines(given, session.local_now()))
    click.echo("")
    _tell_quiet(session, quiet)


def _stand_up(
    session: Session,
    workspace: Workspace,
    *,
    state: str | None,
    next_: str | None,
    decided: str | None,
    stuck: str | None,
    owner: str | None,
    asks: tuple[tuple[str, str], ...],
    unchanged: bool,
) -> Item:
    from afield.cli.standup_asking import asked
    from afield.workspace.team.people import find_member
    from afield.workspace.team.standup_drafts import prefill
    from afield.workspace.team.standups import write_standup

    values: dict[str, str | None] = {"state": state, "next": next_, "decided": decided}
    raised = [stuck] if stuck else []
    told = [(find_member(workspace, who), what) for who, what in asks]
    is_said = unchanged or stuck or told or any(one is not None for one in values.values())
    if not is_said and _asks(session):
        found = prefill(workspace, workspace.config.member, slot="evening")
        values, raised, told, unchanged = asked(workspace, found, values)
    return write_standup(
        workspace,
        {**values, "slot": "evening"},
        unchanged=unchanged,
        raise_blockers=raised,
        owner=None if owner is None else find_member(workspace, owner),
        raise_asks=told,
    )


def _drawn_up(workspace: Workspace, to: str, backup: str | None, safe_state: str | None) -> Item:
    """Draw a handover up, or bring its draft up to date."""
    from afield.workspace.team.handovers import start_handover
    from afield.workspace.team.people import find_member

    values = {
        "backup": None if backup is None else find_member(workspace, backup),
        "safe_state": safe_state,
    }
    return start_handover(workspace, find_member(workspace, to), values)


def _handed(
    session: Session,
    workspace: Workspace,
    to: str | None,
    backup: str | None,
    safe_state: str | None,
) -> Item | None:
    from afield.cli.handover_asking import fill_in
    from afield.teamwork.handover import lines, missing
    from afield.workspace.team.drafting import draft
    from afield.workspace.team.offering import offer

    if to is None and _asks(session) and draft(workspace, workspace.config.member):
        answer = click.prompt(
            "hand over to whom? [Enter: nobody]", default="", show_default=False, err=True
        )
        to = str(answer).strip()
    if not to:
        return None
    item = _drawn_up(workspace, to, backup, safe_state)
    if _asks(session):
        return fill_in(workspace, item)
    if any(missing(one) for one in lines(item)):
        return item
    return offer(workspace, item)


def _quiet(workspace: Workspace, *, stay: bool) -> dict[str, Any]:
    from afield.workspace.team.hours import calendar_of
    from afield.workspace.team.oncall import oncall_at

    member, now_ms = workspace.config.member, workspace.record.now_ms()
    calendar = calendar_of(workspace, member)
    return {
        "quiet_until_ms": None if stay else calendar.next_working(now_ms),
        "oncall": [workspace.name_of(one) for one in oncall_at(workspace, now_ms)],
    }


def _tell_quiet(session: Session, quiet: dict[str, Any]) -> None:
    from afield.cli.when import when

    names = ", ".join(quiet["oncall"]) or "nobody"
    if quiet["quiet_until_ms"] is None:
        click.echo(plain(f"you are not at rest yet; on call: {names}"))
    else:
        until = when(quiet["quiet_until_ms"], session.local_now())
        click.echo(plain(f"nothing is brought to you until {until}; on call: {names}"))
    click.echo("send it off: afield sync")


def _asks(session: Session) -> bool:
    return session.is_terminal() and not session.json
