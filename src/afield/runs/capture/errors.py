"""Faults of starting a command, with the exit codes that a shell gives them."""

from __future__ import annotations

from afield.kernel.errors import Refused


class CommandNotFound(Refused):
    """There is no program of this name; nothing was run and nothing recorded."""

    code = "runs.command_not_found"
    exit_code = 127


class CommandNotExecutable(Refused):
    """The program is there but cannot be run; nothing was run and nothing recorded."""

    code = "runs.command_not_executable"
    exit_code = 126
