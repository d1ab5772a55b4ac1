"""Reads Python's tracebacks out of what a program printed, whatever stands around them.

Chains, exception groups, prefixes of ranks and workers, syntax errors, the boxes of rich and the
pages of IPython. Which of several tracebacks ended the run is told by order: the last one, unless
Python says that it ignored it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from afield.runs.failure_parts import MESSAGE_CHARS_MAX, Frame, Raised, Roots, place

CHAIN_MAX = 16
FRAMES_MAX = 64
BLOCKS_MAX = 300
"""Tracebacks that are looked at, from the last one on."""

BLOCK_LINES_MAX = 5_000
"""Lines of one traceback; recursion has some three thousand."""

LATER_LINES_MAX = 60
"""Lines after a traceback, beyond which it is no longer taken for the end of the run."""

_PHRASE = "Traceback (most recent call last)"
_HEADER = re.compile(r"^(?P<prefix>.*?)Traceback \(most recent call last\):\s*$")
_PAGE = re.compile(r"^(?P<name>[A-Za-z_][\w.]*)\s+Traceback \(most recent call last\)\s*$")
_BOX = re.compile(
    r"^(?P<prefix>.*?)\u256d\u2500.*Traceback \(most recent call last\).*\u2500\u256e\s*$"
)
_BOX_FRAME = re.compile(
    r"^\u2502 (?P<file>\S.*?):(?P<line>\d+)(?: in (?P<function>\S+))?\s*\u2502\s*$"
)
_FRAME = re.compile(r'^\s*File "(?P<file>.+?)", line (?P<line>\d+)(?:, in (?P<function>.+?))?\s*$')
_PAGE_FRAME = re.compile(
    r"^(?:File (?P<file>.+?):(?P<line>\d+)(?:, in (?P<function>[^(]+).*)?"
    r"|Cell In\s?\[\d+\], line (?P<cell>\d+)(?:, in (?P<inner>[^(]+).*)?)\s*$"
)
_RAISED = re.compile(
    r"^(?P<name>[^\W\d]\w*(?:\.(?:[^\W\d]\w*|<locals>))*)(?::(?:\s(?P<message>.*))?)?\s*$"
)
_SYNTAX = re.compile(r"^(?:SyntaxError|IndentationError|TabError)\b")
_LEVELS = frozenset({"INFO", "DEBUG", "WARNING", "WARN", "ERROR", "CRITICAL", "FATAL", "NOTE"})
_LINKS = (
    "The above exception was the direct cause of the following exception:",
    "During handling of the above exception, another exception occurred:",
)
_ASIDE = re.compile(
    r"^(?:Exception ignored |Exception in thread |--- Logging error ---|Error in atexit\."
    r"|Task exception was never retrieved|Task was destroyed|Future exception was never)"
)
_GROUP = re.compile(r"^\s*\+ Exception (?:Group )?$")
_GROUP_LINE = re.compile(r"^\s*[|+] ?")
_BOUNDARY = re.compile(r"^\s*\+[-+]{3,}")
MESSENGERS = ("ChildFailedError", "ProcessRaisedException", "RemoteError")
"""Exceptions that only tell of another process's, printed before or below them."""

_LOOK_BACK = 3
_STRAY_LINES_MAX = 40
_MORE_LINES_MAX = 3


@dataclass(slots=True)
class Block:
    """A traceback: lines `begin` to `end` (exclusive); `linked` to the one before it."""

    begin: int
    end: int
    raised: Raised
    members: list[Raised] = field(default_factory=list)
    linked: bool = False
    aside: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """The chain of exceptions that ended a program, causes first, and where it was printed."""

    chain: tuple[Raised, ...]
    begin: int
    end: int


def find_traceback(lines: Sequence[str], roots: Roots, *, exact: str = "") -> Found | None:
    """Return the chain that ended the program; None when no traceback tells.

    Args:
        lines: what it printed, without colours.
        roots: what paths are relative to.
        exact: the exception that is known to have ended it; then no other counts.
    """
    blocks = list(_blocks(lines, roots))
    if not blocks:
        return None
    last = _choose(blocks, exact)
    if last is None:
        return None
    later = sum(1 for line in lines[blocks[last].end :] if line.strip())
    if later > LATER_LINES_MAX and not exact:
        return None
    first = last
    while first and blocks[first].linked and last - first < CHAIN_MAX:
        first -= 1
    chain: list[Raised] = []
    for block in blocks[first : last + 1]:
        chain += [*block.members, block.raised]
    return Found(tuple(chain[-CHAIN_MAX:]), blocks[first].begin, blocks[last].end)


def _choose(blocks: list[Block], exact: str) -> int | None:
    """Return which block ended the program; None when none does."""
    order = range(len(blocks) - 1, -1, -1)
    if exact:
        for at in order:
            if blocks[at].raised.exception.rpartition(".")[2] == exact.rpartition(".")[2]:
                return at
        return None
    straight = [at for at in order if not blocks[at].aside] or list(order)
    for at in straight:
        if not blocks[at].raised.exception.endswith(MESSENGERS):
            return at
    return straight[0]


def _blocks(lines: Sequence[str], roots: Roots) -> Iterator[Block]:
    headers = [at for at, line in enumerate(lines) if _PHRASE in line]
    at = done = headers[-BLOCKS_MAX] if len(headers) > BLOCKS_MAX else 0
    while at < len(lines):
        block = _block_at(lines, at, roots)
        if block is None:
            at += 1
            continue
        block.linked = any(link in line for line in lines[done:at] for link in _LINKS)
        back = lines[max(done, at - _LOOK_BACK) : at]
        block.aside = any(_ASIDE.match(line) for line in back)
        yield block
        done = at = block.end


