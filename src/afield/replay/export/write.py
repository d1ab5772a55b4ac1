"""Putting an exported file on the disk, with the wheels and the code that belong beside it.

What stands beside is written first and the file itself last, so that half the work is no
file. Folders of people are never written into: `code` must be new or empty.
"""

from __future__ import annotations

from pathlib import Path

from afield.kernel.files import OsFileSystem
from afield.kernel.ids import ObjectId
from afield.replay.errors import FolderInUse
from afield.replay.export.subject import CODE, WHEELS, Exported, Subject
from afield.replay.gaps import Gap
from afield.replay.prepare import restore_entry
from afield.vault import TreeEntry


def write_export(exported: Exported, subject: Subject, file: Path) -> tuple[list[Path], list[str]]:
    """Write `file` and what belongs beside it; a file that is there is replaced.

    Returns:
        What was written beside it, and what could not be, in words.

    Raises:
        FolderInUse: `code` beside it holds something.
        Damaged: bytes in the vault are not what was recorded.
    """
    folder = file.parent
    beside: list[Path] = []
    gaps: list[Gap] = []
    if exported.code:
        beside.append(folder / CODE)
        _write_code(subject, folder / CODE, gaps)
    if exported.wheels:
        beside.append(folder / WHEELS)
        (folder / WHEELS).mkdir(parents=True, exist_ok=True)
    for name, wheel in exported.wheels:
        (folder / WHEELS / name).write_bytes(subject.vault.get(wheel))
    folder.mkdir(parents=True, exist_ok=True)
    OsFileSystem().write_new(str(file), exported.text.encode("utf-8", "replace"))
    return beside, [gap.detail for gap in gaps]


def _write_code(subject: Subject, root: Path, gaps: list[Gap]) -> None:
    """Write the code tree, and what the run read in the project and the record has kept.

    Secrets that were replaced stay replaced: an image is made to be passed on.
    """
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise FolderInUse(
            "cannot write the code to", str(root), "something is there", hint="name another file"
        )
    root.mkdir(parents=True, exist_ok=True)
    root = root.resolve()
    manifest, vault = subject.manifest, subject.vault
    assert manifest.code is not None, "a run without code exports none"
    tree = vault.get_tree(ObjectId(manifest.code.tree))
    known = {entry.path for entry in tree} | {one.path for one in manifest.outputs}
    for entry in tree:
        restore_entry(entry, root, vault, gaps)
    for one in manifest.inputs:
        if one.path in known or one.path.startswith("/"):
            continue
        if one.path.endswith("/"):  # it stands for very many files
            gaps.append(Gap("input", f"{one.path} is not in the record file by file"))
            continue
        if one.digest is None or not vault.has(ObjectId(one.digest)):
            gaps.append(Gap("input", f"{one.path} was read, but its bytes were not kept"))
            continue
        entry = TreeEntry(one.path, 0o644, one.size_bytes, ObjectId(one.digest))
        restore_entry(entry, root, vault, gaps)
