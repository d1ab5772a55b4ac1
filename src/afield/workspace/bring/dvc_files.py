"""DVC's own small files, as text: `*.dvc`, `dvc.lock`, the lists of folders. Pure.

They are told in DVC's documentation of its files and directories. Every value is taken as text,
so that a digest of digits alone stays what it is.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from afield.datasets.walk import link_stays_inside

LOCK = "dvc.lock"
SUFFIX = ".dvc"
FOLDER_SUFFIX = ".dir"
MD5_CHARS = 32
OUTSIDE = "it lies outside of the repository"
NO_MD5 = "DVC keeps it under no MD5"
_OTHERWISE = frozenset({"etag", "checksum", "version_id", "cloud", "files", "md5"})
"""What stands in an output that was made, when no MD5 does."""


class Unreadable(Exception):
    """A file is not as DVC writes it; the message says why."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A file of a folder: its path there, and its MD5."""

    path: str
    md5: str


@dataclass(frozen=True, slots=True)
class Output:
    """Data that a file of DVC's names.

    Attributes:
        path: from the repository's root; parts are separated by `/`.
        md5: of the file, or with `.dir` behind it of the list of the folder's files.
        size_bytes: as the file says; None when it does not.
        files_count: as the file says; 1 when it does not.
        program: it may be executed.
        legacy: of DVC 1 and 2, whose digests of texts take line ends of Windows as those of Unix.
        files: the files of a folder, where they are listed in place.
    """

    path: str
    md5: str
    size_bytes: int | None
    files_count: int
    program: bool
    legacy: bool
    files: tuple[Listed, ...] = ()

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.md5.endswith(FOLDER_SUFFIX)


@dataclass(frozen=True, slots=True)
class Names:
    """What a file of DVC's names.

    Attributes:
        outputs: in its order.
        passed_over: paths of outputs that cannot be brought, as they are written, and why.
    """

    outputs: list[Output]
    passed_over: list[tuple[str, str]]


def is_dvc_file(path: str) -> bool:
    """Tell by its path whether a file names outputs."""
    name = posixpath.basename(path)
    return name == LOCK or (name.endswith(SUFFIX) and name != SUFFIX)


def names_of(path: str, data: bytes) -> Names:
    """Return the outputs that a file names; of those that were never made nothing is said.

    Args:
        path: of the file, from the repository's root.
        data: what it holds.

    Raises:
        Unreadable: it is not as DVC writes it.
    """
    import yaml

    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        found = yaml.load(data, Loader=loader)  # noqa: S506 - BaseLoader makes text, lists, dicts
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable("it is no YAML") from error
    if not isinstance(found, dict):
        raise Unreadable("it names no outputs")
    folder = posixpath.dirname(path)
    stages: list[Any] = [found]
    if posixpath.basename(path) == LOCK:
        named = found.get("stages")  # DVC 2 and later; DVC 1 has the stages at the top
        stages = list((named if isinstance(named, dict) else found).values())
    passed_over: list[tuple[str, str]] = []
    outputs = [one for stage in stages for one in _outputs(stage, folder, passed_over)]
    return Names(outputs, passed_over)


def files_of(data: bytes) -> tuple[Listed, ...]:
    """Return the files of a folder, from the list that DVC keeps of it.

    Raises:
        Unreadable: it is no such list, or names a path outside of the folder.
    """
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Unreadable("the list of its files is no JSON") from error
    return _listed(found)


def _outputs(stage: Any, folder: str, passed_over: list[tuple[str, str]]) -> Iterator[Output]:
    outs = stage.get("outs") if isinstance(stage, dict) else None
    wdir = stage.get("wdir", ".") if isinstance(stage, dict) else "."
    for out in outs if isinstance(outs, list) else ():
        md5 = out.get("md5") if isinstance(out, dict) else None
        path = out.get("path") if isinstance(out, dict) else None
        if not isinstance(path, str):
            continue
        full = posixpath.normpath(posixpath.join(folder, str(wdir), path))
        if full.startswith(("../", "/")) or full in {".", ".."} or "://" in path:
            passed_over.append((path, OUTSIDE))
            continue
        if not isinstance(md5, str) or not is_md5(md5):
            if _OTHERWISE & out.keys():  # else it was not made yet
                passed_over.append((full, NO_MD5))
            continue
        size, count = str(out.get("size", "")), str(out.get("nfiles", ""))
        files = _listed(out["files"]) if isinstance(out.get("files"), list) else ()
        yield Output(
            path=full,
            md5=md5,
            size_bytes=int(size) if size.isdecimal() else None,
            files_count=int(count) if count.isdecimal() else 1,
            program=out.get("isexec") == "true",
            legacy=out.get("hash") != "md5",
            files=files,
        )


def is_md5(text: str) -> bool:
    """Tell whether a text is an MD5, of a file or of a folder."""
    digits = text.removesuffix(FOLDER_SUFFIX)
    return len(digits) == MD5_CHARS and not digits.strip("0123456789abcdef")


def _listed(found: Any) -> tuple[Listed, ...]:
    files = []
    for one in found if isinstance(found, list) else (None,):
        path = one.get("relpath") if isinstance(one, dict) else None
        md5 = one.get("md5") if isinstance(one, dict) else None
        if not isinstance(path, str) or not isinstance(md5, str) or not is_md5(md5):
            raise Unreadable("the list of its files cannot be read")
        if not link_stays_inside("", path):
            raise Unreadable(f"it lists `{path}`, which is outside of it")
        files.append(Listed(path, md5))
    return tuple(files)
