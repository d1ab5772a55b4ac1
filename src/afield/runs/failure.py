"""A failure of a run: found in what it printed, named by a fingerprint, kept as an object.

The fingerprint is the same when the same thing fails in the same place with other values, on
another machine, for another person. It and the exception's name stand in the run's end; the
words stand in the object (docs/format/failure.md).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from afield.kernel.digest import digest
from afield.kernel.ids import ObjectId
from afield.runs.failure_others import ABRUPT, by_last_line, by_signal, find_other, signal_of
from afield.runs.failure_parts import (
    ELSEWHERE,
    PROJECT,
    Frame,
    Raised,
    Roots,
    Struct,
    identifying,
    mask_message,
)
from afield.runs.failure_python import Found, find_traceback
from afield.vault import Vault

__all__ = [
    "Failure",
    "Frame",
    "Kept",
    "Raised",
    "Roots",
    "decode",
    "keep",
    "read_failure",
    "roots_here",
]

FAILURE_VERSION = 1
FINGERPRINT_CHARS = 16
TAIL_BYTES_MAX = 512 << 10
"""What is read of the end of each stream."""

TEXT_CHARS_MAX = 24 << 10
"""What is kept of the words of a failure; of more, the beginning and the end."""

LINE_CHARS_MAX = 4 << 10
EXCEPTION_CHARS_MAX = 200

_COLOUR = re.compile(r"\x1b(?:\[[0-?]{0,64}[ -/]{0,8}[@-~]|\][^\x07\x1b\n]{0,512}(?:\x07|\x1b\\))")
_INTERRUPTS = {"SIGINT", "SIGHUP", "SIGQUIT"}
_INTERRUPTED_EXIT = 130
_AFTER_LINES = 12
_RECURSION = "RecursionError"
_GROUP = "ExceptionGroup"
_BY_A_PERSON = "KeyboardInterrupt"


class Failure(Struct, frozen=True, kw_only=True):
    """Why a run failed.

    `exception` is its type as Python prints it, a C++ type, `panic` (Rust), `Error` (R), the name
    of a signal, or `exit N` of a command that only said something. `chain` has the causes first
    and the exception itself last; `text` is what was printed of it.
    """

    v: int = FAILURE_VERSION
    fingerprint: str
    exception: str
    message: str
    chain: tuple[Raised, ...]
    text: str = ""

    @property
    def where(self) -> Frame | None:
        """The innermost place in the project's own code, also of a cause that was raised anew."""
        last = self.chain[-1]
        grouped = last.exception.endswith(_GROUP)
        same = [one for one in self.chain if grouped or one.exception == last.exception]
        for kind in (PROJECT, ELSEWHERE):
            for raised in (*same, *reversed(self.chain)):
                for frame in reversed(raised.frames):
                    if frame.kind == kind:
                        return frame
        return None


class Kept(Struct, frozen=True, kw_only=True):
    """What the end of a run says of its failure; `object` has the rest."""

    fingerprint: str
    exception: str
    object: ObjectId


def read_failure(
    streams: Sequence[str],
    *,
    roots: Roots,
    exit_code: int | None,
    signal: str | None,
    known: Mapping[str, bytes],
    subject: str = "",
    uncaught: Raised | None = None,
) -> Failure | None:
    """Return why a run failed, as far as what it printed and its end tell; without secrets.

    Args:
        streams: the ends of what it printed, that of stderr first.
        roots: what paths are relative to.
        exit_code: of the run; None after a signal.
        signal: that ended it, or None.
        known: values to be replaced wherever they stand, beside what looks like a secret.
        subject: what was run, which tells failures apart that have no place in code.
        uncaught: the exception that is known to have ended it, without its message.

    Returns:
        None when it did not fail, a person stopped it, or nothing tells why it failed.
    """
    stopped = signal in _INTERRUPTS or exit_code in {0, _INTERRUPTED_EXIT}
    if stopped or (exit_code is None and signal is None):  # the latter: nobody saw its end
        return None
    from afield.runs.secrets import redact  # its patterns cost start-up time

    pages = [_lines(redact(text, known=known)[0]) for text in streams]
    name = signal_of(signal, exit_code)
    found = _told(pages, roots, name, uncaught) or _silent(pages, name, exit_code, uncaught)
    if found is None or found[0].chain[-1].exception.endswith(_BY_A_PERSON):
        return None
    return _failure(*found, subject)


