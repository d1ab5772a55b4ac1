"""The safety phrase: what two people compare, by voice, to know that they see the same keys.

Thirty digits from the workspace's id and both public keys. Whoever stands between them would
have to find two keys that give both sides the same phrase: some 2^50 keys to try.
"""

from __future__ import annotations

import re

from blake3 import blake3

from afield.kernel.ids import WorkspaceId

GROUPS = 6
GROUP_DIGITS = 5
_CONTEXT = "afield 2026 safety phrase 1"


def safety_phrase(workspace: WorkspaceId, founder: bytes, device: bytes) -> str:
    """Return the phrase of a device in a workspace: six groups of five digits.

    Args:
        workspace: the workspace's id.
        founder: the raw public key of the device that founded it.
        device: the raw public key of the device that is to be confirmed.
    """
    said = workspace.encode() + b"\n" + founder.hex().encode() + b"\n" + device.hex().encode()
    number = int.from_bytes(blake3(said, derive_key_context=_CONTEXT).digest(), "big")
    digits = f"{number % 10 ** (GROUPS * GROUP_DIGITS):0{GROUPS * GROUP_DIGITS}d}"
    starts = range(0, len(digits), GROUP_DIGITS)
    return " ".join(digits[start : start + GROUP_DIGITS] for start in starts)


def same_phrase(typed: str, phrase: str) -> bool:
    """Tell whether somebody typed this phrase, with whatever between the groups."""
    return re.sub(r"[\s\-.]", "", typed) == phrase.replace(" ", "")
