"""Numbers of Linux that differ by processor: system calls, and what the audit calls the processor.

From the kernel's `arch/x86/entry/syscalls/syscall_64.tbl` and `scripts/syscall.tbl`. What the
numbers mean to a filter stands in `bpf`, what is done about them in `sightings`.
"""

from __future__ import annotations

import os

_X86_64 = {
    "open": 2,
    "execve": 59,
    "truncate": 76,
    "rename": 82,
    "creat": 85,
    "link": 86,
    "unlink": 87,
    "symlink": 88,
    "pivot_root": 155,
    "chroot": 161,
    "mount": 165,
    "umount2": 166,
    "openat": 257,
    "unlinkat": 263,
    "renameat": 264,
    "linkat": 265,
    "symlinkat": 266,
    "unshare": 272,
    "open_by_handle_at": 304,
    "setns": 308,
    "renameat2": 316,
    "seccomp": 317,
    "execveat": 322,
    "io_uring_setup": 425,
    "open_tree": 428,
    "move_mount": 429,
    "openat2": 437,
}
_AARCH64 = {
    "unlinkat": 35,
    "symlinkat": 36,
    "linkat": 37,
    "renameat": 38,
    "umount2": 39,
    "mount": 40,
    "pivot_root": 41,
    "truncate": 45,
    "chroot": 51,
    "openat": 56,
    "unshare": 97,
    "execve": 221,
    "open_by_handle_at": 265,
    "setns": 268,
    "renameat2": 276,
    "seccomp": 277,
    "execveat": 281,
    "io_uring_setup": 425,
    "open_tree": 428,
    "move_mount": 429,
    "openat2": 437,
}

AT_FDCWD = -100
AT_REMOVEDIR = 0x200
AT_EMPTY_PATH = 0x1000
CLONE_NEWNS = 0x00020000
RENAME_NOREPLACE = 1
RENAME_EXCHANGE = 2
X32_BIT = 0x40000000

MARKED = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | 1 << 30
"""Flags of an open that the filter lets pass: no kernel and no C library knows the highest bit."""


class Machine:
    """One processor's numbers.

    Attributes:
        name: as `uname -m` has it.
        audit: what `seccomp_data.arch` is for its own programs.
        elf: `e_machine` of its own programs.
        o_directory: the flag of `open`, which is not the same everywhere.
        calls: system calls by name; those that it does not have are missing.
    """

    def __init__(
        self, name: str, *, audit: int, elf: int, o_directory: int, calls: dict[str, int]
    ) -> None:
        self.name = name
        self.audit = audit
        self.elf = elf
        self.o_directory = o_directory
        self.calls = calls


MACHINES = {
    "x86_64": Machine("x86_64", audit=0xC000003E, elf=62, o_directory=0o200000, calls=_X86_64),
    "aarch64": Machine("aarch64", audit=0xC00000B7, elf=183, o_directory=0o40000, calls=_AARCH64),
}


def this_machine() -> Machine | None:
    """Return the numbers of the machine this runs on; None when they are not known."""
    if not hasattr(os, "uname"):
        return None
    return MACHINES.get(os.uname().machine)
