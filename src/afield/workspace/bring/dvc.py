"""Bringing a DVC repository: which data its history names, what of it is here, and keeping it.

Each output of a `.dvc` file or `dvc.lock` becomes a dataset, each content that it had over the
commits of a branch a version. DVC itself is not needed, and nothing of the repository is changed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from afield.datasets.limits import NAME_CHARS_MAX
from afield.datasets.reference import parse_name
from afield.kernel.digest import digest
from afield.workspace.bring.dvc_cache import Places
from afield.workspace.bring.dvc_files import (
    SUFFIX,
    Output,
    Unreadable,
    files_of,
    is_dvc_file,
    names_of,
)
from afield.workspace.bring.dvc_keep import Keeping
from afield.workspace.bring.errors import SourceNotFound
from afield.workspace.bring.git_history import Change, Commit, History
from afield.workspace.bring.versions import State, fresh, known_keys
from afield.workspace.workspace import Workspace

KIND = "dvc"
_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")


@dataclass(frozen=True, slots=True)
class Seen:
    """A content of an output, and the commit that brought it.

    Attributes:
        lacks: MD5s of what is neither in the cache nor at a remote that is a folder here.
        why: why it cannot be kept, in words; None when nothing is known to be in the way.
    """

    commit: Commit
    output: Output
    lacks: tuple[str, ...] = ()
    why: str | None = None

    @property
    def whole(self) -> bool:
        """Whether all of it seems to be here."""
        return not self.lacks and self.why is None


@dataclass(slots=True)
class Found:
    """An output over the history: what it is called here, and its contents, oldest first."""

    name: str
    path: str
    seen: list[Seen]
    new: frozenset[int] = frozenset()

    @property
    def whole(self) -> list[Seen]:
        """The contents that seem to be here; no two alike in a row."""
        kept: list[Seen] = []
        for one in self.seen:
            if one.whole and (not kept or kept[-1].output.md5 != one.output.md5):
                kept.append(one)
        return kept


@dataclass(slots=True)
class Repository:
    """What a DVC repository holds, as far as it was asked for.

    Attributes:
        root: the folder that holds `.dvc`.
        commit: up to which the history was read.
        found: the outputs, by path.
        unreadable: files of DVC's that cannot be read, with the commit and why.
        in_git: paths of outputs that git itself keeps (metrics, say): they are passed over.
        passed_over: outputs that cannot be brought, as they are written: the file of DVC's that
            names each first, and why.
        shallow: older commits were never fetched.
    """

    root: str
    commit: str
    places: Places
    found: list[Found] = field(default_factory=list)
    unreadable: list[tuple[str, str, str]] = field(default_factory=list)
    in_git: list[str] = field(default_factory=list)
    passed_over: dict[str, tuple[str, str]] = field(default_factory=dict)
    shallow: bool = False


def look(
    workspace: Workspace, path: str, *, rev: str, name: str | None, environ: Mapping[str, str]
) -> Repository:
    """Read the history of a DVC repository; no data is read.

    Args:
        workspace: knows what was brought before.
        path: the repository, a folder in it, a `.dvc` file, or an output; absolute.
        rev: the end of the history.
        name: what the dataset is to be called, when there is one only.
        environ: for git.

    Raises:
        SourceNotFound: there is no repository, commit or output.
        SourceUnreadable: git is missing, or will not speak of it.
        NameBad: no dataset may be called so.
    """
    root = _root(path)
    history = History(root, environ)
    prefix = os.path.relpath(os.path.realpath(root), os.path.realpath(history.top))
    prefix = "" if prefix == "." else prefix.replace(os.sep, "/") + "/"
    repository = Repository(root, history.resolve(rev), Places(root), shallow=history.is_shallow)
    inside = os.path.relpath(os.path.abspath(path), root).replace(os.sep, "/")
    changes = history.changes(
        repository.commit, lambda found: found.startswith(prefix) and is_dvc_file(found)
    )
    by_path = _over_time(history, changes, prefix, inside, repository)
    if not by_path and not repository.passed_over:
        why = "its history names no data of DVC's"
        raise SourceNotFound("nothing to import", path, why, hint="git log --stat -- '*.dvc'")
    names = _names(by_path, name)
    workspace.refresh()
    for each, seen in sorted(by_path.items()):
        looked = [*_looked(history, prefix, seen, repository)]
        if looked:
            found = Found(names[each], each, looked)
            keys = [one.output.md5 for one in found.whole]
            found.new = frozenset(fresh(keys, known_keys(workspace, found.name, KIND)))
            repository.found.append(found)
    return repository


def states(found: Found, keeping: Keeping, clean: Callable[[str], str]) -> list[State]:
    """Return the contents of an output that seem to be here, as states for `versions.bring`.

    Args:
        found: one of the outputs that `look` found.
        keeping: keeps the bytes.
        clean: replaces secrets in what people wrote.
    """
    told = []
    for one in found.whole:
        about = {
            "place": found.path,
            "commit": one.commit.id,
            "author": one.commit.author,
            "mail": one.commit.mail,
            "date": one.commit.date,
        }
        keep = keeping.later(one.output, f"{found.path} of commit {one.commit.id[:8]}")
        told.append(State(one.output.md5, about, clean(one.commit.message), keep))
    return told


def _root(path: str) -> str:
    here = path
    while not os.path.isdir(os.path.join(here, ".dvc")):
        above = os.path.dirname(here)
        if above == here:
            why = "there is no `.dvc` folder at or above it"
            hint = "afield import folder PATH… for plain folders"
            raise SourceNotFound("no DVC repository", path, why, hint=hint)
        here = above
    return here


def _over_time(
    history: History, changes: Sequence[Change], prefix: str, inside: str, repository: Repository
) -> dict[str, list[Seen]]:
    """Return the contents of each output that is meant, by path; no two alike in a row."""
    blobs = list(dict.fromkeys(change.blob for change in changes if change.blob))
    texts = dict(zip(blobs, history.blobs(blobs), strict=True))
    by_path: dict[str, list[Seen]] = {}
    for change in changes:
        path = change.path.removeprefix(prefix)
        try:
            names = names_of(path, texts.get(change.blob or "") or b"{}")
        except Unreadable as error:
            fault = (path, change.commit.id, str(error))
            if fault not in repository.unreadable:
                repository.unreadable.append(fault)
            continue
        for each, why in names.passed_over:
            if _is_meant(inside, path, each) and each not in repository.passed_over:
                repository.passed_over[each] = (path, why)
        for output in names.outputs:
            if not _is_meant(inside, path, output.path):
                continue
            seen = by_path.setdefault(output.path, [])
            if not seen or seen[-1].output.md5 != output.md5:
                seen.append(Seen(change.commit, output))
    return by_path


def _is_meant(inside: str, file: str, output: str) -> bool:
    if inside.endswith(SUFFIX) and inside != SUFFIX:
        return inside == file
    return inside in {".", output, file} or output.startswith(inside + "/")


def _looked(
    history: History, prefix: str, seen: Sequence[Seen], repository: Repository
) -> Iterator[Seen]:
    """Yield contents with what of them is not here; none that git itself keeps."""
    looked = [(one, *_lacks(one.output, repository.places)) for one in seen]
    asked = [
        f"{one.commit.id}:{prefix}{one.output.path}"
        for one, _, _ in looked
        if not one.output.is_folder
    ]
    in_git = dict(zip(asked, history.blobs(asked), strict=True)) if asked else {}
    for one, lacks, why in looked:
        if in_git.get(f"{one.commit.id}:{prefix}{one.output.path}") is None:
            yield Seen(one.commit, one.output, lacks, why)
        elif one.output.path not in repository.in_git:
            repository.in_git.append(one.output.path)


def _lacks(output: Output, places: Places) -> tuple[tuple[str, ...], str | None]:
    """Return what of an output is not here, and why it cannot be kept when that shows already."""
    if not output.is_folder:
        return (() if places.has(output.md5) else (output.md5,)), None
    files = output.files
    if not files:
        path = places.find(output.md5)
        if path is None:
            return (output.md5,), None
        try:
            with open(path, "rb") as stream:
                files = files_of(stream.read())
        except Unreadable as error:
            return (), str(error)
    return tuple(dict.fromkeys(one.md5 for one in files if not places.has(one.md5))), None


def _names(by_path: Mapping[str, object], name: str | None) -> dict[str, str]:
    """Return what each output is called as a dataset: by its path, `/` as `-`."""
    if name is not None:
        parse_name(name)
        if len(by_path) > 1:
            known = ", ".join(sorted(by_path)[:5])
            why = f"there are {len(by_path)} outputs: {known}"
            hint = "name one of them as PATH"
            raise SourceNotFound("cannot give one name", name, why, hint=hint)
        return dict.fromkeys(by_path, name)
    found: dict[str, str] = {}
    taken: set[str] = set()
    for path in sorted(by_path):
        plain = "".join(sign if sign in _NAME else "-" for sign in path).lstrip(".-") or "data"
        mark = "-" + digest(os.fsencode(path))[:6]
        if len(plain) > NAME_CHARS_MAX or plain in taken:
            plain = plain[: NAME_CHARS_MAX - len(mark)] + mark
        taken.add(plain)
        found[path] = plain
    return found
