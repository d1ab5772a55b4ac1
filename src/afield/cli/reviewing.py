"""What a repetition says to reviews: who was asked to look at a run and repeated it has judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from afield.cli.session import Session
    from afield.replay import Report
    from afield.workspace.workspace import Workspace


def tell_reviews(session: Session, workspace: Workspace, report: Report) -> None:
    """Fill in the verdict of open reviews of the run in which this person was asked."""
    from afield.kernel.errors import NotAllowed
    from afield.members.actions import Action
    from afield.workspace.membership import need_here
    from afield.workspace.team.reviews import judged_by_reproduction

    if report.new_run is None or session.bundle is not None:
        return
    try:
        need_here(workspace, Action.TEAM_WRITE)
    except NotAllowed:
        return
    workspace.refresh()
    cause = "" if report.cause is None else report.cause.detail
    for item in judged_by_reproduction(
        workspace, report.run, report.verdict, report.new_run, cause
    ):
        verdict = item.did("judged")[-1].values["verdict"]
        click.echo(f"afield: review {item.id[:8]}: {verdict}", err=True)
