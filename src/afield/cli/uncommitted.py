"""What a run's code had that its commit has not, as a unified diff; where git still knows that.

Reads only: git by plumbing that writes nothing, the vault by digest. Files that lost a secret on
their way into the record are named and not shown: the commit still holds it.
"""

from __future__ import annotations

import difflib
import hashlib
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from afield.kernel.errors import AfieldError
from afield.kernel.ids import ObjectId, parse_object_id
from afield.runs.manifest import Git, Manifest
from afield.runs.secrets import redact
from afield.vault import Vault
from afield.vault.tree import TreeEntry

DIFF_LINES_MAX = 200
LINE_CHARS_MAX = 240
FILE_BYTES_MAX = 512 << 10
FILES_MAX = 50
LOOKED_AT_BYTES_MAX = 64 << 20
GIT_S = 20.0

_SHA256_CHARS = 64
_POINTER = b"version https://git-lfs"


@dataclass(slots=True)
class Uncommitted:
    """How the code of a run differs from its commit; `why` says so when that is not known here."""

    changed: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    diff: list[str] = field(default_factory=list)
    why: str | None = None


def uncommitted(
    manifest: Manifest,
    vault: Vault,
    *,
    folder: str,
    environ: Mapping[str, str],
    known: Mapping[str, bytes],
) -> Uncommitted | None:
    """Return what was not committed; None when all was, or there is no git.

    Args:
        manifest: of the run.
        vault: where its code lies.
        folder: where the person stands, in case the run's own repository is elsewhere.
        environ: for git.
        known: secrets of the person, to be replaced in what is shown.
    """
    git, code = manifest.git, manifest.code
    if git is None or not git.dirty:
        return None
    if git.commit is None or code is None:
        return Uncommitted(why="there was no commit yet")
    where = _repository(git, folder, environ)
    if where is None:
        return Uncommitted(why="the commit is not in a repository here")
    try:
        entries = vault.get_tree(parse_object_id(code.tree))
        committed = _listing(where, git.commit, environ)
    except (AfieldError, OSError, subprocess.SubprocessError) as error:
        return Uncommitted(why=f"it cannot be read: {error}")
    made = {one.path for one in manifest.outputs}
    hidden = frozenset(one.name for one in manifest.redactions if one.where == "code")
    look = _Look(vault, where, environ, known, hidden)
    for entry in entries:
        if entry.path in made:
            continue
        if entry.path not in committed:
            look.found.added.append(entry.path)
        elif not look.at(entry, *committed[entry.path]):
            look.found.why = "more code than is looked at here"
            break
    return look.found


class _Look:
    """Compares files of a run with those of its commit, as long as bounds allow."""

    def __init__(
        self,
        vault: Vault,
        where: str,
        environ: Mapping[str, str],
        known: Mapping[str, bytes],
        hidden: frozenset[str],
    ) -> None:
        self.found = Uncommitted()
        self._vault = vault
        self._where = where
        self._environ = environ
        self._known = known
        self._hidden = hidden
        self._left_bytes = LOOKED_AT_BYTES_MAX

    def at(self, entry: TreeEntry, sha: str, size_bytes: int) -> bool:
        """Look at a file that both have; False when that was too much."""
        self._left_bytes -= entry.size_bytes
        if self._left_bytes < 0:
            return False
        if entry.path in self._hidden:
            self.found.diff.append(f"{entry.path}: not shown, it holds a secret")
            return True
        try:
            now = self._vault.get(ObjectId(entry.object))
        except AfieldError:
            return True  # named by `verify`
        if entry.size_bytes != size_bytes or _blob(now, sha) != sha:
            self._show(entry.path, sha, now)
        return True

    def _show(self, path: str, sha: str, now: bytes) -> None:
        found = self.found
        if len(found.changed) >= FILES_MAX or len(found.diff) >= DIFF_LINES_MAX:
            found.changed.append(path)
            return
        try:
            before = _git(self._where, ["cat-file", "blob", sha], self._environ)
        except (OSError, subprocess.SubprocessError):
            found.changed.append(path)
            return
        if before.startswith(_POINTER) or _eol(before) == _eol(now):
            return  # what git itself turns the file into
        found.changed.append(path)
        if max(len(before), len(now)) > FILE_BYTES_MAX or b"\0" in before + now:
            found.diff.append(f"{path}: not shown")
            return
        old, new = (_lines(data, self._known) for data in (before, now))
        for line in difflib.unified_diff(old, new, f"a/{path}", f"b/{path}", lineterm="", n=2):
            if len(found.diff) >= DIFF_LINES_MAX:
                found.diff.append("…")
                return
            found.diff.append(line if len(line) <= LINE_CHARS_MAX else f"{line[:LINE_CHARS_MAX]}…")


def _eol(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n")


def _lines(data: bytes, known: Mapping[str, bytes]) -> list[str]:
    return redact(data.decode("utf-8", "replace"), known=known)[0].splitlines()


def _blob(data: bytes, sha: str) -> str:
    algorithm = hashlib.sha256 if len(sha) == _SHA256_CHARS else hashlib.sha1
    return algorithm(b"blob %d\0" % len(data) + data).hexdigest()


def _repository(git: Git, folder: str, environ: Mapping[str, str]) -> str | None:
    for where in (git.root, folder):
        try:
            if os.path.isdir(where):  # noqa: PTH112 - a recorded path, as text
                _git(where, ["cat-file", "-e", f"{git.commit}^{{commit}}"], environ)
                return where
        except (OSError, subprocess.SubprocessError):
            continue
    return None


def _listing(where: str, commit: str, environ: Mapping[str, str]) -> dict[str, tuple[str, int]]:
    """Return (object, size) of each file of a commit."""
    out = _git(where, ["ls-tree", "-r", "-z", "-l", "--full-tree", commit], environ)
    found = {}
    for line in out.decode("utf-8", "surrogateescape").split("\0"):
        head, _, path = line.partition("\t")
        parts = head.split()
        if len(parts) == 4 and parts[1] == "blob":  # noqa: PLR2004 - mode, type, object, size
            found[path] = (parts[2], int(parts[3]))
    return found


def _git(where: str, words: Sequence[str], environ: Mapping[str, str]) -> bytes:
    quiet = ("-c", "core.fsmonitor=false", "-c", "gc.auto=0")
    plain = {name: value for name, value in environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(
        ["git", *quiet, "-C", where, *words],
        env={**plain, "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
        timeout=GIT_S,
    )
    return done.stdout
