"""A Dockerfile: the official Python image, the pins, the code of the run, its command.

The text depends on the record alone. With a file named, the code tree is written beside it
as `code/`, and wheels as `wheels/`: that folder is the whole build context.
"""

from __future__ import annotations

import json
import shlex

from afield.replay.export.container import WORK, Container, container
from afield.replay.export.pins import Pin, Pins, sort_pins
from afield.replay.export.subject import CODE, WHEELS, Exported, Subject, comments, head

HOW = ("Build it in the folder of this file: docker build -t run . && docker run --rm run",)
_CODE = (
    "the folder `code` beside this file must hold the code of the run; `-o FILE` writes it there"
)
_NO_CODE = "the record holds no code: the image has none"
_INSTALL = "RUN python -m pip install --no-cache-dir --no-deps"


def export_dockerfile(subject: Subject) -> Exported:
    """Return the environment, the code and the command as a Dockerfile."""
    pins = sort_pins(subject)
    parts = container(subject, pins, slim=True)
    notes = list(parts.notes)
    code = subject.manifest.code
    if code is None:
        notes.append(_NO_CODE)
    elif not subject.beside:
        notes.append(_CODE)
    if code is not None and code.not_kept:
        notes += [f"{one.path} is not in the record: {one.why}" for one in code.not_kept]
    notes += [
        f"{one.name} held a secret, which is not in the record: a mark stands in its place"
        for one in subject.manifest.redactions
        if one.where == "code"
    ]
    lines = comments(head(subject, HOW, notes, pins.left_out))
    lines += _lines(parts, pins, has_code=code is not None)
    return Exported(
        text="\n".join(lines) + "\n",
        left_out=tuple(pins.left_out),
        notes=tuple(notes),
        wheels=pins.wheels,
        code=code is not None and subject.beside,
    )


def _lines(parts: Container, pins: Pins, *, has_code: bool) -> list[str]:
    platform = f"--platform={parts.platform} " if parts.platform else ""
    lines = ["", f"FROM {platform}{parts.image}", ""]
    if any(pin.form == "vcs" for pin in pins.pins):
        lines.append("RUN apt-get update && apt-get install -y --no-install-recommends git \\")
        lines += ["    && rm -rf /var/lib/apt/lists/*", ""]
    if pins.wheels:
        lines += [f"COPY {WHEELS}/ /tmp/{WHEELS}/"]
    if pins.installed:
        lines += [f"{_INSTALL} \\", *_words(pins.installed), ""]
    if has_code:
        lines += [f"COPY {CODE}/ {WORK}/"]
    if has_code and pins.folders:
        words = [f"    -e {shlex.quote(f'{WORK}/{pin.target}')}" for pin in pins.folders]
        lines += [f"{_INSTALL} \\", *(f"{word} \\" for word in words[:-1]), words[-1]]
    lines.append(f"WORKDIR {_quoted(parts.folder)}")
    if parts.variables:
        lines.append("")
    lines += [f"ENV {name}={_quoted(value)}" for name, value in parts.variables.items()]
    lines += ["", f"CMD {json.dumps(list(parts.command))}"]
    return lines


def _words(pins: list[Pin]) -> list[str]:
    words = [
        f"/tmp/{WHEELS}/{pin.target}"  # noqa: S108 - a folder inside the image
        if pin.form == "wheel"
        else pin.requirement
        for pin in pins
    ]
    shown = [f"    {shlex.quote(word)}" for word in words]
    return [*(f"{word} \\" for word in shown[:-1]), shown[-1]]


def _quoted(value: str) -> str:
    """Quote for ENV and WORKDIR, where `$` would be replaced."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return f'"{escaped}"'
