"""Datasets of a workspace: the verbs of the room, handed the journal, vault and tables of one.

What needs the workspace's folders (caches, checked-out versions) is joined here. No words for
people and no environment.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from afield.datasets import events
from afield.datasets.card import Card, edit_card, read_card, residency
from afield.datasets.limits import DROPS_PER_ENTRY_MAX
from afield.datasets.query import Version, latest, resolve, versions
from afield.datasets.reference import parse, parse_name
from afield.journal import Draft
from afield.kernel.digest import digest
from afield.vault import ObjectMissing, StatCache, TreeEntry
from afield.workspace import layout
from afield.workspace.errors import BytesElsewhere
from afield.workspace.held_back import held_back
from afield.workspace.workspace import Workspace

if TYPE_CHECKING:
    from afield.datasets.add import Kept, Progress
    from afield.datasets.check import Present
    from afield.datasets.checkout import Written
    from afield.datasets.diff import Difference
    from afield.datasets.parquet import Advice

CHECKED_OUT = "data"
"""The folder in the workspace's cache for versions that are checked out."""


@dataclass(frozen=True, slots=True)
class Added:
    """What an add came to.

    Attributes:
        version: the version that is the tree now; the newest one when nothing had changed.
        before: the newest version before, or None.
        fresh: a version was added.
        kept: the files, and what was left out.
        advice: Parquet files that will share few bytes with the next version; none is looked
            for when nothing had changed.
    """

    version: Version
    before: Version | None
    fresh: bool
    kept: Kept
    advice: tuple[Advice, ...] = ()


def add(
    workspace: Workspace,
    path: str,
    name: str,
    *,
    message: str = "",
    card: Mapping[str, str] | None = None,
    progress: Progress,
    profiling: Progress | None,
) -> Added:
    """Make what is at `path` the newest version of a dataset, unless it is that already.

    Args:
        workspace: where to.
        path: a file or folder; absolute.
        name: of the dataset; made when there is none.
        message: a word on this version.
        card: fields of the data card to set, in the same breath.
        progress: is told of each file.
        profiling: is told of each table that is looked into; None: no table is.

    Raises:
        NameBad: no dataset may be called so.
        CardFieldBad: the card has no such field or value.
        NothingToAdd: no file is there.
        OSError: a file cannot be read, or the disk is full. The next add carries on.
    """
    from afield.datasets.add import keep  # with what looks into tables; reading needs none of it

    name = parse_name(name)
    record = workspace.record
    drafts = [edit_card(name, card, record.vault)] if card else []
    kept = keep(path, record.vault, stat_cache(workspace, path), progress)
    workspace.refresh()
    before = latest(workspace.projection, name)
    fresh = before is None or before.tree != kept.tree
    if fresh:
        drafts.append(
            _version_draft(
                workspace, name, kept, before=before, message=message, profiling=profiling
            )
        )
    if drafts:
        record.vault.flush()
        record.journal.append_many(drafts, durable=True)
        workspace.refresh()
    now = latest(workspace.projection, name)
    assert now is not None, "a version was just added, or was there"
    advice: tuple[Advice, ...] = ()
    if fresh and profiling is not None:
        from afield.datasets.parquet import advise

        advice = tuple(advise(kept.tables, record.vault))
    return Added(now, before, fresh, kept, advice)


def _version_draft(
    workspace: Workspace,
    name: str,
    kept: Kept,
    *,
    before: Version | None,
    message: str,
    profiling: Progress | None,
) -> Draft:
    """Return the entry of a new version; its profile and message are put, not flushed."""
    vault = workspace.record.vault
    statistics = None
    if profiling is not None:
        from afield.datasets.profile import profile

        earlier = before.profile if before else None
        statistics = profile(
            kept.tables, vault, before=earlier, progress=profiling, left=kept.tables_left
        )
    text = vault.put(message.encode("utf-8", "replace"), meta=True) if message else None
    return events.added(
        name,
        tree=kept.tree,
        files=kept.files,
        size_bytes=kept.size_bytes,
        profile=statistics,
        message=text,
    )


def find(workspace: Workspace, words: str, *, dropped: bool = False) -> Version:
    """Return the version that `name[@version]` means.

    Raises:
        NameBad: the words mean nothing.
        DatasetNotFound, VersionNotFound, VersionAmbiguous: there is no such one version.
    """
    reference = parse(words)
    workspace.refresh()
    return resolve(workspace.projection, reference, dropped=dropped)


def history(workspace: Workspace, name: str | None = None) -> list[Version]:
    """Return the versions of one dataset, or of all, by name and number."""
    workspace.refresh()
    return versions(workspace.projection, name)


def files_of(workspace: Workspace, version: Version) -> Sequence[TreeEntry]:
    """Return the files of a version.

    Raises:
        ObjectMissing, ObjectDamaged: the list of its files is not here whole.
        BytesElsewhere: it must stay in a place, and came from no remote of this copy.
    """
    try:
        return workspace.record.vault.open_tree(version.tree)
    except ObjectMissing:
        held = held_back(workspace.record, workspace.projection)
        if held(bytes.fromhex(version.tree)) is None:
            raise
        places = sorted(residency(workspace.projection, version.name) or ())
        why = f"they must stay in {', '.join(places)}, and no remote of such a place gave them"
        hint = f"afield remote add NAME URL --label {places[0]}"
        raise BytesElsewhere("bytes are not here", version.label, why, hint=hint) from None