def _told(
    pages: Sequence[list[str]], roots: Roots, signal: str | None, uncaught: Raised | None
) -> tuple[Found, list[str]] | None:
    """Return what was printed of an exception, with the page that it stands on."""
    for lines in pages:
        found = _explained(lines, roots, signal, uncaught)
        if found is not None:
            return found, lines
    return None


def _silent(
    pages: Sequence[list[str]], signal: str | None, exit_code: int | None, uncaught: Raised | None
) -> tuple[Found, list[str]] | None:
    """Return what is known of a failure of which no exception was printed."""
    if uncaught is not None:  # it was printed elsewhere, or in a way of its own
        lines = _as_printed(uncaught)
        return Found((uncaught,), 0, len(lines)), lines
    if signal is not None:
        return Found((by_signal(signal),), 0, 0), []
    for lines in pages:
        found = by_last_line(lines, exit_code) if exit_code is not None else None
        if found is not None:
            return found, lines
    return None


def _explained(
    lines: list[str], roots: Roots, signal: str | None, uncaught: Raised | None
) -> Found | None:
    other = find_other(lines, roots)
    if signal in ABRUPT:
        return other if other and other.chain[-1].exception == signal else None
    if uncaught is not None:
        return find_traceback(lines, roots, exact=uncaught.exception)
    trace = find_traceback(lines, roots)
    if trace is None or other is None:
        return trace or other
    return other if other.begin >= trace.end else trace


def _failure(found: Found, lines: list[str], subject: str) -> Failure:
    last = found.chain[-1]
    parts = [
        (
            raised.exception,
            "" if raised.exception == _RECURSION else mask_message(raised.message),
            identifying(raised.frames, unordered=raised.exception == _RECURSION),
        )
        for raised in found.chain
    ]
    placed = any(frames for _, _, frames in parts)
    whole = msgspec.json.encode([FAILURE_VERSION, "" if placed else subject, parts])
    text = "\n".join(lines[found.begin : found.end + _AFTER_LINES]).strip("\n")
    if len(text) > TEXT_CHARS_MAX:
        half = TEXT_CHARS_MAX // 2
        text = f"{text[:half]}\n…\n{text[-half:]}"
    return Failure(
        fingerprint=digest(whole)[:FINGERPRINT_CHARS],
        exception=last.exception[:EXCEPTION_CHARS_MAX],
        message=last.message,
        chain=found.chain,
        text=text,
    )


def _as_printed(raised: Raised) -> list[str]:
    places = [f'  File "{one.file}", line {one.line}, in {one.function}' for one in raised.frames]
    return ["Traceback (most recent call last):", *places, raised.exception]


def roots_here() -> Roots:
    """Return what paths of this process are relative to: the git work tree it is in, or folder.

    Raises:
        OSError: that folder is gone.
    """
    folder = Path.cwd()
    for root in (folder, *folder.parents):
        if (root / ".git").exists():
            return Roots(project=str(root), folder=str(folder))
    return Roots(project=str(folder), folder=str(folder))


def _lines(text: str) -> list[str]:
    """Return the lines as a terminal would show them, without colours."""
    plain = _COLOUR.sub("", text.encode("utf-8", "replace").decode()).replace("\r\n", "\n")
    lines = plain.rstrip("\r\n").split("\n")
    return [line.rpartition("\r")[2][:LINE_CHARS_MAX] for line in lines]


def keep(vault: Vault, failure: Failure) -> Kept:
    """Put a failure into the vault; the caller flushes.

    Raises:
        OSError: the vault cannot be written.
    """
    data = msgspec.json.encode(failure, order="sorted")
    return Kept(
        fingerprint=failure.fingerprint,
        exception=failure.exception,
        object=vault.put(data, meta=True),
    )


def decode(data: bytes) -> Failure:
    """Parse a failure.

    Raises:
        msgspec.ValidationError: the bytes are none.
    """
    return msgspec.json.decode(data, type=Failure)
