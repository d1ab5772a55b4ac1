"""From an exception to an exit code and the lines a person reads.

`error: what: `value`: why`, then `cause:`, then `hint:`, on stderr; with `--json` also an
error object on stdout. No command words its own faults.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from typing import TYPE_CHECKING

from afield.kernel.errors import AfieldError, Refused, Unreachable, Usage

if TYPE_CHECKING:
    import click

    from afield.cli.session import Session

EXIT_BUG = 70
EXIT_INTERRUPTED = 130


class FileFault(Refused):
    """The operating system refused a file operation."""

    code = "cli.file_fault"


class DiskFault(Unreachable):
    """The disk is full, failing or gone."""

    code = "cli.disk_fault"


class Bug(AfieldError):
    """Afield did something that it should never do."""

    code = "afield.bug"
    exit_code = EXIT_BUG


def report(error: BaseException, session: Session) -> int:
    """Say what went wrong, and return the exit code for it."""
    import click  # only where something went wrong

    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, KeyboardInterrupt | click.Abort):
        click.echo("interrupted", err=True)
        return EXIT_INTERRUPTED
    fault = as_fault(error)
    if isinstance(fault, Bug) and session.environ.get("AFIELD_TRACEBACK"):
        import traceback

        traceback.print_exception(error)
    _say(fault, session)
    return fault.exit_code


def warn(error: BaseException, session: Session) -> None:
    """Say what went wrong after the recorded command had ended, which nothing can change now."""
    import click  # only where something went wrong

    with contextlib.suppress(OSError, ValueError):  # stderr may be gone, too
        if isinstance(error, KeyboardInterrupt | click.Abort):
            text, hint = "interrupted before the record was closed", None
        else:
            fault = as_fault(error)
            text, hint = f"the record could not be closed: {fault.message}", fault.hint
        mark = click.style("afield", fg="cyan", bold=True)
        click.echo(f"{mark}: warning: {text}", err=True, color=session.color)
        if hint:
            click.echo(f"{click.style('hint', fg='cyan')}: {hint}", err=True, color=session.color)


def as_fault(error: BaseException) -> AfieldError:
    """Return any exception as an error that a person can read."""
    import click  # only where something went wrong

    if isinstance(error, AfieldError):
        return error
    if isinstance(error, click.ClickException):
        return _of_click(error)
    if isinstance(error, OSError):
        return _of_system(error)
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    name = os.path.basename(last.tb_frame.f_code.co_filename) if last else "?"  # noqa: PTH119 - str
    where = f"{name}:{last.tb_lineno if last else 0}"
    return Bug(
        "this is a bug in Afield",
        f"{type(error).__name__}: {error}".removesuffix(": "),
        f"at {where}",
        hint="repeat it with AFIELD_TRACEBACK=1 set and report what it prints",
    )


def _of_click(error: click.ClickException) -> AfieldError:
    import click  # only where something went wrong

    path = "afield"
    if isinstance(error, click.UsageError) and error.ctx is not None:
        path = error.ctx.command_path
    hint = f"{path} --help"
    if isinstance(error, click.NoSuchOption):
        near = " or ".join(f"`{name}`" for name in sorted(error.possibilities or ()))
        why = f"did you mean {near}?" if near else None
        return Usage("no such option", error.option_name, why, hint=hint)
    message = error.format_message().strip().removesuffix(".")
    text = message[:1].lower() + message[1:]
    return Usage(text.replace("'", "`"), hint=hint)


def _of_system(error: OSError) -> AfieldError:
    why = (error.strerror or str(error) or type(error).__name__).lower()
    name = error.filename
    value = os.fsdecode(name) if isinstance(name, str | bytes) else None
    if error.errno == errno.ENOSPC:
        return DiskFault("the disk is full", value, why, hint="df -h; then try again")
    if error.errno in {errno.EIO, errno.ESTALE, errno.EDQUOT, errno.ENETDOWN}:
        return DiskFault("cannot reach the disk", value, why, hint="afield doctor")
    return FileFault("cannot read or write", value, why, hint="afield doctor")


def _say(fault: AfieldError, session: Session) -> None:
    import click  # only where something went wrong

    color = session.color
    mark = click.style("error", fg="red", bold=True)
    click.echo(f"{mark}: {fault.message}", err=True, color=color)
    cause = fault.__cause__
    if cause is not None:
        text = f"{type(cause).__name__}: {cause}".removesuffix(": ")
        click.echo(f"{click.style('cause', bold=True)}: {text}", err=True, color=color)
    if fault.hint:
        click.echo(f"{click.style('hint', fg='cyan')}: {fault.hint}", err=True, color=color)
    if session.json:
        from afield.cli.output import emit_json

        body = {"schema": "afield.error/1", "exit_code": fault.exit_code, "error": fault.to_dict()}
        emit_json(body, sys.stderr if session.answers_on_stderr else sys.stdout)
