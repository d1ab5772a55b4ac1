"""`devcontainer.json`: a Python container to work in, with the pins of a run.

It opens the person's own checkout, so no code comes along: only Python, packages and
variables. JSON with comments, as the format allows.
"""

from __future__ import annotations

import json
from typing import Any

from afield.replay.export.container import container
from afield.replay.export.pins import sort_pins
from afield.replay.export.subject import WHEELS, Exported, Subject, comments, head, one_line

PLACE = ".devcontainer"
HOW = (f"Put it into the project as {PLACE}/devcontainer.json and open the project in it.",)
_CODE = "the code is your checkout, not that of the run: `afield show` names its commit"
_RUN = "the command of the run was: "


def export_devcontainer(subject: Subject) -> Exported:
    """Return the environment as a development container."""
    pins = sort_pins(subject)
    parts = container(subject, pins, slim=False)
    notes = [*parts.notes, _CODE, _RUN + json.dumps(list(parts.command))]
    document: dict[str, Any] = {
        "name": one_line(f"{subject.name} ({subject.run})"),
        "image": parts.image,
    }
    if parts.platform:
        document["runArgs"] = [f"--platform={parts.platform}"]
    odd = [name for name, value in parts.variables.items() if "${" in value]
    notes += [f"variable {name} holds `${{`, which this format would replace" for name in odd]
    kept = {name: value for name, value in parts.variables.items() if name not in odd}
    if kept:
        document["containerEnv"] = kept
    words = [
        f"{PLACE}/{WHEELS}/{pin.target}" if pin.form == "wheel" else pin.requirement
        for pin in pins.installed
    ]
    install = ["python", "-m", "pip", "install", "--no-deps"]
    if words:
        document["onCreateCommand"] = [*install, *words]
    if pins.folders:
        editable = {pin.name: [*install, "-e", f"./{pin.target}"] for pin in pins.folders}
        document["postCreateCommand"] = editable
    lines = comments(head(subject, HOW, notes, pins.left_out), "//")
    text = "\n".join([*lines, json.dumps(document, indent=2, ensure_ascii=False)]) + "\n"
    return Exported(
        text=text,
        left_out=tuple(pins.left_out),
        notes=tuple(notes),
        wheels=pins.wheels,
    )
