"""What a check of the record finds: one fact about one thing, named.

Journal and vault yield these from `verify`, the edge words and counts them. Nothing here
checks anything.
"""

from __future__ import annotations

import msgspec


class Finding(msgspec.Struct, frozen=True):
    """One thing that a check looked at and found worth naming.

    Attributes:
        what: the kind of thing: `pack`, `object`, `index`, `reference`, `entry`, `seal`,
            `chain`, `segment`, `repository`, `temporary`, `branch`, `phantom`.
        name: which one: a digest, a path inside the workspace, a device and sequence number.
        why: what is the matter with it, lower case, no final full stop.
        damaged: whether bytes are wrong or gone; False for what is odd but harmless.
    """

    what: str
    name: str
    why: str
    damaged: bool
