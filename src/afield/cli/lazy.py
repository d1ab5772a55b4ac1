"""Groups of commands out of a static table: nothing is imported before it is called.

Help, completion and "no such command" are answered from the table alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from afield.cli.catalog import Entry

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class LazyGroup(click.Group):
    """A group whose commands stand in a table and are imported when they are called."""

    def __init__(
        self, *args: Any, table: Mapping[str, Entry], default: str | None = None, **more: Any
    ) -> None:
        """Make a group.

        Args:
            *args: as click has them.
            table: the commands, in the order in which they are listed.
            default: the one that is meant by words that are no command.
            **more: as click has them.
        """
        super().__init__(*args, **more)
        self.table = table
        self.default = default

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names, as they are listed."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import a command, or return None when there is none of that name."""
        entry = self.table.get(cmd_name)
        if entry is None:
            return None
        command: click.Command = import_module(entry.module).command
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete a command's name from the static table, or an option."""
        from click.shell_completion import CompletionItem

        if incomplete.startswith("-"):
            return super().shell_complete(ctx, incomplete)
        return [
            CompletionItem(name, help=entry.help)
            for name, entry in self.table.items()
            if name.startswith(incomplete)
        ]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take the group's own options; another one is meant for the default command."""
        if self.default is not None:
            own = {name: one for one in self.get_params(ctx) for name in one.opts}
            place = 0
            while place < len(args) and (found := own.get(args[place].partition("=")[0])):
                takes = isinstance(found, click.Option) and not found.is_flag
                place += 2 if takes and "=" not in args[place] else 1
            if place < len(args) and args[place].startswith("-") and args[place] != "--":
                args = [*args[:place], self.default, *args[place:]]
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; suggest near names when there is none."""
        if args and args[0] not in self.table and not args[0].startswith("-"):
            if self.default is None:
                ctx.fail(self._no_such_command(args[0]))
            return super().resolve_command(ctx, [self.default, *args])
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """Write the commands with what they do, from the static table."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in self.table.items()])

    def _no_such_command(self, name: str) -> str:
        from difflib import get_close_matches

        near = get_close_matches(name, self.table, n=2, cutoff=0.6)
        text = f"no such command: `{name}`"
        if near:
            text += f": did you mean {' or '.join(f'`{word}`' for word in near)}?"
        return text
