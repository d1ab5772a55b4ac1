"""Where the example project is: in the wheel's data, or beside the sources in a checkout."""

from __future__ import annotations

from pathlib import Path

import afield
from afield.kernel.errors import NotFound


class ExampleMissing(NotFound):
    """This installation came without the example project."""

    code = "cli.example_missing"


def example_folder(name: str) -> Path:
    """Return the folder of an example project.

    Raises:
        ExampleMissing: it is in neither place.
    """
    assert afield.__file__ is not None, "a regular package"
    package = Path(afield.__file__).parent
    for found in (package / "examples" / name, package.parents[1] / "examples" / name):
        if (found / "train.py").is_file():
            return found
    raise ExampleMissing("no example project", name, "this installation came without it")
