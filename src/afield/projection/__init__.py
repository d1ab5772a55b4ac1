"""SQL tables folded from the journal, and the query language over them.

Readers bring the tables up to date when they ask (`Projection.refresh`); writers never see
them. Rooms hand in what they are made of (`Room`); nothing here knows what a run is. The query
language is in `language` and `search`: whoever asks nothing starts without it.
"""

from afield.projection.catalog import Attribute, Catalog, Pairs
from afield.projection.engine import Projection, Source
from afield.projection.gate import Gate
from afield.projection.ops import Add, Frame, Put, PutAlike, PutMany, PutRow
from afield.projection.schema import Column, Fold, Index, Room, Table

__all__ = [
    "Add",
    "Attribute",
    "Catalog",
    "Column",
    "Fold",
    "Frame",
    "Gate",
    "Index",
    "Pairs",
    "Projection",
    "Put",
    "PutAlike",
    "PutMany",
    "PutRow",
    "Room",
    "Source",
    "Table",
]
