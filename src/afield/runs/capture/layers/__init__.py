"""The layers that see what a run does: one small file each behind one Protocol, and their registry.

A layer tells what it saw and judges nothing; `merge` joins what all of them saw, and what is
an input or an output is decided in `runs.capture`. A new layer is one more file and one line
in `registry`.
"""

from __future__ import annotations

from afield.runs.capture.layers.layer import Layer, Seen, Site, Watch
from afield.runs.capture.layers.merge import Sighted, merge
from afield.runs.capture.layers.registry import LAYERS, see_reads
from afield.runs.capture.layers.watches import Watches

__all__ = ["LAYERS", "Layer", "Seen", "Sighted", "Site", "Watch", "Watches", "merge", "see_reads"]
