"""`afield run`: record a command, handing its output and exit code through untouched."""

from __future__ import annotations

import click

from afield.cli.arguments import KEY_VALUE
from afield.cli.recording import Asked, Trace, record
from afield.cli.session import global_options, session_of


@click.command(
    "run",
    context_settings={"allow_interspersed_args": False},
    options_metavar="[OPTIONS] [--]",
)
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="COMMAND...")
@click.option("--project", metavar="NAME", help="The project; by default the repository's name.")
@click.option("--experiment", metavar="NAME", help="The experiment within the project.")
@click.option("--name", metavar="NAME", help="A name for the run; by default one is made up.")
@click.option("--tag", "tags", type=KEY_VALUE, multiple=True, help="Tag the run; repeatable.")
@click.option("--param", "params", type=KEY_VALUE, multiple=True, help="Tell a parameter.")
@click.option("--no-seed", is_flag=True, help="Leave the run's randomness alone.")
@click.option(
    "--trace",
    type=click.Choice(["auto", "python", "off"]),
    help="How files are seen; auto unless configured otherwise.",
)
@click.option(
    "--executed",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Of a notebook: leave the executed one here, too.",
)
@click.option("--no-mlflow", is_flag=True, help="Leave MLflow's client in the command alone.")
@click.option("--quiet", "-q", is_flag=True, help="Say nothing afterwards.")
@global_options
@click.pass_context
def command(
    context: click.Context,
    *,
    words: tuple[str, ...],
    project: str | None,
    experiment: str | None,
    name: str | None,
    tags: tuple[tuple[str, str], ...],
    params: tuple[tuple[str, str], ...],
    no_seed: bool,
    trace: Trace | None,
    executed: str | None,
    no_mlflow: bool,
    quiet: bool,
) -> int:
    """Record COMMAND: code, environment, inputs, outputs, console, seeds and resources.

    \b
      afield run python train.py --lr 0.1
      afield run --tag stage=try --param model=tree -- ./train.sh
      afield run analysis.ipynb

    The command's output, exit code, signals and Ctrl-C are as without Afield. Afield's own
    options stand before the command. Afterwards one short paragraph on stderr says what was
    kept, and what stands in the way of reproducing it; with --json it is one JSON object on
    stderr, because stdout is the command's.
    """  # noqa: D301 - click reads the backspace
    asked = Asked(
        words=words,
        project=project,
        experiment=experiment,
        name=name,
        tags=tags,
        params=params,
        no_seed=no_seed,
        trace=trace,
        executed=executed,
        quiet=quiet,
        no_mlflow=no_mlflow,
    )
    return record(session_of(context), asked)
