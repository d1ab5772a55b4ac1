"""What whoever gets a part of the record has already: for each log, up to which entry.

Told by a word: `start` (nothing), `last` (what the last bundle ended with), a remote, an earlier
bundle, a day, or a run. Of a moment it is what this copy had merged by then, not what others'
clocks say: `journal.seen` in its own log.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from afield.journal.carry import Tip
from afield.journal.places import LogName
from afield.journal.seals import KIND as SEALED
from afield.kernel.clock import stamp_to_ms
from afield.kernel.errors import AfieldError, Usage
from afield.kernel.ids import DeviceId
from afield.projection.times import moment_ms
from afield.sync import layout as remote_layout
from afield.sync.errors import Corrupt
from afield.sync.events import SEEN
from afield.sync.layout import DIGEST_CHARS, Piece
from afield.sync.limits import HEAD_BYTES_MAX
from afield.sync.stores.archive import ArchiveRemote
from afield.sync.stores.store import RemoteStore
from afield.workspace import layout
from afield.workspace.remotes import open_remote, remotes
from afield.workspace.workspace import Workspace

START = "start"
LAST = "last"
_WORDS = "`last`, `start`, a remote, an earlier bundle, a day such as 2026-11-20, or a run"

Heads = Mapping[LogName, tuple[int, str]]
"""The number and digest of an entry, by log: all up to it is there."""


@dataclass(frozen=True, slots=True)
class Since:
    """What is there already, and the words for it."""

    words: str
    heads: Heads


def since(workspace: Workspace, word: str) -> Since:
    """Return what a word means.

    Raises:
        Usage: it means nothing.
        Unreachable: the remote that it names cannot be reached.
    """
    if word == START:
        return Since("the start", {})
    if word == LAST:
        heads = _last(workspace)
        return Since("the last bundle" if heads else "the start", heads)
    known = remotes(workspace)
    if word in known:
        return Since(f"remote {word}", _named_by(workspace, open_remote(known[word].url)))
    if word.endswith(".afield") and Path(word).is_file():
        with ArchiveRemote(word) as store:
            return Since(f"bundle {Path(word).name}", _named_by(workspace, store))
    clock = workspace.record.clock
    now_ms = clock.wall_ns() // 1_000_000
    moment = moment_ms(word, now_ms=now_ms, utc_offset=clock.utc_offset())
    moment = moment or moment_ms(f"{word} ago", now_ms=now_ms, utc_offset=clock.utc_offset())
    if moment is not None:
        return Since(word, _at(workspace, moment[0]))
    try:
        run = workspace.run(word)
    except AfieldError as error:
        hint = "afield bundle --since last"
        raise Usage("nothing to count from", word, f"known are {_WORDS}", hint=hint) from error
    started_ms = 0 if run.started is None else round(run.started.timestamp() * 1000)
    return Since(f"run {run.name}", _at(workspace, started_ms - 1))


def remember(workspace: Workspace, tips: Iterable[Tip]) -> None:
    """Keep up to where a bundle went, for `--since last`."""
    lines = [f'"{tip.log}" = [{tip.seq}, "{tip.digest}"]\n' for tip in tips]
    text = "# Up to which entries the last bundle went: `afield bundle --since last`.\n"
    path = (workspace.path / layout.BUNDLED).as_posix()
    workspace.record.files.write_new(path, "".join([text, *lines]).encode())


def pieces(heads: Heads) -> list[Piece]:
    """Return chunks that stand for all that is there already."""
    start = "0" * DIGEST_CHARS
    return [
        Piece(DeviceId(log.partition("-")[0]), 1, seq, start, digest[:DIGEST_CHARS])
        for log, (seq, digest) in heads.items()
    ]


def _last(workspace: Workspace) -> Heads:
    try:
        data = workspace.record.files.read((workspace.path / layout.BUNDLED).as_posix())
        found = tomllib.loads(data.decode())
        return {LogName(log): (int(seq), str(digest)) for log, (seq, digest) in found.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError):  # it is not as written: more is put into the bundle
        return {}


def _named_by(workspace: Workspace, store: RemoteStore) -> Heads:
    """Return what the heads at a remote name and this copy has too."""
    found: dict[LogName, tuple[int, str]] = {}
    logs = {(tip.device, tip.seq, tip.digest): tip.log for tip in workspace.record.journal.tips()}
    for item in store.list(remote_layout.HEADS):
        device = remote_layout.head_device(item.name)
        if device is None:
            continue
        try:
            data = store.get(item.name, 0, HEAD_BYTES_MAX + 1)
            head = remote_layout.decode_head(data, device, workspace.config.workspace)
        except (FileNotFoundError, Corrupt):
            continue  # more is put into the bundle
        for device_, seq, digest in head.tips:
            log = logs.get((device_, seq, digest), LogName(device_))
            entry = workspace.record.journal.entry_at(log, seq)
            if entry is not None and entry.digest == digest and seq > found.get(log, (0, ""))[0]:
                found[log] = (seq, digest)
    return found


def _at(workspace: Workspace, at_ms: int) -> Heads:
    """Return what this copy had at a moment: its own log up to a seal, and what it had merged."""
    own = LogName(workspace.config.device)
    found: dict[LogName, tuple[int, str]] = {}
    for batch in workspace.record.journal.read():
        if batch.log != own:
            continue
        for entry in batch.entries:
            if stamp_to_ms(entry.at) > at_ms:
                break
            if entry.kind == SEALED:
                found[own] = (entry.seq, entry.digest)
            elif entry.kind == SEEN and isinstance(entry.body.get("heads"), dict):
                merged = entry.body["heads"].items()
                found |= {LogName(log): (int(seq), str(digest)) for log, (seq, digest) in merged}
    return found
