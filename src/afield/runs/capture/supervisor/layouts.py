"""Layouts and requests of `linux/seccomp.h`: notifications, answers, and the sizes of both.

`seccomp_notif` is id (u64), pid, flags (u32) and `seccomp_data`: nr (s32), arch (u32),
instruction pointer and six arguments (u64). Nothing here talks to the kernel.
"""

from __future__ import annotations

import struct

NOTIFICATION = struct.Struct("=QIIiIQ6Q")
QUESTION = struct.Struct("=Q I4x iI8x 5Q8x")
"""What of a notification is looked at: id, pid, nr, arch, five arguments."""

ANSWER = struct.Struct("=QqiI")
DATA_BYTES = 64
SIZES = (NOTIFICATION.size, ANSWER.size, DATA_BYTES)
"""What SECCOMP_GET_NOTIF_SIZES must say: 80, 24 and 64."""

SIZES_FORMAT = struct.Struct("=HHH")

SECCOMP_SET_MODE_FILTER = 1
SECCOMP_GET_ACTION_AVAIL = 2
SECCOMP_GET_NOTIF_SIZES = 3

FLAG_TSYNC = 1 << 0
FLAG_SPEC_ALLOW = 1 << 2
FLAG_NEW_LISTENER = 1 << 3
FLAG_TSYNC_ESRCH = 1 << 4
FLAG_WAIT_KILLABLE_RECV = 1 << 5

RET_USER_NOTIF = 0x7FC00000
RET_ALLOW = 0x7FFF0000

ANSWER_CONTINUE = 1
FD_SYNC_WAKE_UP = 1

_MAGIC = ord("!")
_READ, _WRITE = 2, 1


def _request(direction: int, number: int, size_bytes: int) -> int:
    return direction << 30 | size_bytes << 16 | _MAGIC << 8 | number


RECV = _request(_READ | _WRITE, 0, NOTIFICATION.size)
SEND = _request(_READ | _WRITE, 1, ANSWER.size)
ID_VALID = _request(_READ, 2, 8)  # the direction of before Linux 5.17, which all kernels take
SET_FLAGS = _request(_WRITE, 4, 8)