def _block_at(lines: Sequence[str], at: int, roots: Roots) -> Block | None:
    line = lines[at]
    if _PHRASE not in line:
        return _unparsed(lines, at, roots)
    if header := _HEADER.match(line):
        grouped = _GROUP.match(header["prefix"])
        return _group(lines, at, roots) if grouped else _plain(lines, at, header["prefix"], roots)
    if box := _BOX.match(line):
        return _boxed(lines, at, box["prefix"], roots)
    page = _PAGE.match(line)
    return _page(lines, at, page["name"], roots) if page else None


def _unparsed(lines: Sequence[str], at: int, roots: Roots) -> Block | None:
    """Read what is printed of a script that could not be parsed: no header, one place."""
    found = _FRAME.match(lines[at])
    if found is None or found["function"]:
        return None
    for end in range(at + 1, min(at + 5, len(lines))):
        if _SYNTAX.match(lines[end]):
            frame = _frame(found, roots)
            return _close(lines, end, at, [frame] if frame else [], "")
    return None


def _plain(lines: Sequence[str], at: int, prefix: str, roots: Roots) -> Block | None:
    """Read a traceback of which every line begins with `prefix`."""
    frames: list[Frame] = []
    stray = 0
    for number in _ahead(lines, at):
        line = lines[number]
        if prefix.strip() and not line.startswith(prefix):
            stray += 1  # another process's, in between
        else:
            text = line.removeprefix(prefix)
            if found := _FRAME.match(text):
                frame = _frame(found, roots)
                frames += [frame] if frame else []
                stray = 0
            elif text[:1].strip():
                if _raised(text):
                    return _close(lines, number, at, frames, prefix)
                stray += 1
        if stray > _STRAY_LINES_MAX:
            break
    return None


def _boxed(lines: Sequence[str], at: int, prefix: str, roots: Roots) -> Block | None:
    """Read a traceback as rich draws it."""
    frames: list[Frame] = []
    closed = False
    for number in _ahead(lines, at):
        text = lines[number].removeprefix(prefix)
        if closed:
            return _close(lines, number, at, frames, prefix) if _raised(text) else None
        if found := _BOX_FRAME.match(text):
            frame = _frame(found, roots)
            frames += [frame] if frame else []
        closed = text.startswith("\u2570")
    return None


def _page(lines: Sequence[str], at: int, name: str, roots: Roots) -> Block | None:
    """Read a traceback as IPython prints it."""
    frames: list[Frame] = []
    short = name.rpartition(".")[2]
    for number in _ahead(lines, at):
        line = lines[number]
        if found := _PAGE_FRAME.match(line):
            if found["cell"]:
                function = (found["inner"] or "<module>").strip()
                frames.append(Frame(file="<cell>", line=int(found["cell"]), function=function))
            else:
                frame = _frame(found, roots)
                frames += [frame] if frame else []
        elif (raised := _raised(line)) and raised[0].rpartition(".")[2] == short:
            return _close(lines, number, at, frames, "")
    return None


def _group(lines: Sequence[str], at: int, roots: Roots) -> Block | None:
    """Read an exception group: its own exception, then its members, all with a margin."""
    end = at + 1
    while end < len(lines) and _GROUP_LINE.match(lines[end]):
        end += 1
    found: list[Raised] = []
    frames: list[Frame] = []
    fresh = True
    for line in lines[at + 1 : end]:
        text = _GROUP_LINE.sub("", line, count=1)
        if _BOUNDARY.match(line) or _HEADER.match(text):
            frames, fresh = [], True
        elif match := _FRAME.match(text):
            frame = _frame(match, roots)
            frames += [frame] if frame else []
        elif fresh and text[:1].strip() and (raised := _raised(text)):
            found.append(_raise(*raised, frames))
            frames, fresh = [], False
    if not found:
        return None
    return Block(at, end, found[0], found[1:CHAIN_MAX])


def _close(
    lines: Sequence[str], number: int, begin: int, frames: list[Frame], prefix: str
) -> Block | None:
    """Return the block that ends with the exception on line `number`."""
    raised = _raised(lines[number].removeprefix(prefix))
    if raised is None:
        return None
    name, message = raised
    end = number + 1
    while end < len(lines) and end - number <= _MORE_LINES_MAX:
        more = lines[end].removeprefix(prefix)
        if not more.strip() and not message:
            end += 1
            continue
        indented = more[:1].isspace() and more.strip()
        if not indented and (message or _HEADER.match(more) or more.startswith('"""')):
            break
        message = f"{message}\n{more.strip()}" if message else more.strip()
        end += 1
    return Block(begin, end, _raise(name, message, frames))


def _raised(text: str) -> tuple[str, str] | None:
    found = _RAISED.match(text)
    if found is None or found["name"] in _LEVELS:
        return None
    return found["name"], (found["message"] or "").strip()


def _raise(name: str, message: str, frames: list[Frame]) -> Raised:
    kept = tuple(frames[-FRAMES_MAX:])
    return Raised(exception=name, message=message[:MESSAGE_CHARS_MAX], frames=kept)


def _ahead(lines: Sequence[str], at: int) -> range:
    return range(at + 1, min(len(lines), at + 1 + BLOCK_LINES_MAX))


def _frame(found: re.Match[str], roots: Roots) -> Frame | None:
    return place(found["file"], int(found["line"]), found["function"] or "", roots)
