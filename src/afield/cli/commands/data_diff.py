"""`afield data diff`: how two versions of data differ: files, schema, rows and columns."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of

EXIT_DIFFERENT = 4


@click.command("diff")
@click.argument("first", metavar="NAME[@VERSION]")
@click.argument("second", metavar="NAME[@VERSION]")
@click.option(
    "--key",
    multiple=True,
    metavar="COLUMN",
    help="Pair rows by this column; give it again for a key of several.",
)
@click.option("--exit-code", is_flag=True, help="Exit with 4 when they differ, for scripts.")
@click.option("--all", "everything", is_flag=True, help="Every line of the difference.")
@global_options
@click.pass_context
def command(
    context: click.Context,
    *,
    first: str,
    second: str,
    key: tuple[str, ...],
    exit_code: bool,
    everything: bool,
) -> int:
    """Say how the second version differs from the first.

    Files added, removed, changed and renamed; in tables (CSV, TSV, Parquet, Arrow, JSON Lines)
    that changed: schema, rows added, removed and changed, and what became of each column.
    Rows are paired by --key, else by position.
    """
    from afield.cli.progress import Meter
    from afield.workspace.data_documents import difference_part, version_part
    from afield.workspace.datasets import difference, find

    session = session_of(context)
    workspace = session.workspace()
    a, b = find(workspace, first), find(workspace, second)
    with Meter(session, "comparing") as progress:
        found = difference(workspace, a, b, key=key, progress=progress)
    document = {
        "schema": "afield.data-diff/1",
        "a": version_part(workspace, a),
        "b": version_part(workspace, b),
        **difference_part(found),
    }
    if session.json:
        emit_json(document)
    else:
        from afield.cli.data_diff_view import diff_page
        from afield.cli.screen import draw

        draw(session, *diff_page(document, everything=everything))
    return EXIT_DIFFERENT if exit_code and not found.files.equal else 0
