"""Reads what ends programs in other languages, and what a signal or a bare exit code says.

C++ and Rust as their run-times print it, R, Python's own fault handler; else the signal; else
the last line on stderr, by which most tools say why they stop.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from afield.runs.failure_parts import MESSAGE_CHARS_MAX, PROJECT, Frame, Raised, Roots, place
from afield.runs.failure_python import FRAMES_MAX, Found

SIGNALS = {
    "SIGABRT": "it gave up (abort)",
    "SIGBUS": "memory that could not be read: a file that shrank, or a full disk under it",
    "SIGFPE": "an impossible calculation",
    "SIGILL": "an instruction that this processor does not have",
    "SIGKILL": "killed at once, as the kernel does when memory runs out",
    "SIGSEGV": "memory that is not its own (segmentation fault)",
    "SIGSYS": "a system call that is not allowed",
    "SIGTERM": "asked to end",
    "SIGTRAP": "stopped at a check of its own",
    "SIGXCPU": "out of its CPU time",
}
"""Signals that end a run and are no person's Ctrl-C, in words."""

ABRUPT = frozenset(SIGNALS) - {"SIGABRT", "SIGTERM"}
"""Signals before which a program has no time to say why."""

_NUMBERS = {6: "SIGABRT", 4: "SIGILL", 7: "SIGBUS", 8: "SIGFPE", 9: "SIGKILL", 11: "SIGSEGV"}
_SHELL_EXIT = 128

_TERMINATE = re.compile(
    r"^(?:terminate called after throwing an instance of '(?P<kind>[^']+)'"
    r"|libc\+\+abi: terminating (?:due to|with) uncaught exception of type (?P<other>.+?)"
    r"(?:: (?P<text>.*))?|(?P<bare>terminate called without an active exception))\s*$"
)
_WHAT = re.compile(r"^\s+what\(\):\s+(.*)$")
_PANIC = re.compile(
    r"^thread '[^']*'(?: \(\d+\))? panicked at "
    r"(?:'(?P<message>.*)', )?(?P<file>[^']+?):(?P<line>\d+):\d+:?\s*$"
)
_R = re.compile(
    r"^Error(?: in (?P<call>[^\n]{1,200}?) ?)?(?: \(from (?P<from>[^)]+)\) ?)?: ?(?P<message>.*)$"
)
_R_HALTED = "Execution halted"
_FATAL = re.compile(r"^Fatal Python error: (?P<message>.+?)\s*$")
_FAULT_FRAME = re.compile(r'^  File "(?P<file>.+?)", line (?P<line>\d+) in (?P<function>.+?)\s*$')
_FATAL_SIGNALS = {
    "Aborted": "SIGABRT",
    "Bus error": "SIGBUS",
    "Floating point exception": "SIGFPE",
    "Floating-point exception": "SIGFPE",
    "Illegal instruction": "SIGILL",
    "Segmentation fault": "SIGSEGV",
}
_THREAD = re.compile(r"^(?:Current thread|Thread|Stack|Extension modules)\b")
_WORD = re.compile(r"[^\W\d_]{3}")


def find_other(lines: Sequence[str], roots: Roots) -> Found | None:
    """Return what a run-time that is not Python's printed last, if it did."""
    for at in range(len(lines) - 1, -1, -1):
        line = lines[at]
        found = (
            _fatal(lines, at, roots)
            or _terminated(lines, at)
            or _panicked(lines, at, roots)
            or (_r_error(lines, at) if line.startswith("Error") else None)
        )
        if found is None:
            continue
        if found.chain[-1].exception == "SIGABRT":  # why it gave up was printed before
            return find_other(lines[:at], roots) or found
        return found
    return None


def signal_of(signal: str | None, exit_code: int | None) -> str | None:
    """Return the signal that ended the run, or, as a shell tells it, a command within."""
    if signal is not None or exit_code is None:
        return signal
    return _NUMBERS.get(exit_code - _SHELL_EXIT)


def by_signal(name: str) -> Raised:
    """Return a failure of which nothing but the signal is known."""
    return Raised(exception=name, message=SIGNALS.get(name, ""))


def by_last_line(lines: Sequence[str], exit_code: int) -> Found | None:
    """Return what the last line says that has words; None when none does."""
    for at in range(len(lines) - 1, -1, -1):
        if _WORD.search(lines[at]):
            text = lines[at].strip()[:MESSAGE_CHARS_MAX]
            return Found((Raised(exception=f"exit {exit_code}", message=text),), at, at + 1)
    return None


def _fatal(lines: Sequence[str], at: int, roots: Roots) -> Found | None:
    """Read what Python's fault handler prints: the innermost frame first."""
    match = _FATAL.match(lines[at])
    if match is None:
        return None
    frames: list[Frame] = []
    end = at + 1
    current = True
    for end in range(at + 1, len(lines)):
        if _THREAD.match(lines[end]):
            current = not lines[end].startswith("Thread")
        found = _FAULT_FRAME.match(lines[end])
        if found and current:
            frame = place(found["file"], int(found["line"]), found["function"], roots)
            frames += [frame] if frame else []
    kept = tuple(reversed(frames[:FRAMES_MAX]))
    name = _FATAL_SIGNALS.get(match["message"], "Fatal Python error")
    raised = Raised(exception=name, message=match["message"], frames=kept)
    return Found((raised,), at, min(end + 1, len(lines)))


def _terminated(lines: Sequence[str], at: int) -> Found | None:
    match = _TERMINATE.match(lines[at])
    if match is None:
        return None
    message, end = match["text"] or match["bare"] or "", at + 1
    if end < len(lines) and (what := _WHAT.match(lines[end])):
        message, end = what[1], end + 1
    kind = match["kind"] or match["other"] or "terminate"
    raised = Raised(exception=kind.strip(), message=message[:MESSAGE_CHARS_MAX])
    return Found((raised,), at, end)


def _panicked(lines: Sequence[str], at: int, roots: Roots) -> Found | None:
    match = _PANIC.match(lines[at])
    if match is None:
        return None
    message, end = match["message"], at + 1
    if message is None and end < len(lines):
        message, end = lines[end].strip(), end + 1
    frame = place(match["file"].strip(), int(match["line"]), "", roots)
    raised = Raised(
        exception="panic",
        message=(message or "")[:MESSAGE_CHARS_MAX],
        frames=(frame,) if frame else (),
    )
    return Found((raised,), at, end)


def _r_error(lines: Sequence[str], at: int) -> Found | None:
    """Read R's error, if R says that it halted for it."""
    match = _R.match(lines[at])
    rest = [line.strip() for line in lines[at + 1 : at + 8]]
    if match is None or _R_HALTED not in rest:
        return None
    message = match["message"].strip()
    if not message and rest:
        message = rest[0]
    call = match["call"]
    frames = (Frame(file="<R>", function=call.partition("(")[0], kind=PROJECT),) if call else ()
    raised = Raised(exception="Error", message=message[:MESSAGE_CHARS_MAX], frames=frames)
    return Found((raised,), at, at + 2 + rest.index(_R_HALTED))
