"""`afield notify`: bring what waits to a person, by chat, mail or a webhook."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from afield.cli.output import emit_json
from afield.cli.session import Session, global_options, session_of
from afield.kernel.errors import Usage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from afield.workspace.team.notify import Channel

URLS = "AFIELD_NOTIFY"
_MINUTE_S = 60
_KEY_HINT = "head -c 32 /dev/urandom > notify.key   # then --secret-file notify.key"


@click.command("notify")
@click.option("--webhook", metavar="URL", help="Post it there, signed.")
@click.option("--secret-file", type=click.Path(path_type=Path), help="Signs the post.")
@click.option(
    "--every", type=click.IntRange(1, 24 * 60), metavar="MIN", help="Look again, and again."
)
@click.option("--digest", "with_digest", is_flag=True, help="The digest, too, as your day starts.")
@click.option("--dry-run", is_flag=True, help="Show what would be brought; bring nothing.")
@global_options
@click.pass_context
def command(
    context: click.Context,
    *,
    webhook: str | None,
    secret_file: Path | None,
    every: int | None,
    with_digest: bool,
    dry_run: bool,
) -> None:
    """Bring you what waits in your inbox, once each, and never in your quiet hours.

    By the addresses in AFIELD_NOTIFY, as Apprise has them (mailto://…, slack://… and a hundred
    others; set apart by spaces), and by a webhook. Outside your working time nothing comes but,
    when you are on call, what pages: urgent asks, handovers, contingencies that are true.
    """
    session = session_of(context)
    channels = [] if dry_run else list(channels_of(session, webhook, secret_file))
    if not channels and not dry_run:
        hint = f'{URLS}="mailto://…" afield notify; or --webhook URL --secret-file FILE'
        raise Usage("nowhere to bring it", hint=hint)
    from afield.workspace.team.notify import ChannelUnreachable

    while True:
        try:
            _bring(session, channels, dry_run=dry_run, with_digest=with_digest)
        except ChannelUnreachable as error:
            if every is None:
                raise
            click.echo(f"{error}; tried again in {every} min", err=True)
        if every is None:
            return
        time.sleep(every * _MINUTE_S)


def channels_of(
    session: Session, webhook: str | None = None, secret_file: Path | None = None
) -> Iterator[Channel]:
    """Yield the ways to this person: by `AFIELD_NOTIFY`, and by a webhook.

    Raises:
        Usage: the webhook has no secret that can be read.
        ChannelMissing: what a way needs is not there.
    """
    from afield.workspace.team.notify import by_apprise, by_webhook, secret_of

    urls = session.environ.get(URLS, "").split()
    if urls:
        yield by_apprise(urls, "Afield")
    if webhook is None:
        return
    if secret_file is None:
        raise Usage("the webhook is not signed", hint=_KEY_HINT)
    try:
        data = secret_file.read_bytes()
    except OSError as error:
        why = error.strerror or str(error)
        raise Usage("cannot read the secret", secret_file, why, hint=_KEY_HINT) from error
    yield by_webhook(webhook, secret_of(data), lambda: int(session.now().timestamp()))


def _bring(session: Session, channels: list[Channel], *, dry_run: bool, with_digest: bool) -> None:
    from afield.cli.delivering import bring_all
    from afield.cli.standup_view import digest_lines
    from afield.cli.team_view import letter_lines
    from afield.cli.when import when
    from afield.cli.words import count
    from afield.workspace.team.digest import Digest, digest
    from afield.workspace.team.inbox import Letter, inbox_part
    from afield.workspace.team.notify import digest_due, held, waiting

    workspace = session.workspace()
    workspace.refresh()
    member = workspace.config.member

    def words(letter: Letter) -> str:
        return "\n".join(letter_lines(workspace, letter, session.local_now()))

    def page(one: Digest) -> str:
        return "\n".join(digest_lines(workspace, one, session.local_now()))

    if dry_run:
        is_due = with_digest and digest_due(workspace, member) is not None
        day, found = digest(workspace, member) if is_due else None, waiting(workspace, member)
    else:
        day, found = bring_all(workspace, channels, with_digest=with_digest)
    if session.json:
        emit_json(
            {
                "schema": "afield.notify/1",
                "brought": [inbox_part(one) for one in found],
                "digest": day and day.day,
            }
        )
        return
    if day is not None:
        click.echo(page(day))
    for letter in found:
        click.echo(words(letter))
    if not found and day is None:
        many, first_ms = held(workspace, member)
        until = f"the first until {when(first_ms, session.local_now())}"
        until = "as no working time of yours is ahead" if first_ms is None else until
        later = f"; {count(many, 'thing')} held back, {until}" if many else ""
        click.echo(f"nothing is to be brought now{later}")
