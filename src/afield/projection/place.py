"""Where the tables of one projection are: what the engine needs of a place, and which there are.

A file or memory (`file_place`), or a schema of PostgreSQL (`postgres_place`), which is loaded
only for those who have one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from afield.projection.database import Database, PostgresAt
from afield.projection.errors import ProjectionUnwritable
from afield.projection.schema import Table


class Place(Protocol):
    """Opens the database of one projection, again and again if need be.

    Attributes:
        fingerprint: of the rooms whose tables it holds.
    """

    fingerprint: str

    @property
    def database(self) -> Database:
        """The open connection."""
        ...

    @property
    def builds(self) -> bool:
        """Whether tables can be made aside and be put in place once they are whole."""
        ...

    @property
    def doubtful(self) -> bool:
        """Whether a statement that fails may tell of damage, which new tables would mend."""
        ...

    def current(self) -> bool:
        """Tell whether the connection still leads to the tables of the place; costs little."""
        ...

    def inherited(self) -> bool:
        """Tell whether the connection was made before a fork, by the parent."""
        ...

    def reopen(self) -> None:
        """Open what is there now."""
        ...

    def discard(self) -> None:
        """Throw the tables away, unless somebody has replaced them already, and make new ones."""
        ...

    def build(self, fill: Callable[[Database], None]) -> bool:
        """Have tables filled aside, and put them in place; False: somebody else has done it.

        Raises:
            Busy: another process is still at it.
        """
        ...

    def elsewhere(self, error: ProjectionUnwritable) -> None:
        """Go on where tables can be written; or raise the error."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


def place_for(at: str | PostgresAt, fingerprint: str, tables: Sequence[Table]) -> Place:
    """Open the place: a path, `:memory:`, or a schema of PostgreSQL."""
    if isinstance(at, PostgresAt):
        from afield.projection.postgres_place import PostgresPlace

        return PostgresPlace(at, fingerprint, tables)
    from afield.projection.file_place import FilePlace

    return FilePlace(at, fingerprint, tables)
