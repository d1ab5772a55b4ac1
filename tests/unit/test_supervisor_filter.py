"""The filter, run as the kernel runs it, for both processors: what is asked about, what is not."""

from __future__ import annotations

import os
import struct

import pytest

from afield.runs.capture.supervisor.bpf import build, build_for
from afield.runs.capture.supervisor.known import (
    FILES_TOLD_EACH,
    FILES_TOLD_MAX,
    KnownPaths,
    Nobodys,
)
from afield.runs.capture.supervisor.layouts import (
    ID_VALID,
    NOTIFICATION,
    RECV,
    RET_ALLOW,
    RET_USER_NOTIF,
    SEND,
    SET_FLAGS,
)
from afield.runs.capture.supervisor.numbers import MACHINES, MARKED

pytestmark = pytest.mark.skipif(os.name == "nt", reason="flags of POSIX")
O_PATH = 0o10000000


def run_filter(program, *, number, arch, arguments=()):
    """Interpret a classic packet filter over `struct seccomp_data`."""
    words = [*arguments, 0, 0, 0, 0, 0, 0][:6]
    data = struct.pack("=iIQ6Q", number, arch, 0, *words)
    lines = list(struct.iter_unpack("=HBBI", program))
    at = held = 0
    while True:
        code, if_true, if_false, value = lines[at]
        at += 1
        if code == 0x20:
            held = int.from_bytes(data[value : value + 4], "little")
        elif code == 0x06:
            return value
        else:
            met = {0x15: held == value, 0x35: held >= value, 0x45: bool(held & value)}[code]
            at += if_true if met else if_false


@pytest.fixture(params=sorted(MACHINES))
def machine(request):
    return MACHINES[request.param]


@pytest.fixture
def asks(machine):
    """Return a function that tells whether the kernel asks about a call of this machine."""
    program = build(machine)

    def call(name, *arguments, arch=machine.audit, more=0):
        number = machine.calls[name] + more
        found = run_filter(program, number=number, arch=arch, arguments=arguments)
        assert found in (RET_ALLOW, RET_USER_NOTIF)
        return found == RET_USER_NOTIF

    return call


def test_every_call_that_reaches_files_is_asked_about(machine, asks):
    silent = {"seccomp", "unshare"}
    assert {name for name in machine.calls if not asks(name)} == silent


def test_opens_of_folders_and_of_paths_alone_are_let_through(machine, asks):
    assert asks("openat", 3, 0, os.O_RDWR | os.O_CREAT)
    assert not asks("openat", 3, 0, machine.o_directory)
    assert not asks("openat", 3, 0, O_PATH)
    if "open" in machine.calls:
        assert not asks("open", 0, machine.o_directory)


def test_an_open_that_bears_the_mark_is_let_through_only_where_its_process_tells_it(machine):
    arch, number = machine.audit, machine.calls["openat"]

    def asks(program, flags):
        found = run_filter(program, number=number, arch=arch, arguments=(0, 0, flags))
        return found == RET_USER_NOTIF

    plain, marked = build(machine), build(machine, marked=True)
    assert asks(plain, MARKED)
    assert not asks(marked, MARKED)
    for flags in (MARKED ^ os.O_CLOEXEC, MARKED | os.O_RDWR, MARKED | os.O_CREAT, os.O_CLOEXEC):
        assert asks(marked, flags)
    assert not asks(marked, machine.o_directory)


def test_folders_that_are_removed_are_let_through(asks):
    assert asks("unlinkat", 3, 0, 0)
    assert not asks("unlinkat", 3, 0, 0x200)


def test_a_mount_namespace_is_asked_about_and_other_namespaces_are_not(asks):
    assert asks("unshare", 0x00020000)
    assert not asks("unshare", 0x10000000)


def test_programs_of_another_kind_are_let_through(machine, asks):
    for name in machine.calls:
        assert not asks(name, arch=0x40000003)
        assert not asks(name, more=0x40000000)


def test_calls_that_are_not_named_are_let_through(machine):
    program = build(machine)
    named = set(machine.calls.values())
    for number in set(range(600)) - named:
        assert run_filter(program, number=number, arch=machine.audit) == RET_ALLOW


def test_a_trial_asks_about_one_call(machine):
    program = build_for(machine, "truncate")
    asked = [
        number
        for number in range(600)
        if run_filter(program, number=number, arch=machine.audit) == RET_USER_NOTIF
    ]
    assert asked == [machine.calls["truncate"]]


def test_requests_are_those_of_the_kernels_headers():
    assert (RECV, SEND, SET_FLAGS) == (0xC0502100, 0xC0182101, 0x40082104)
    assert ID_VALID == 0x80082102
    assert NOTIFICATION.size == 80


def test_folders_of_nobodys_data_are_told_apart_from_the_project():
    nobodys = Nobodys(b"/p/", (b"/p/.afield/",), (b"/usr/lib/", b"/p2/"))
    assert nobodys.has(b"/p/.afield/x")
    assert nobodys.has(b"/usr/lib/x")
    assert nobodys.has(b"/tmp/x.lock")
    assert nobodys.has(b"/p/.venv/lib/python3.12/site-packages/x.csv")
    assert nobodys.has(b"/p/m.pyc")
    for path in (b"/p/x", b"/p/uv.lock", b"/tmp/x", b"/p/usr/lib/x"):
        assert not nobodys.has(path)


def test_a_project_below_an_environment_is_somebodys():
    assert not Nobodys(b"/v/site-packages/p/").has(b"/v/site-packages/p/data.csv")


def test_after_very_many_files_the_folder_is_told():
    known = KnownPaths()
    told = [known.reading(b"/d/%d" % number) for number in range(FILES_TOLD_MAX)]
    assert set(told) == {None}
    late = [known.reading(b"/e/%d" % number) for number in range(FILES_TOLD_EACH + 1)]
    assert late == [None] * FILES_TOLD_EACH + [b"/e"]
    known.forget_all()
    assert known.reading(b"/e/0") is None
