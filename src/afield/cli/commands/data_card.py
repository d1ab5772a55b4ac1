"""`afield data card`: show, fill in or check what is said about a dataset."""

from __future__ import annotations

import os

import click

from afield.cli.arguments import KEY_VALUE
from afield.cli.output import HIDDEN, emit_json, plain
from afield.cli.session import global_options, session_of

EXIT_INCOMPLETE = 3


@click.command("card")
@click.argument("name", metavar="NAME")
@click.option(
    "--set",
    "fields",
    multiple=True,
    type=KEY_VALUE,
    metavar="KEY=VALUE",
    help="Set a field; `KEY=` clears it.",
)
@click.option("--check", is_flag=True, help="Exit with 3 when a field is missing, for scripts.")
@global_options
@click.pass_context
def command(
    context: click.Context, *, name: str, fields: tuple[tuple[str, str], ...], check: bool
) -> int:
    """Show the data card of NAME, or set fields of it.

    \b
    origin       where the data came from, and who made it
    licence      under what terms it may be used
    consent      what the people in it agreed to, or why none is needed
    method       how it was collected, cleaned and labelled
    sensitivity  public, internal, confidential, personal or special
    residency    where its bytes may be: any, eu, eea, or countries as `de,fr`
    """  # noqa: D301 - click's mark for text that is not wrapped
    from afield.cli.apart import in_words
    from afield.datasets.card import FIELDS
    from afield.runs.secrets import known_values, redact_mapping
    from afield.workspace.apart_documents import about_part
    from afield.workspace.data_documents import card_part
    from afield.workspace.datasets import card_of, find, set_card

    session = session_of(context)
    workspace = session.workspace()
    dataset = find(workspace, name).name
    if fields:
        session.writing("data.write")
        known = known_values(session.environ, folder=os.fspath(session.folder()))
        values, hidden = redact_mapping(dict(fields), "card", known=known)
        if hidden:
            click.echo(HIDDEN, err=True)
        card = set_card(workspace, dataset, values)
    else:
        card = card_of(workspace, dataset)
    apart = [one for one in about_part(workspace, dataset) if one["field"].startswith("card ")]
    document = {
        "schema": "afield.data-card/1",
        "name": dataset,
        **card_part(card),
        "disagreements": apart,
    }
    if session.json:
        emit_json(document)
    else:
        for field, about in FIELDS.items():
            said = card.values.get(field)
            if field in card.erased:
                said = click.style("its words are not here", fg="yellow")
            shown = plain(said) if said else click.style(f"missing: {about}", fg="yellow")
            click.echo(f"{field:<13}{shown}")
        for one in apart:
            text = f"changed on both sides: {in_words(one, session.now())}"
            click.secho(text, fg="yellow", err=True)
        if card.missing:
            example = f"afield data card {dataset} --set {card.missing[0]}=…"
            click.echo(f"{click.style('hint', fg='cyan')}: {example}", err=True)
    return EXIT_INCOMPLETE if check and card.missing else 0
