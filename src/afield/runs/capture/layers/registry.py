"""The one list of layers, in the order of their numbers; a new layer is one line here."""

from __future__ import annotations

from collections.abc import Iterable

from afield.runs.capture.layers.audit import AUDIT
from afield.runs.capture.layers.imports import IMPORTS
from afield.runs.capture.layers.kernel import KERNEL
from afield.runs.capture.layers.layer import Layer
from afield.runs.capture.layers.tree import TREE

LAYERS: tuple[Layer, ...] = (TREE, AUDIT, KERNEL, IMPORTS)


def see_reads(names: Iterable[str]) -> bool:
    """Tell whether one of the layers that a record names sees what is read.

    Layers of later versions that this one does not have count as such.
    """
    return not {layer.name for layer in LAYERS if not layer.reads}.issuperset(names)
