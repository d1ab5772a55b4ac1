"""What a failure consists of, and what of it is the same wherever it happens.

Places of code are named by project, distribution or file name; numbers, addresses, paths and
other values of a message are masked. Reading a console and storing live elsewhere.
"""

from __future__ import annotations

import posixpath
import re

import msgspec

PROJECT = "project"
LIBRARY = "library"
PYTHON = "python"
ELSEWHERE = "elsewhere"

MESSAGE_CHARS_MAX = 500

_DRIVE = re.compile(r"^[A-Za-z]:[\\/]")
_PACKAGES = re.compile(r"[\\/](?:site|dist)-packages[\\/](.+)$")
_STANDARD = re.compile(
    r"[\\/]lib(?:64)?[\\/]python3\.\d+t?[\\/](.+)$|[\\/]Python3\d+t?[\\/]Lib[\\/](.+)$"
    r"|[\\/]python3\d+\.zip[\\/](.+)$",
    re.IGNORECASE,
)
_CELL = re.compile(r"^<ipython-input-\d+-[0-9a-f]+>$|[\\/]ipykernel_\d+[\\/]\d+\.py$")
_GENERATED = re.compile(r"^<(?:__array_function__|attrs generated|decorator-gen|frozen|magic)")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]+|(?<![\w.])(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{8,}\b")
_UUID = re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b")
_URL = re.compile(r"\b[a-z][a-z0-9+.-]{1,15}://[^\s'\"`<>]+")
_PATH = re.compile(
    r"(?<![\w./\\~#])(?:[A-Za-z]:[\\/]|~[\\/]|\.{1,2}[\\/]|/(?=[\w.~]))[^\s'\"`,;:()\[\]{}<>]*"
    r"|(?<![\w./\\])[\w.-]+(?:/[\w.-]+)*/[\w-]+\.[A-Za-z]\w{0,7}\b"
)
_QUOTED = re.compile(
    r"(?<!\w)'([^'\n]*)'(?!\w)|\"([^\"\n]*)\"|`([^`\n]*)`|\u2018([^\u2019\n]*)\u2019"
)
_NAME = re.compile(r"[A-Za-z_][\w.-]{0,63}(?:\(\))?|\W{1,8}")
_NUMBER = re.compile(r"[-+]?(?:\d[\d_]*(?:[.,]\d+)*(?:[eE][-+]?\d+)?|(?<![\w.])(?:nan|inf)\b)")
_SEVERAL = re.compile(r"#(?:(?:,\s*|\s*x\s*|\s+)#)+,?")
_ERRNO = re.compile(r"^\[(?:Errno|WinError) ")
_INLINED = frozenset({"<listcomp>", "<dictcomp>", "<setcomp>"})
"""Frames that Python has since 3.12 no more."""

_HINT = re.compile(r"[.;]? \(?(?:Did you mean|Did you forget|Or did you)\b[^\n]*")
_BLANKS = re.compile(r"\s+")


class Struct(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of the parts of a failure."""


class Frame(Struct, frozen=True, kw_only=True):
    """A place in a traceback.

    `file` is relative to the project (`project`), to the folder of packages (`library`) or to
    Python's own library (`python`), else as it was printed; `function` is empty where none was.
    """

    file: str
    line: int | None = None
    function: str = ""
    kind: str = PROJECT


class Raised(Struct, frozen=True, kw_only=True):
    """One exception of a chain, with its frames from the outermost to where it was raised."""

    exception: str
    message: str = ""
    frames: tuple[Frame, ...] = ()


class Roots(Struct, frozen=True, kw_only=True):
    """Where the project lies and the command ran, absolute; empty when nobody knows."""

    project: str = ""
    folder: str = ""


def place(file: str, line: int | None, function: str, roots: Roots) -> Frame | None:
    """Return the frame of a file as it was printed; None for Python's own machinery."""
    if _CELL.search(file):
        return Frame(file="<cell>", line=line, function=function)
    if file.startswith("<"):
        if file.startswith("<frozen "):
            return None
        kind = LIBRARY if _GENERATED.match(file) else PROJECT
        return Frame(file=file, line=line, function=function, kind=kind)
    for pattern, kind in ((_PACKAGES, LIBRARY), (_STANDARD, PYTHON)):
        found = pattern.search(file)
        if found:
            inner = next(group for group in found.groups() if group)
            return Frame(file=_posix(inner), line=line, function=function, kind=kind)
    path, kind = _in_project(_posix(file), roots)
    return Frame(file=path, line=line, function=function, kind=kind)


def _in_project(path: str, roots: Roots) -> tuple[str, str]:
    root, folder = _posix(roots.project), _posix(roots.folder)
    whole = path
    if not path.startswith("/") and not _DRIVE.match(path):
        whole = posixpath.normpath(posixpath.join(folder or root, path))
        if not (folder or root):
            return whole, PROJECT
    if root and root != "/" and whole.startswith(root.rstrip("/") + "/"):
        return whole[len(root.rstrip("/")) + 1 :], PROJECT
    return whole, ELSEWHERE


def _posix(path: str) -> str:
    return path.replace("\\", "/") if _DRIVE.match(path) or "/" not in path else path


def mask_message(message: str) -> str:
    """Return what of a message is the same when the same thing fails with other values.

    Short names in quotes stay (`No module named 'x'`); all else in quotes is masked.
    """
    text = _HINT.sub("", message[:MESSAGE_CHARS_MAX])
    text = _URL.sub("<url>", text)
    text = _UUID.sub("#", text)
    strict = bool(_ERRNO.match(text))

    def quoted(found: re.Match[str]) -> str:
        inner = next(group for group in found.groups() if group is not None)
        return f"'{inner}'" if not strict and _NAME.fullmatch(inner) else "'…'"

    text = _QUOTED.sub(quoted, text)
    text = _PATH.sub("<path>", text)
    text = _ADDRESS.sub("#", text)
    text = _NUMBER.sub("#", text)
    text = _SEVERAL.sub("#", text)
    return _BLANKS.sub(" ", text).strip()


def identifying(frames: tuple[Frame, ...], *, unordered: bool) -> list[list[str]]:
    """Return the places that tell failures apart, without lines and repetitions.

    Python's own files differ between its versions, and where a file outside project and
    packages lies differs between people: of those only the name counts. `unordered` is for
    recursion, of which nobody knows where in the circle it ended.
    """
    found = {
        (posixpath.basename(one.file) if one.kind == ELSEWHERE else one.file, one.function): None
        for one in frames
        if one.kind != PYTHON and one.function not in _INLINED
    }
    return [list(pair) for pair in (sorted(found) if unordered else found)]
