"""A console is kept as frames: in order, byte for byte but for secrets, in bounded memory."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st

from afield.runs.capture.console import HEADER, STDERR, STDOUT, ConsoleWriter, frames, split
from afield.runs.capture.limits import CONSOLE_HOLD_BYTES_MAX

KEY = b"AKIA" + b"Q7W3E9R5T1Y8U2I4"


class Kept(io.BytesIO):
    """A stream whose bytes can be looked at after it was closed."""

    data = b""

    def close(self):
        self.data = self.getvalue()
        super().close()


class Full(io.BytesIO):
    """A stream on a full disk."""

    def write(self, data):  # noqa: ARG002 - its shape
        raise OSError(28, "No space left on device")


def keep(*chunks, known=None):
    stream = Kept()
    writer = ConsoleWriter(stream, known=known or {})
    for at_ns, (channel, chunk) in enumerate(chunks):
        writer.feed(channel, chunk, at_ns)
    writer.close()
    return stream.data, writer


@given(st.lists(st.tuples(st.sampled_from([STDOUT, STDERR]), st.text("ab\n\r\0é", max_size=20))))
def test_split_gives_back_what_went_in(pieces):
    chunks = [(channel, text.encode()) for channel, text in pieces]
    data, writer = keep(*chunks)
    wanted = [b"".join(chunk for channel, chunk in chunks if channel == one) for one in (1, 2)]
    assert list(split(data)) == wanted
    assert writer.size_bytes == sum(len(chunk) for _, chunk in chunks)


@given(st.integers(0, len(KEY)), st.integers(0, len(KEY)))
def test_a_secret_is_found_however_it_is_cut(first, second):
    text = b"x " + KEY + b" y\n"
    cuts = sorted((first + 2, second + 2))
    pieces = (text[: cuts[0]], text[cuts[0] : cuts[1]], text[cuts[1] :])
    data, writer = keep(*((STDOUT, piece) for piece in pieces))
    assert split(data)[0] == b"x redacted:aws-access-key y\n"
    assert list(writer.rules) == [(STDOUT, "aws-access-key")]


def test_a_private_key_over_many_lines_is_held_together():
    begin, end = b"-----BEGIN PRIVATE KEY-----\n", b"-----END PRIVATE KEY-----\n"
    lines = [begin, *[b"MIIabcdefghijklmnopqrstuvwxyz0123456789\n"] * 20, end, b"after\n"]
    data, _ = keep(*((STDERR, line) for line in lines))
    assert split(data)[1] == b"redacted:private-key\nafter\n"


def test_an_endless_line_is_not_held_for_ever():
    stream = Kept()
    writer = ConsoleWriter(stream, known={})
    piece = b"no end " * 1000
    for _ in range(100):
        writer.feed(STDOUT, piece, 0)
        held = writer.size_bytes - len(split(stream.getvalue())[0])
        assert held <= CONSOLE_HOLD_BYTES_MAX + len(piece)
    writer.close()
    assert split(stream.data)[0] == piece * 100


def test_a_secret_at_the_cut_of_an_endless_line_is_not_kept():
    for shift in range(0, 600, 29):
        line = b"a" * (CONSOLE_HOLD_BYTES_MAX - 500 + shift) + b" " + KEY + b" " + b"b" * 1000
        data, _ = keep((STDOUT, line))
        assert KEY not in split(data)[0]


def test_frames_keep_order_and_time():
    data, _ = keep((STDOUT, b"one\n"), (STDERR, b"two\n"), (STDOUT, b"three\n"))
    assert list(frames(data)) == [(1, 0, b"one\n"), (2, 1, b"two\n"), (1, 2, b"three\n")]


def test_a_torn_last_frame_is_left_out():
    data, _ = keep((STDOUT, b"one\n"), (STDOUT, b"two\n"))
    for cut in range(1, HEADER.size + 4):
        assert split(data[:-cut])[0] == b"one\n"


def test_a_full_disk_is_a_fault_and_no_exception():
    writer = ConsoleWriter(Full(), known={})
    writer.feed(STDOUT, b"line\n" * 10, 0)
    writer.feed(STDOUT, b"more\n", 0)
    writer.close()
    assert writer.fault == "console not kept: No space left on device"
    assert writer.size_bytes == 55
