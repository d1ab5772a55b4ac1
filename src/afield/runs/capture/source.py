"""The exact code of a run, as a tree in the vault, taken before the command starts.

With git: tracked, changed and untracked files that are not ignored, submodules included;
without: see `source_plain`. Files are read as they lie on disk, through a stat cache, so that
an unchanged tree costs a stat of each file. Secrets are replaced in the stored copy.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence

import msgspec

from afield.kernel.digest import digest
from afield.kernel.ids import ObjectId
from afield.runs.capture.limits import (
    KEEP_TOTAL_BYTES_MAX,
    SECRET_SCAN_BYTES_MAX,
    UNTRACKED_FILES_MAX,
)
from afield.runs.capture.source_git import GitSilent, read_work_tree, work_tree_root
from afield.runs.capture.source_plain import plain_code
from afield.runs.manifest import Code, Git, NotKept, Redaction
from afield.runs.secrets import HOLDS_SECRETS, may_keep, scan
from afield.vault import StatCache, TreeEntry, Vault

_TEXT_PROBE_BYTES = 8000


class Seen(msgspec.Struct, frozen=True):
    """A file of the snapshot: the digest of its true bytes, and when it was last touched."""

    digest: ObjectId
    size_bytes: int
    mtime_ns: int
    ctime_ns: int


class Snapshot(msgspec.Struct):
    """Code as it was before the run; paths are POSIX and relative to `root`."""

    root: str
    git: Git | None = None
    entries: dict[str, TreeEntry] = {}
    seen: dict[str, Seen] = {}
    not_kept: list[NotKept] = []
    redactions: list[Redaction] = []
    warnings: list[str] = []
    size_bytes: int = 0

    def add_kept(self, path: str, found: ObjectId, size_bytes: int, *, program: bool) -> None:
        """Let a file that the run read come along."""
        if path not in self.entries or self.entries[path].mode == _LINK:
            mode = 0o755 if program else 0o644
            self.entries[path] = TreeEntry(path, mode, size_bytes, found)
            self.size_bytes += size_bytes

    def store(self, vault: Vault) -> Code:
        """Put the tree; its files are in the vault already."""
        return Code(
            tree=vault.put_tree(self.entries.values()),
            files=len(self.entries),
            size_bytes=self.size_bytes,
            not_kept=tuple(self.not_kept),
        )


_LINK = 0o120000


def find_root(folder: str, environ: Mapping[str, str]) -> tuple[str, bool, list[str]]:
    """Return the project's root, whether it is git's, and warnings."""
    try:
        root = work_tree_root(folder, environ)
    except GitSilent as error:
        return os.path.realpath(folder), False, [str(error)]
    if root is None:
        return os.path.realpath(folder), False, []
    return root, True, []


def take_snapshot(
    vault: Vault,
    cache: StatCache,
    *,
    root: str,
    by_git: bool,
    argv: Sequence[str],
    folder: str,
    environ: Mapping[str, str],
    workspace: str,
    known: Mapping[str, bytes],
    keep_bytes_max: int,
) -> Snapshot:
    """Put the code under `root` into the vault.

    Raises:
        OSError: the vault cannot be written.
    """
    snapshot = Snapshot(root)
    paths: list[str] = []
    if by_git:
        try:
            listing = read_work_tree(root, environ)
        except GitSilent as error:
            snapshot.warnings.append(str(error))
            by_git = False
        else:
            snapshot.git = listing.git
            paths = listing.tracked + listing.untracked[:UNTRACKED_FILES_MAX]
            more = len(listing.untracked) - UNTRACKED_FILES_MAX
            if more > 0:
                why = f"and {more - 1} more: too many files that git does not track"
                snapshot.not_kept.append(NotKept(path=listing.untracked[-1], size_bytes=0, why=why))
    if not by_git and root not in {os.sep, os.path.realpath(environ.get("HOME") or os.sep)}:
        paths, whole = plain_code(root, argv, os.path.realpath(folder))
        if not whole:
            snapshot.warnings.append("code: the folder is too large; only a part of it was kept")
    inside = os.path.relpath(workspace, root).replace(os.sep, "/") + "/"
    keeper = _Keeper(vault, cache, snapshot, known, keep_bytes_max)
    for path in dict.fromkeys(paths):
        if not path.startswith(inside):
            keeper.keep(path)
    return snapshot


class _Keeper(msgspec.Struct):
    vault: Vault
    cache: StatCache
    snapshot: Snapshot
    known: Mapping[str, bytes]
    keep_bytes_max: int

    def keep(self, path: str) -> None:
        """Put one file of the tree, or say why not."""
        full = f"{self.snapshot.root}/{path}"
        try:
            found = os.lstat(full)
        except OSError:  # tracked and deleted: it is not part of the tree as it lies
            return
        size_bytes = found.st_size
        if stat.S_ISLNK(found.st_mode):
            target = os.fsencode(os.readlink(full))
            link = self.vault.put(target)
            self.snapshot.entries[path] = TreeEntry(path, _LINK, len(target), link)
            return
        if not stat.S_ISREG(found.st_mode):
            return
        if size_bytes > self.keep_bytes_max:
            self._leave(path, size_bytes, "too large")
        elif self.snapshot.size_bytes + size_bytes > KEEP_TOTAL_BYTES_MAX:
            self._leave(path, size_bytes, "the bound on all code is reached")
        else:
            self._put(path, full, found)

    def _put(self, path: str, full: str, found: os.stat_result) -> None:
        size_bytes = found.st_size
        try:
            if not may_keep(full):
                self._leave(path, size_bytes, HOLDS_SECRETS)
                return
        except OSError as error:
            self._leave(path, size_bytes, f"cannot be read: {error.strerror}")
            return
        true_digest = stored = self.cache.lookup(full, found)
        if stored is None or not self.vault.keeps(stored):
            try:
                if size_bytes <= SECRET_SCAN_BYTES_MAX:
                    true_digest, stored, size_bytes = self._put_text(path, full)
                else:
                    stored, size_bytes = self.vault.put_file(full)
                    true_digest = stored
            except OSError as error:
                if error.filename != full:  # the vault's fault, not the file's
                    raise
                if not isinstance(error, FileNotFoundError):
                    self._leave(path, size_bytes, f"cannot be read: {error.strerror}")
                return
            if true_digest == stored:
                self.cache.remember(full, found, stored)
        assert true_digest is not None
        mode = 0o755 if found.st_mode & stat.S_IXUSR else 0o644
        self.snapshot.entries[path] = TreeEntry(path, mode, size_bytes, stored)
        self.snapshot.seen[path] = Seen(
            true_digest, found.st_size, found.st_mtime_ns, found.st_ctime_ns
        )
        self.snapshot.size_bytes += size_bytes

    def _put_text(self, path: str, full: str) -> tuple[ObjectId, ObjectId, int]:
        """Put a small file without its secrets; return true digest, stored digest, size."""
        with open(full, "rb", buffering=0) as stream:
            data = stream.read()
        if b"\0" in data[:_TEXT_PROBE_BYTES]:
            stored = self.vault.put(data)
            return stored, stored, len(data)
        clean = scan(data, known=self.known, code=True)
        stored = self.vault.put(clean.data)
        if not clean.rules:
            return stored, stored, len(data)
        self.snapshot.redactions += [
            Redaction(where="code", rule=rule, name=path.encode("utf-8", "replace").decode())
            for rule in clean.rules
        ]
        return digest(data), stored, len(clean.data)

    def _leave(self, path: str, size_bytes: int, why: str) -> None:
        name = path.encode("utf-8", "replace").decode()
        self.snapshot.not_kept.append(NotKept(path=name, size_bytes=size_bytes, why=why))
