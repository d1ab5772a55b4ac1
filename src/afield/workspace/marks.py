"""What people put on runs afterwards: notes, tags, names, deletion. For commands and servers.

Secrets among the words are replaced before anything is written; each call says whether it did.
What is decided here is on disk before the call returns.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from afield.kernel.errors import NotFound, Usage
from afield.kernel.ids import MemberId, ObjectId
from afield.runs import events
from afield.runs.secrets import redact, redact_mapping

if TYPE_CHECKING:
    from afield.workspace.views import RunView
    from afield.workspace.workspace import Workspace

NOTE_BYTES_MAX = 1 << 20
TAG_CHARS_MAX = 4096


def note_run(
    workspace: Workspace,
    run: RunView,
    text: str,
    *,
    known: Mapping[str, bytes] | None = None,
    by: MemberId | None = None,
) -> tuple[ObjectId, str, bool]:
    """Write a note down on a run; return its object, its words, and whether a secret was hidden.

    Args:
        workspace: holds the run.
        run: which one.
        text: the note, in prose.
        known: values that are secrets wherever they stand, by name.
        by: on whose behalf, when not this device's member.

    Raises:
        Usage: it is empty or too long.
    """
    words = text.strip()
    size_bytes = len(words.encode("utf-8", "replace"))
    if not words:
        hint = f'afield note {shlex.quote(run.name)} "what you saw"'
        raise Usage("the note is empty", hint=hint)
    if size_bytes > NOTE_BYTES_MAX:
        raise Usage("the note is too long", size_bytes, f"at most {NOTE_BYTES_MAX} bytes")
    words, rules = redact(words, known=known or {})
    vault = workspace.record.vault
    kept = vault.put(words.encode("utf-8", "replace"), meta=True)
    vault.flush()
    workspace.record.journal.append_many([events.noted(run.id, kept)], durable=True, by=by)
    return kept, words, bool(rules)


def mark_run(
    workspace: Workspace,
    run: RunView,
    *,
    tags: Mapping[str, str] | None = None,
    removed: Sequence[str] = (),
    name: str | None = None,
    known: Mapping[str, bytes] | None = None,
    by: MemberId | None = None,
) -> bool:
    """Set and remove tags and give another name; return whether a secret was hidden.

    Raises:
        Usage: a tag has no key or is too long, or the name is empty.
        NotFound: a tag to be removed is not there.
    """
    for key, value in (tags or {}).items():
        if not key.strip():
            raise Usage("not a tag", key, "it needs a key")
        if len(key) + len(value) > TAG_CHARS_MAX:
            raise Usage("the tag is too long", key[:80], f"at most {TAG_CHARS_MAX} characters")
    if name is not None and not name.strip():
        raise Usage("cannot name the run", name, "the name is empty")
    for key in removed:
        if key not in run.tags:
            hint = f"afield tag {run.id}"
            raise NotFound("cannot remove the tag", key, "the run has no such tag", hint=hint)
    secrets = known or {}
    clean, hidden = redact_mapping(dict(tags or {}), "tags", known=secrets)
    drafts = []
    if clean or removed:
        unset = [redact(key, known=secrets)[0] for key in removed]
        drafts.append(events.tagged(run.id, clean, unset))
    rules: Sequence[object] = ()
    if name is not None:
        shown, rules = redact(name, known=secrets)
        drafts.append(events.named(run.id, shown))
    if drafts:
        workspace.record.journal.append_many(drafts, durable=True, by=by)
    return bool(hidden or rules)


def delete_runs(
    workspace: Workspace, runs: Sequence[RunView], *, deleted: bool, by: MemberId | None = None
) -> None:
    """Put runs out of sight, or bring them back with what a sweep has set aside of them."""
    drafts = [events.deleted(run.id, gone=deleted) for run in runs]
    workspace.record.journal.append_many(drafts, durable=True, by=by)
    if not deleted:
        from afield.workspace.sweep import bring_back  # seldom needed

        bring_back(workspace)
