"""Whom a copy of the record believes: the devices that need nobody, and up to where others count.

Values only; where they come from is `removal`'s business and the workspace's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple, Protocol, Self

from afield.kernel.ids import DeviceId

if TYPE_CHECKING:  # a run that starts asks for no rights
    from afield.members.rights import Rights


class Numbered(Protocol):
    """An entry, or what is known of one: its number in the log, and its digest."""

    @property
    def seq(self) -> int:
        """Its number."""
        ...

    @property
    def digest(self) -> str:
        """Its digest."""
        ...


class Cut(NamedTuple):
    """Up to where the log of a removed device counts.

    Attributes:
        last: the number of the last entry that does.
        beside: digests of entries up to there that do not lead to what was known of the log:
            somebody with the device's key may begin it anew further down.
    """

    last: int
    beside: frozenset[str] = frozenset()

    def holds(self, entry: Numbered) -> bool:
        """Tell whether an entry of the device counts."""
        return entry.seq <= self.last and entry.digest not in self.beside


class Trusted(frozenset[DeviceId]):
    """The devices that need nobody's confirmation, with what was removed and who may what.

    Attributes:
        removed: by device, up to where it counts.
        rights: who held which roles when; None: nobody was granted any.
    """

    removed: Mapping[DeviceId, Cut]
    rights: Rights | None

    def __new__(
        cls,
        roots: Iterable[DeviceId],
        removed: Mapping[DeviceId, Cut],
        rights: Rights | None = None,
    ) -> Self:
        """Make one."""
        made = super().__new__(cls, roots)
        made.removed = removed
        made.rights = rights if rights is not None and rights.name else None
        return made

    @property
    def name(self) -> str:
        """All of it as one text."""
        cuts = [f"{device}<{cut.last}" for device, cut in sorted(self.removed.items())]
        beside = [digest for cut in self.removed.values() for digest in cut.beside]
        ruled = [] if self.rights is None else [self.rights.name]
        return " ".join([*sorted(self), *cuts, *sorted(beside), *ruled])