def files_here(workspace: Workspace, version: Version) -> Sequence[TreeEntry]:
    """Return the files of a version; none when the list of them is not here.

    Raises:
        ObjectDamaged: it is here, and damaged.
    """
    try:
        return files_of(workspace, version)
    except ObjectMissing:
        return ()


def message_of(workspace: Workspace, version: Version) -> str | None:
    """Return a version's message; None when it has none, or it is not here."""
    if version.message is None or not workspace.record.vault.has(version.message):
        return None
    return workspace.text_of(version.message)


def source_of(workspace: Workspace, version: Version) -> dict[str, str] | None:
    """Return where a version was brought from; None when it was added here."""
    if version.source_kind is None:
        return None
    found = {"kind": version.source_kind, "key": version.source_key or ""}
    if version.source is not None and workspace.record.vault.has(version.source):
        from afield.datasets.source import read_source

        found |= read_source(workspace.record.vault.get(version.source))
    return found


def statistics_of(workspace: Workspace, version: Version) -> dict[str, Any] | None:
    """Return the summary of a version's profile; None when it has none, or it is not here."""
    vault = workspace.record.vault
    if version.profile is None or not vault.has(version.profile):
        return None
    from afield.datasets.profile import summary_of

    try:
        return summary_of(vault, version.profile)
    except ObjectMissing:  # the tree came, and its bytes are kept elsewhere
        return None


def histograms_of(workspace: Workspace, version: Version) -> list[dict[str, Any]]:
    """Return the histograms of a version's tables; none where the profile is not here whole."""
    vault = workspace.record.vault
    if version.profile is None or not vault.has(version.profile):
        return []
    from afield.datasets.histograms import histograms_of as read

    try:
        return read(files_here(workspace, version), vault, version.profile)
    except ObjectMissing:  # the tree came, and its bytes are kept elsewhere
        return []


def card_of(workspace: Workspace, name: str) -> Card:
    """Return a dataset's card."""
    return read_card(workspace.projection, workspace.record.vault, name)


def set_card(workspace: Workspace, name: str, values: Mapping[str, str]) -> Card:
    """Set fields of a dataset's card, and return it; an empty value clears a field.

    Raises:
        CardFieldBad: the card has no such field or value.
    """
    draft = edit_card(name, values, workspace.record.vault)
    workspace.record.vault.flush()
    workspace.record.journal.append_many([draft], durable=True)
    workspace.refresh()
    return card_of(workspace, name)


def get(
    workspace: Workspace,
    entries: Sequence[TreeEntry],
    folder: str,
    *,
    force: bool = False,
    progress: Progress,
) -> Written:
    """Write a version's files into `folder`; see `datasets.checkout`."""
    from afield.datasets.checkout import checkout

    cache = stat_cache(workspace, folder)
    try:
        return checkout(
            entries,
            folder,
            workspace.record.vault,
            cache=cache,
            progress=progress,
            force=force,
        )
    finally:
        with contextlib.suppress(OSError):
            cache.save()


def present(workspace: Workspace, path: str, progress: Progress) -> Present:
    """Digest what is at `path`; see `datasets.check`."""
    from afield.datasets.check import look

    return look(path, stat_cache(workspace, path), progress)


def nearest(workspace: Workspace, found: Present) -> Version | None:
    """Return the version that is the tree, else the one that shares most files with it.

    Of several, the newest; None when none shares a file.
    """
    known = history(workspace)
    same = [one for one in known if one.tree == found.tree]
    if same:
        return max(same, key=lambda one: one.at)
    here = {(entry.path, entry.object) for entry in found.entries}
    objects = {entry.object for entry in found.entries if entry.size_bytes}
    best: tuple[int, int, int] = (0, 0, 0)
    chosen = None
    for one in known:
        entries = files_here(workspace, one)
        score = (
            sum(entry.object in objects for entry in entries),
            sum((entry.path, entry.object) in here for entry in entries),
            one.at,
        )
        if score[0] and score > best:
            best, chosen = score, one
    return chosen


def difference(
    workspace: Workspace,
    before: Version,
    after: Version,
    *,
    key: Sequence[str],
    progress: Progress,
) -> Difference:
    """Compare two versions; see `datasets.diff`."""
    from afield.datasets.diff import diff

    folder = os.path.join(workspace.path, layout.CACHE)
    os.makedirs(folder, exist_ok=True)
    vault = workspace.record.vault
    return diff(
        files_of(workspace, before),
        files_of(workspace, after),
        vault,
        key=key,
        folder=folder,
        progress=progress,
    )


def drop(workspace: Workspace, found: Sequence[Version], *, gone: bool) -> None:
    """Put versions out of sight, or bring them back; no byte is removed."""
    by_name: dict[str, list[tuple[str, int]]] = {}
    for one in found:
        by_name.setdefault(one.name, []).append((one.device, one.seq))
    drafts = [
        events.dropped(name, keys[start : start + DROPS_PER_ENTRY_MAX], gone=gone)
        for name, keys in by_name.items()
        for start in range(0, len(keys), DROPS_PER_ENTRY_MAX)
    ]
    workspace.record.journal.append_many(drafts, durable=True)
    workspace.refresh()


def stat_cache(workspace: Workspace, path: str) -> StatCache:
    """Return the cache of a path: one of its own, so that it stays as small as its files."""
    folder = os.path.join(workspace.path, layout.CACHE)
    os.makedirs(folder, exist_ok=True)
    name = digest(os.fsencode(path))[:16]
    return StatCache(os.path.join(folder, f"{layout.STAT_DATA}{name}.bin"), workspace.record.clock)
