"""SQL tables folded from the journal, and the query language over them.

Readers bring the tables up to date when they ask (`Projection.refresh`); writers never see
them. Rooms hand in what they are made of (`Room`); nothing here knows what a run is.
"""

from afield.projection.engine import Projection, Source
from afield.projection.gate import Gate
from afield.projection.ops import Add, Put
from afield.projection.schema import Column, Fold, Index, Room, Table

__all__ = [
    "Add",
    "Column",
    "Fold",
    "Gate",
    "Index",
    "Projection",
    "Put",
    "Room",
    "Source",
    "Table",
]
