"""What somebody who can write to a remote, and knows the format, may do to it."""

from __future__ import annotations

import msgspec
import zstandard
from sync_world import WORKSPACE, key_of

from afield.journal import Draft, seals
from afield.journal.carry import Carried
from afield.journal.entry import encode_line
from afield.kernel.ids import WorkspaceId
from afield.sync.chunk import Top, encode_chunk
from afield.sync.layout import Head, Piece, encode_head, head_name

FOUNDER, MEMBER, LIAR, NEIGHBOUR = key_of(1), key_of(2), key_of(8), key_of(7)
TOP = msgspec.json.encode(Top(device=FOUNDER.device, public_key=FOUNDER.public.hex())) + b"\n"
BOMB = zstandard.compress(TOP + b"\0" * (33 << 20))


def forge(chance, files, heads):
    """Do one of these things to the files of a remote; return what was done."""
    names = sorted(files)
    if not names:
        return "nothing"
    act = chance.choice(ACTS)
    act(chance, files, names, heads)
    return act.__name__


def other_bytes(chance, files, names, _heads):
    """Other bytes, or half of them, under a good name."""
    name = chance.choice([name for name in names if name != "format"] or ["heads/x"])
    data = files.get(name, b"")
    files[name] = chance.choice([data[: len(data) // 2], b"\0" * len(data), b"x", data + data])


def removal(chance, files, names, _heads):
    """A file that is gone."""
    files.pop(chance.choice([name for name in names if name != "format"] or names), None)


def head_of_another(_chance, files, _names, _heads):
    """A head of somebody else, signed with a key that is not theirs."""
    head = head_of(LIAR, (FOUNDER.device, 10**6, "f" * 64))
    files[head_name(FOUNDER.device)] = encode_head(head, LIAR)


def long_lists(_chance, files, names, _heads):
    """A device of its own that vouches for, and complains of, a lot; and many names."""
    tips = tuple((FOUNDER.device, 10**6 + n, f"{n:064x}") for n in range(300))
    head = msgspec.structs.replace(
        head_of(LIAR, *tips), bad=tuple(names[:50]), lacks=(FOUNDER.device,)
    )
    files[head_name(LIAR.device)] = encode_head(head, LIAR)
    for n in range(30):
        files[Piece(FOUNDER.device, 1, n + 1, "0" * 32, f"{n:032x}").name] = b""


def replay(chance, files, names, heads):
    """An old head again, and one of another workspace."""
    heads += [(name, files[name]) for name in names if name.startswith("heads/")]
    if heads:
        name, data = chance.choice(heads)
        files[name] = data
    other = msgspec.structs.replace(head_of(NEIGHBOUR), workspace=WorkspaceId("v" * 26))
    files[head_name(NEIGHBOUR.device)] = encode_head(other, NEIGHBOUR)


def bad_signature(chance, files, _names, _heads):
    """A log in the founder's name, sealed with another key, that a good head vouches for."""
    shown = chance.choice([FOUNDER, LIAR])
    lines, before = [], "0" * 64
    facts = [
        Draft("device.introduced", FOUNDER.device, {
            "public_key": shown.public.hex(), "member": "member0000000001",
        }),
        Draft("thing.named", "forged", {"name": "forged"}),
        None,
    ]  # fmt: skip
    for seq, draft in enumerate(facts, 1):
        line, entry = encode_line(
            draft or seals.draft(LIAR, seq - 1, before), device=FOUNDER.device,
            by="member0000000001", seq=seq, prev=before, at=seq << 16, tz="+00:00",
        )  # fmt: skip
        lines.append(Carried(line, entry, opens=seq == 1))
        before = entry.digest
    piece, data = encode_chunk(shown.public, lines)
    files[piece.name] = data
    named = (FOUNDER.device, lines[-1].entry.seq, before)
    peer = chance.choice([LIAR, MEMBER])
    files[head_name(peer.device)] = encode_head(head_of(peer, named), peer)


def bad_length(chance, files, names, _heads):
    """A chunk that says it is huge, and one that has other lines than its name says."""
    name = chance.choice([name for name in names if name.startswith("journal/")] or ["heads/x"])
    files[name] = chance.choice([BOMB, zstandard.compress(TOP)])


def head_of(key, *tips):
    return Head(workspace=WORKSPACE, device=key.device, public_key=key.public.hex(), tips=tips)


ACTS = (
    other_bytes, removal, head_of_another, long_lists, replay, bad_signature, bad_length,
)  # fmt: skip
