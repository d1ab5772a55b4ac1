"""`afield up`: the page and the API of the local workspace, for the person at this machine."""

from __future__ import annotations

import click

from afield.cli.output import emit_json_line
from afield.cli.session import global_options, session_of
from afield.kernel.errors import Usage


@click.command("up")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=5151, metavar="N", help="5151; 0: any."
)
@click.option("--host", default="127.0.0.1", metavar="ADDRESS", help="127.0.0.1, or ::1.")
@click.option("--open", "open_page", is_flag=True, help="Open the page in a browser.")
@click.option(
    "--workers", type=click.IntRange(1, 64), default=1, metavar="N", help="Processes that answer."
)
@click.option("--notify", is_flag=True, help="Bring you what waits, by AFIELD_NOTIFY.")
@click.option("--log-json", is_flag=True, help="Log each request on stderr, as JSON lines.")
@global_options
@click.pass_context
def command(
    context: click.Context,
    *,
    port: int,
    host: str,
    open_page: bool,
    workers: int,
    notify: bool,
    log_json: bool,
) -> None:
    """Answer on this machine: the record's page and API, and MLflow's for scripts that speak it.

    \b
      afield up
      export MLFLOW_TRACKING_URI=http://127.0.0.1:5151

    Nobody else can reach it, and there are no accounts. Ctrl-C ends it.
    """  # noqa: D301 - click reads the backspace
    from afield.cli.commands.notify import URLS, channels_of
    from afield.cli.delivering import delivering
    from afield.cli.serving import answer, tracing
    from afield.hub.serve import Setup, listen

    session = session_of(context)
    path = session.workspace().path
    channels = list(channels_of(session)) if notify else []
    if notify and not channels:
        raise Usage("nowhere to bring it", hint=f'{URLS}="mailto://…" afield up --notify')
    setup = Setup(
        str(path),
        json_logs=log_json,
        environ=tracing(session.environ),
        workers=workers,
        clock=session.clock,
    )
    with listen(host, port) as listener:
        name = f"[{host}]" if ":" in host else host
        url = f"http://{name}:{listener.getsockname()[1]}"

        def say() -> None:
            if session.json:
                emit_json_line({"schema": "afield.up/1", "url": url, "workspace": str(path)})
            click.echo(f"afield answers at {url} for the record {path}; Ctrl-C ends it", err=True)
            click.echo(f"scripts that speak MLflow: export MLFLOW_TRACKING_URI={url}", err=True)
            if open_page:
                click.launch(url)

        with delivering(str(path), channels):
            answer(setup, listener, say)
