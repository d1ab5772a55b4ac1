"""A clean folder with the recorded code and inputs, as they were before the run.

Files come out of the vault with their modes and links. A secret that was replaced in a file is
put back when the file still stands where it was recorded, else it is named as a gap.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from afield.kernel.digest import digest
from afield.kernel.errors import AfieldError
from afield.kernel.ids import ObjectId
from afield.replay.errors import FolderInUse
from afield.replay.gaps import Gap
from afield.replay.kinds import made_links, under
from afield.replay.plan import REDACTED, Plan, unread
from afield.replay.secret_files import hand_back
from afield.runs.manifest import Git, Manifest
from afield.runs.secrets import scan
from afield.vault import TreeEntry, Vault

LINK = 0o120000
GIT_TIMEOUT_S = 60.0
_IDENTITY = {
    "GIT_AUTHOR_NAME": "Afield",
    "GIT_AUTHOR_EMAIL": "afield@localhost",
    "GIT_AUTHOR_DATE": "2000-01-01T00:00:00Z",
    "GIT_COMMITTER_NAME": "Afield",
    "GIT_COMMITTER_EMAIL": "afield@localhost",
    "GIT_COMMITTER_DATE": "2000-01-01T00:00:00Z",
}


class _Git(Protocol):
    """Runs git; None when it failed."""

    def __call__(self, *words: str, folder: Path = ..., stdin: bytes = ...) -> bytes | None:
        """Return what it printed."""
        ...


@dataclass(frozen=True, slots=True)
class Prepared:
    """Where the project stands now.

    Args:
        root: stands in for the project's folder.
        cwd: the run's working folder.
        gaps: what could not be restored.
    """

    root: str
    cwd: str
    gaps: tuple[Gap, ...]


def prepare(plan: Plan, *, vault: Vault, root: Path, environ: Mapping[str, str]) -> Prepared:
    """Restore the project of a plan into `root`.

    Raises:
        FolderInUse: `root` holds something already.
        Damaged: bytes in the vault are not what was recorded.
    """
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise FolderInUse("cannot reproduce into", str(root), "the folder is not empty")
    root.mkdir(parents=True, exist_ok=True)
    root = root.resolve()
    gaps: list[Gap] = []
    redacted = {one.name for one in plan.manifest.redactions if one.where == "code"}
    for entry in plan.tree:
        if not vault.has(entry.object):
            continue  # the plan tells of it
        restore_entry(entry, root, vault, gaps)
        if entry.path in redacted:
            gaps += _put_back(entry, root, plan.manifest)
    for one in plan.inside:
        if one.folder is None and one.digest is not None and vault.has(ObjectId(one.digest)):
            entry = TreeEntry(one.path, 0o644, one.size_bytes, ObjectId(one.digest))
            restore_entry(entry, root, vault, gaps)
    gaps += hand_back(plan.manifest, lambda path: _inside(root, path))
    _make_output_folders(plan, root)
    if plan.manifest.git is not None:
        gaps += _restore_git(plan.manifest.git, root, environ)
    cwd = _working_folder(plan, root, gaps)
    return Prepared(str(root), cwd, tuple(gaps))


def restore_entry(entry: TreeEntry, root: Path, vault: Vault, gaps: list[Gap]) -> None:
    """Write one file or link of a tree into `root`, which is resolved; never outside of it."""
    path = _inside(root, entry.path)
    if path is None:
        gaps.append(Gap("code", f"{entry.path} would lie outside the project", missing=True))
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        if entry.mode == LINK:
            target = os.fsdecode(vault.get(entry.object))
            path.symlink_to(target)
        else:
            vault.copy_to(entry.object, str(path))
            path.chmod(entry.mode)
    except (AfieldError, OSError) as fault:
        gaps.append(Gap("code", f"{entry.path} could not be restored: {fault}", missing=True))


def _inside(root: Path, name: str) -> Path | None:
    """Return where a file of the tree goes; None when that leads out of `root`.

    A link that was restored before may point anywhere, so its folder is resolved.
    """
    if os.path.isabs(name) or os.pardir in name.split("/") or ".git" in name.split("/"):  # noqa: PTH117 - recorded text
        return None
    path = root / name
    return path if path.parent.resolve().is_relative_to(root) else None


def _put_back(entry: TreeEntry, root: Path, manifest: Manifest) -> list[Gap]:
    with contextlib.suppress(OSError, AfieldError):
        true = Path(manifest.root, entry.path).read_bytes()
        if digest(scan(true, code=True).data) == entry.object:
            (root / entry.path).write_bytes(true)
            return []
    told = f"{entry.path} held a secret, which is not in the record ({REDACTED}…)"
    return [unread(Gap("secret", told, missing=True), entry.path, manifest)]


def _make_output_folders(plan: Plan, root: Path) -> None:
    """Make the folders that the run wrote to: empty and ignored ones are in no tree.

    Not those that it made itself, which it would find there.
    """
    links = made_links(plan.manifest)
    made = plan.manifest.folders_made
    for one in plan.manifest.outputs:
        if os.path.isabs(one.path) or (one.path not in links and under(one.path, links)):  # noqa: PTH117 - recorded text
            continue  # the run makes the link itself, and could not where a folder stands
        new = next((folder for folder in made if under(one.path, (folder,))), one.path)
        if (path := _inside(root, new)) is not None:
            with contextlib.suppress(OSError):
                path.parent.mkdir(parents=True, exist_ok=True)


def _working_folder(plan: Plan, root: Path, gaps: list[Gap]) -> str:
    cwd = Path(plan.manifest.cwd)
    if not cwd.is_absolute():
        path = root / cwd
        path.mkdir(parents=True, exist_ok=True)
        return str(path)
    if cwd.is_dir():
        gaps.append(Gap("code", f"it ran in {cwd}, outside its project, and does so again"))
        return str(cwd)
    gaps.append(Gap("code", f"it ran in {cwd}, which is not here", missing=True))
    return str(root)


def _restore_git(git: Git, root: Path, environ: Mapping[str, str]) -> list[Gap]:
    """Make `root` a work tree at the recorded commit, so that code which asks git works.

    The objects are those of the original repository while that is here, by reference; nothing
    is written to it. Otherwise one commit of all files stands in.
    """
    clean = {name: value for name, value in environ.items() if not name.startswith("GIT_")}
    clean |= _IDENTITY | {"GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1"}

    def run(*words: str, folder: Path = root, stdin: bytes = b"") -> bytes | None:
        try:
            done = subprocess.run(
                ["git", "-c", "core.hooksPath=/dev/null", "-c", "gc.auto=0", *words],
                cwd=folder,
                env=clean,
                input=stdin,
                capture_output=True,
                timeout=GIT_TIMEOUT_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout if done.returncode == 0 else None

    branch = git.branch or "main"
    if run("init", "--quiet", "--initial-branch", branch) is None:
        return [Gap("code", "git cannot be run here; the project is no work tree", note=True)]
    if git.commit and _borrow(git, root, run):
        return []
    run("add", "--all")
    run("commit", "--quiet", "--allow-empty", "--no-verify", "--message", "as recorded")
    if git.commit is None:
        return []
    told = "the repository is not here: code that asks git is told of another commit"
    return [Gap("code", told, note=True)]


def _borrow(git: Git, root: Path, run: _Git) -> bool:
    old = Path(git.root)
    if git.commit is None or not old.is_dir():
        return False
    objects = run("rev-parse", "--path-format=absolute", "--git-path", "objects", folder=old)
    if objects is None:
        return False
    (root / ".git/objects/info/alternates").write_bytes(objects)
    if run("cat-file", "-e", f"{git.commit}^{{commit}}") is None:
        return False
    if git.branch:
        run("update-ref", f"refs/heads/{git.branch}", git.commit)
    else:
        run("update-ref", "--no-deref", "HEAD", git.commit)
    if git.remote:
        run("config", "remote.origin.url", git.remote)
    if run("read-tree", "HEAD") is None:
        return False
    # a submodule's files are plain files here, so its link must not hide them
    links = [
        line.partition(b"\t")[2]
        for line in (run("ls-files", "--stage", "-z") or b"").split(b"\0")
        if line.startswith(b"160000 ")
    ]
    if links:
        removed = b"".join(b"0 " + b"0" * 40 + b"\t" + link + b"\0" for link in links)
        run("update-index", "-z", "--index-info", stdin=removed)
    return True
