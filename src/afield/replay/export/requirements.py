"""`requirements.txt`: exact pins, which pip and uv read.

It can name packages of an index, of addresses and of wheels beside it. It cannot set the
Python version: a comment says it. The project's own editable code is a comment, because
installing that is no restoring: it builds.
"""

from __future__ import annotations

from afield.replay.export.pins import sort_pins
from afield.replay.export.subject import Exported, Subject, comments, head

HOW = (
    "These pins are the whole environment, so install them without dependencies:",
    "  uv pip install --no-deps -r requirements.txt   (or: python -m pip install …)",
)
_FROM_HERE = "paths begin at the folder you install from: go to the folder of this file first"


def export_requirements(subject: Subject) -> Exported:
    """Return the environment as a requirements file."""
    pins = sort_pins(subject)
    notes = pins.doubts
    if pins.wheels:
        notes.append(_FROM_HERE)
    notes += [
        f"{pin.name} {pin.version} is the project's own code; from its root: "
        f"uv pip install --no-deps -e ./{pin.target}"
        for pin in pins.folders
    ]
    lines = comments(head(subject, HOW, notes, pins.left_out))
    lines += ["", *(pin.requirement for pin in pins.installed)]
    return Exported(
        text="\n".join(lines) + "\n",
        left_out=tuple(pins.left_out),
        notes=tuple(notes),
        wheels=pins.wheels,
    )
