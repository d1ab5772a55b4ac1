"""Whether standard input was read is told from outside, without taking a byte of it."""

from __future__ import annotations

import os

import pytest

from afield.runs.capture.stdin import StdinWatch


@pytest.fixture
def pipe():
    ends = list(os.pipe())
    yield ends
    for end in ends:
        if end is not None:
            os.close(end)


def close_writer(pipe):
    os.close(pipe[1])
    pipe[1] = None


@pytest.mark.parametrize("amount", [0, 1, 5])
def test_a_file_counts_when_it_was_read(tmp_path, amount):
    (tmp_path / "x").write_text("hello")
    descriptor = os.open(tmp_path / "x", os.O_RDONLY)
    watch = StdinWatch(descriptor)
    os.read(descriptor, amount)
    assert watch.read_from() == ("a file" if amount else None)
    os.close(descriptor)


def test_a_pipe_counts_when_what_waited_in_it_is_gone(pipe):
    os.write(pipe[1], b"hello")
    close_writer(pipe)
    watch = StdinWatch(pipe[0])
    assert watch.read_from() is None
    assert os.read(pipe[0], 2) == b"he"
    assert watch.read_from() == "a pipe"


def test_a_pipe_that_was_filled_and_closed_meanwhile_counts(pipe):
    watch = StdinWatch(pipe[0])
    os.write(pipe[1], b"hello")
    os.read(pipe[0], 5)
    close_writer(pipe)
    assert watch.read_from() == "a pipe"


def test_a_pipe_that_nobody_writes_to_does_not_count(pipe):
    watch = StdinWatch(pipe[0])
    assert watch.read_from() is None
    close_writer(pipe)
    assert StdinWatch(pipe[0]).read_from() is None


def test_the_null_device_and_a_closed_descriptor_do_not_count():
    descriptor = os.open(os.devnull, os.O_RDONLY)
    assert StdinWatch(descriptor).read_from() is None
    os.close(descriptor)
    assert StdinWatch(descriptor).read_from() is None
