"""A notebook as a document: its cells, as a person reads them and as text that can be compared.

Reads the JSON of `.ipynb` files (nbformat 4, https://nbformat.readthedocs.io) without any
library of notebooks, so that whoever compares or shows one needs none. Nothing is executed here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

TEXT_SUFFIX = ".py"
_FORMAT = 4
_IMAGE = re.compile(r"image/(?!svg)")
_COMMENTS = {"javascript": "//", "scala": "//", "java": "//", "c++": "//", "rust": "//"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: `kind` is `code`, `markdown` or `raw`; `count` what stands in `In [ ]`."""

    kind: str
    source: str
    count: int | None = None
    outputs: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A notebook: its cells, the kernel that it names, and the language of its code."""

    cells: tuple[Cell, ...]
    kernel: str | None = None
    language: str = "python"

    @property
    def code(self) -> tuple[Cell, ...]:
        """The cells that are executed."""
        return tuple(cell for cell in self.cells if cell.kind == "code")


def read_document(data: bytes) -> Document | None:
    """Return the notebook that these bytes are; None when they are none of format 4."""
    try:
        plain = json.loads(data)
        if plain["nbformat"] != _FORMAT:
            return None
        about = plain.get("metadata") or {}
        spec = about.get("kernelspec") or {}
        language = (about.get("language_info") or {}).get("name") or spec.get("language")
        cells = tuple(_cell(found) for found in plain["cells"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return Document(cells, spec.get("name"), str(language or "python").lower())


def joined(text: Any) -> str:
    """Return a text that may stand as a list of its lines.

    Raises:
        TypeError: it is neither.
    """
    return text if isinstance(text, str) else "".join(text)


def as_text(document: Document) -> str:
    """Return the cells as a script in the percent format, without any output.

    A cell begins with `# %%`, and all that is no code is commented out.
    """
    mark = _COMMENTS.get(document.language, "#")
    parts = []
    for cell in document.cells:
        lines = cell.source.rstrip("\n").split("\n")
        head = f"{mark} %%"
        if cell.kind != "code":
            head += f" [{cell.kind}]"
            lines = [f"{mark} {line}".rstrip() for line in lines]
        parts.append("\n".join([head, *lines]))
    return "\n\n".join(parts) + "\n"


def text_of(data: bytes) -> str | None:
    """Return the cells of a notebook's bytes as text; None when they are no notebook."""
    document = read_document(data)
    return None if document is None else as_text(document)


def clean_notebook(data: bytes, clean: Callable[[str], str]) -> bytes:
    """Return a notebook with each of its texts put through `clean`; lists of lines are joined.

    Raises:
        ValueError: the bytes are no JSON.
    """
    return json.dumps(_cleaned(json.loads(data), clean), indent=1, ensure_ascii=False).encode()


def _cell(plain: Mapping[str, Any]) -> Cell:
    return Cell(
        kind=str(plain["cell_type"]),
        source=joined(plain.get("source", "")),
        count=plain.get("execution_count"),
        outputs=tuple(dict(found) for found in plain.get("outputs", ())),
    )


def _cleaned(value: Any, clean: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {
            name: inner if _IMAGE.match(name) else _cleaned(inner, clean)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        if value and all(isinstance(inner, str) for inner in value):
            text = "".join(value)
            found = clean(text)
            return value if found == text else found.splitlines(keepends=True)
        return [_cleaned(inner, clean) for inner in value]
    return value


@dataclass(frozen=True, slots=True)
class Executed:
    """A cell as a person executed it: its number in the session, and how it ended.

    `before` tells that it was executed before the run began, so that only what it left behind
    in the process is part of the run.
    """

    count: int
    source: str
    error: str | None = None
    before: bool = False


def session_notebook(cells: Sequence[Executed]) -> bytes:
    """Return a notebook of cells in the order in which they were executed, without outputs.

    A cell that failed is tagged `raises-exception`, so that executing the notebook goes on after
    it as the person did.
    """
    made = []
    for at, cell in enumerate(cells, 1):
        about: dict[str, Any] = {}
        if cell.error is not None:
            about["tags"] = ["raises-exception"]
        if cell.error is not None or cell.before:
            about["afield"] = {"error": cell.error, "before": cell.before}
        made.append(
            {
                "cell_type": "code",
                "execution_count": cell.count,
                "id": f"cell-{at}",
                "metadata": about,
                "outputs": [],
                "source": cell.source.splitlines(keepends=True),
            }
        )
    spec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    plain = {
        "cells": made,
        "metadata": {"kernelspec": spec, "language_info": {"name": "python"}},
        "nbformat": _FORMAT,
        "nbformat_minor": 5,
    }
    return (json.dumps(plain, indent=1, ensure_ascii=False) + "\n").encode()
