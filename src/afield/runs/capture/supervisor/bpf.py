"""The filter that the kernel runs at each system call of a run: which ones it asks us about.

A program for the classic packet filter over `struct seccomp_data`. Programs of another
processor's kind (32 bits, x32) are let through untouched; `sightings` says so on the record.
"""

from __future__ import annotations

import os
import struct

from afield.runs.capture.supervisor.layouts import RET_ALLOW, RET_USER_NOTIF
from afield.runs.capture.supervisor.numbers import (
    AT_REMOVEDIR,
    CLONE_NEWNS,
    MARKED,
    X32_BIT,
    Machine,
)

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NR_AT, _ARCH_AT, _ARGS_AT = 0, 4, 16
_ALLOW, _NOTIFY = "allow", "notify"

_PLAIN = (
    *("creat", "openat2", "execve", "execveat", "rename", "renameat", "renameat2"),
    *("link", "linkat", "unlink", "symlink", "symlinkat", "truncate"),
    *("chroot", "pivot_root", "mount", "umount2", "setns", "open_tree", "move_mount"),
    *("open_by_handle_at", "io_uring_setup"),
)


def build(machine: Machine, *, marked: bool = False) -> bytes:
    """Return the program as an array of `struct sock_filter` (8 bytes each).

    `marked`: an `openat` with the flags MARKED, and no other, is not asked about. Only for a
    process that tells these opens by itself.
    """
    calls = machine.calls
    no_file = getattr(os, "O_PATH", 0o10000000) | machine.o_directory
    lines: list[tuple[int, int, str | None, str | None]] = [
        (_LOAD, _ARCH_AT, None, None),
        (_EQUAL, machine.audit, None, _ALLOW),
        (_LOAD, _NR_AT, None, None),
        (_AT_LEAST, X32_BIT, _ALLOW, None),
    ]
    lines += [(_EQUAL, calls[name], _NOTIFY, None) for name in _PLAIN if name in calls]
    for name, argument, bits, if_set, if_not in (
        ("open", 1, no_file, _ALLOW, _NOTIFY),
        ("openat", 2, no_file, _ALLOW, _NOTIFY),
        ("unlinkat", 2, AT_REMOVEDIR, _ALLOW, _NOTIFY),
        ("unshare", 0, CLONE_NEWNS, _NOTIFY, _ALLOW),
    ):
        if name in calls:
            own = [(_EQUAL, MARKED, _ALLOW, None)] if marked and name == "openat" else []
            lines += [
                (_EQUAL, calls[name], None, f"+{2 + len(own)}"),
                (_LOAD, _ARGS_AT + 8 * argument, None, None),  # the low half: both are so
                *own,
                (_ANY_BIT, bits, if_set, if_not),
            ]
    return _assemble(lines)


def build_for(machine: Machine, name: str) -> bytes:
    """Return a program that asks about one system call and nothing else."""
    lines: list[tuple[int, int, str | None, str | None]] = [
        (_LOAD, _NR_AT, None, None),
        (_EQUAL, machine.calls[name], _NOTIFY, None),
    ]
    return _assemble(lines)


def _assemble(lines: list[tuple[int, int, str | None, str | None]]) -> bytes:
    """Resolve the jumps; `allow` and `notify` are the two returns behind the last line."""
    ends = {_ALLOW: len(lines), _NOTIFY: len(lines) + 1}

    def distance(at: int, label: str | None) -> int:
        if label is None:
            return 0
        return int(label) if label.startswith("+") else ends[label] - at - 1

    words = [
        struct.pack("=HBBI", code, distance(at, if_true), distance(at, if_false), value)
        for at, (code, value, if_true, if_false) in enumerate(lines)
    ]
    words += [struct.pack("=HBBI", _RETURN, 0, 0, value) for value in (RET_ALLOW, RET_USER_NOTIF)]
    return b"".join(words)
