"""The bounds of sync: what a remote may make this side read, hold or repeat."""

from __future__ import annotations

FORMAT_BYTES_MAX = 64 << 10
"""The file `format` of a remote."""

HEADS_MAX = 10_000
"""Head files of devices that count."""

STRANGERS_MAX = 1_000
"""Head files of devices that do not count, of which each may name only logs of its own."""

STRANGER_TIPS_MAX = 100
"""Tips that such a head may name."""

HEAD_BYTES_MAX = 4 << 20
"""One head file."""

HEAD_TIPS_MAX = 20_000
"""Logs and branches that one head names."""

BAD_NAMES_MAX = 200
"""Files that one head complains of, and that one sync writes again."""

LISTED_MAX = 2_000_000
"""Names that one folder of a remote may hold."""

CHUNK_BYTES = 4 << 20
"""A chunk of a log is closed at the first seal behind so many bytes of lines."""

CHUNK_BYTES_MAX = 32 << 20
"""Lines of one chunk; a reader refuses more."""

CHUNKS_IN_A_ROW_MAX = 200_000
"""Chunks that lead from a tip to what is known here."""

INDEX_TAIL_BYTES = 64 << 10
"""How much of a pack's end is read first for its index; smaller packs are read whole."""

CLOCK_AHEAD_MAX_MS = 24 * 3600 * 1000
"""Others' clocks are followed so far ahead of this machine's; further ahead is their fault."""

RECENT_DAYS = 30
"""What `--data recent` takes: the bytes of what was recorded in so many days."""

NOTED_BYTES_MAX = 16 << 20
"""Of small packs that were read whole for their index, until it is known if they are wanted."""

DOCUMENT_BYTES_MAX = 16 << 20
"""An object that is looked through for the objects it names."""

TRIES = 4
"""How often one transfer is tried before the remote counts as unreachable."""

PAUSES_S = (0.1, 0.5, 2.0)
"""How long to wait between these tries."""

SHRINK_PAUSES_S = (0.1, 0.1, 0.1, 0.1, 0.1, 0.5, 2.0)
"""The same between tries of which each asks for less than the one before."""

PIECE_BYTES = 256 << 10
"""The unit that `--limit` meters."""

PIECE_BYTES_MIN = 2 << 10
"""What is asked for at a time of a link that breaks off again and again."""

PIECE_SHRINKS = 16
"""How much less is asked for after a link broke off: from a pack to the least in four tries."""

SEND_BYTES: tuple[int, ...] = (64 << 20, 2 << 20, 512 << 10)
"""What is sent at a time: packs as they are, parts once the link broke off, smaller parts."""

SLICE_BYTES = (2 << 10, 128 << 10)
"""Least and most that is sent at a time once that does not go through either: of any file."""

SLICE_SHRINKS = 4
"""How much less is sent after a link broke off."""

SLICES_IN_A_ROW = 8
"""After so many that went through, twice as much is tried."""
