"""Asks git where the code stands and which files make up the tree; never writes to it.

Optional locks are off (so that not even the index is refreshed), no monitor is started, no
object is made. Every question has a time limit: a repository that cannot answer counts as
none, with a warning on the record.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from afield.runs.capture.limits import GIT_S
from afield.runs.manifest import Git
from afield.runs.secrets import redact

_QUIET = ("-c", "core.fsmonitor=false", "-c", "core.untrackedCache=false", "-c", "gc.auto=0")
_NESTED_MAX = 8


class Listing(msgspec.Struct):
    """The files of a work tree, relative to its root, and the facts beside them."""

    git: Git
    tracked: list[str] = []
    untracked: list[str] = []


class GitSilent(Exception):
    """Git did not answer; the message says why."""


def work_tree_root(folder: str, environ: Mapping[str, str]) -> str | None:
    """Return the root of the work tree that `folder` is in, or None.

    Raises:
        GitSilent: there is a repository, but git will not speak of it.
    """
    if not environ.get("GIT_DIR") and not _has_repository(folder):
        return None
    process = _start(folder, environ, "rev-parse", "--is-inside-work-tree", "--show-toplevel")
    if process is None:
        raise GitSilent("git is not installed: the code is recorded without it")
    out, err = _answer(process)
    lines = out.decode("utf-8", "surrogateescape").splitlines()
    if process.returncode == 0 and len(lines) > 1 and lines[0] == "true":
        return os.path.normpath(lines[1])
    if lines[:1] == ["false"] or b"not a git repository" in err:
        return None
    why = err.decode("utf-8", "replace").strip().splitlines()
    raise GitSilent(f"git does not answer: {why[0] if why else process.returncode}")


def read_work_tree(root: str, environ: Mapping[str, str]) -> Listing:
    """Return the facts and files of the work tree at `root`.

    Raises:
        GitSilent: git failed or took too long.
    """
    questions = [
        _start(root, environ, *words)
        for words in (
            ("status", "--porcelain=v2", "--branch", "-z", "--untracked-files=all", "--no-renames"),
            ("ls-files", "-z", "--cached"),
            ("config", "-z", "--get-regexp", r"^(remote\..*\.url|branch\..*\.remote)$"),
        )
    ]
    answers = []
    for process in questions:
        if process is None:
            raise GitSilent("git is not installed: the code is recorded without it")
        answers.append(_answer(process)[0])
    for process in questions[:2]:
        if process is None or process.returncode:
            raise GitSilent("git does not answer: its status failed")
    status, files, config = ([*_texts(answer)] for answer in answers)
    listing = _read_status(root, status)
    listing.git = _with_remote(listing.git, config)
    tracked, untracked = files, listing.untracked
    listing.tracked, listing.untracked = [], []
    _spread(root, "", tracked, listing.tracked, environ=environ)
    _spread(root, "", untracked, listing.untracked, environ=environ)
    return listing


def _read_status(root: str, status: Sequence[str]) -> Listing:
    commit = branch = None
    untracked = []
    dirty = False
    for line in status:
        kind, _, rest = line.partition(" ")
        if kind == "#":
            name, _, value = rest.partition(" ")
            if name == "branch.oid" and value != "(initial)":
                commit = value
            elif name == "branch.head" and value != "(detached)":
                branch = value
        elif kind == "?":
            untracked.append(rest)
            dirty = True
        elif kind in {"1", "2", "u"}:
            dirty = True
    return Listing(Git(root=root, commit=commit, branch=branch, dirty=dirty), [], untracked)


def _with_remote(git: Git, config: Sequence[str]) -> Git:
    values = dict(line.split("\n", 1) for line in config if "\n" in line)
    name = values.get(f"branch.{git.branch}.remote", "origin")
    urls = [value for key, value in values.items() if key.endswith(".url")]
    url = values.get(f"remote.{name}.url") or (urls[0] if urls else None)
    return Git(
        root=git.root,
        commit=git.commit,
        branch=git.branch,
        remote=redact(url)[0] if url else None,
        dirty=git.dirty,
    )


def _spread(
    root: str,
    prefix: str,
    names: Sequence[str],
    found: list[str],
    *,
    environ: Mapping[str, str],
    depth: int = 0,
) -> None:
    """Add names to `found`; submodules and nested repositories by the files in them."""
    for name in dict.fromkeys(names):
        path = prefix + name.rstrip("/")
        full = f"{root}/{path}"
        if not os.path.isdir(full) or os.path.islink(full):
            found.append(path)
        elif depth < _NESTED_MAX and os.path.lexists(f"{full}/.git"):
            words = ("ls-files", "-z", "--cached", "--others", "--exclude-standard")
            clean = {name: value for name, value in environ.items() if name[:4] != "GIT_"}
            process = _start(full, clean, *words)
            if process is not None:
                inner = [*_texts(_answer(process)[0])]
                _spread(root, f"{path}/", inner, found, environ=clean, depth=depth + 1)


def _has_repository(folder: str) -> bool:
    here = os.path.realpath(folder)
    while True:
        if os.path.lexists(os.path.join(here, ".git")):
            return True
        if os.path.exists(os.path.join(here, "HEAD")) and os.path.isdir(
            os.path.join(here, "objects")
        ):
            return True
        above = os.path.dirname(here)
        if above == here:
            return False
        here = above


def _start(folder: str, environ: Mapping[str, str], *words: str) -> subprocess.Popen[bytes] | None:
    quiet = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    try:
        return subprocess.Popen(
            ["git", *_QUIET, "-C", folder, *words],
            env={**environ, **quiet},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except OSError:
        return None


def _answer(process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    try:
        return process.communicate(timeout=GIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise GitSilent(f"git took longer than {GIT_S:g} s") from None


def _texts(answer: bytes) -> Iterator[str]:
    for part in answer.split(b"\0"):
        if part:
            yield part.decode("utf-8", "surrogateescape")
