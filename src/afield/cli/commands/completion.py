"""`afield completion`: print what a shell needs to complete commands, options and run ids."""

from __future__ import annotations

import click

from afield.cli.output import emit_json
from afield.cli.session import global_options, session_of

VARIABLE = "_AFIELD_COMPLETE"
INSTALL = {
    "bash": 'eval "$(afield completion bash)"   # in ~/.bashrc',
    "zsh": 'eval "$(afield completion zsh)"   # in ~/.zshrc, after compinit',
    "fish": "afield completion fish > ~/.config/fish/completions/afield.fish",
}


@click.command("completion")
@click.argument("shell", type=click.Choice(list(INSTALL)))
@global_options
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print the completion script for SHELL; completes commands, options and run ids.

    \b
      bash   eval "$(afield completion bash)"              in ~/.bashrc
      zsh    eval "$(afield completion zsh)"               in ~/.zshrc, after compinit
      fish   afield completion fish > ~/.config/fish/completions/afield.fish
    """  # noqa: D301 - click reads the backspace
    from click.shell_completion import get_completion_class

    session = session_of(context)
    kind = get_completion_class(shell)
    assert kind is not None, "click knows the three shells"
    root = context.find_root().command
    script = kind(root, {}, "afield", VARIABLE)
    text = script.source_template % script.source_vars()
    if session.json:
        emit_json({"schema": "afield.completion/1", "shell": shell, "script": text})
        return
    click.echo(text)
    if session.is_terminal():
        click.echo(f"# install it with: {INSTALL[shell]}", err=True)
