"""Editable distributions, laid over a cached environment without changing it.

A cached environment holds one line of start-up code (`HOOK_TEXT`) that adds the folder named by
`AFIELD_OVERLAY` to the path, after its own distributions. That folder has a `.pth` line for
each source folder, the metadata by which entry points are found, and the programs they name.
"""

from __future__ import annotations

import os
import stat
import sys
import tomllib
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from afield.replay.gaps import Gap
from afield.runs.manifest import Distribution

VARIABLE = "AFIELD_OVERLAY"
RECORDER = "afield"
HOOK_NAME = "afield_overlay.pth"
HOOK_TEXT = (  # run inside a function of site.py, where a comprehension sees no imports
    "import os, site; list(map(site.addsitedir, filter(None, "
    f"os.environ.get('{VARIABLE}', '').split(os.pathsep))))\n"
)
_SOURCE_FOLDERS = ("src", "lib", "python")
_PROGRAM = """\
#!{python}
import sys
from {module} import {name}
if __name__ == "__main__":
    sys.exit({attribute}())
"""


def lay_over(
    distributions: Sequence[Distribution],
    *,
    old_root: str,
    new_root: str,
    folder: Path,
    python: str,
    unused: Collection[str] = (),
) -> list[Gap]:
    """Write the overlay for the editable ones among `distributions` into `folder`.

    Args:
        distributions: all that were recorded.
        old_root: the project's folder at recording.
        new_root: where its code stands now.
        folder: made when there is anything to lay over.
        python: the interpreter for programs.
        unused: names of those that the run did not import.

    Returns:
        A gap for each one that lies outside the project.
    """
    gaps: list[Gap] = []
    lines: list[str] = []
    for one in distributions:
        if one.origin != "editable" or one.location is None:
            continue
        source = _moved(one.location, old_root, new_root)
        if source is None:
            source = Path(one.location)
            gaps.append(_outside(one, source, used=one.name not in unused))
        lines += [str(path) for path in _import_folders(source)]
        _write_metadata(one, source, folder, python)
    if lines:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "editable.pth").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return gaps


def _outside(one: Distribution, source: Path, *, used: bool) -> Gap:
    told = f"{one.name} {one.version} is editable outside the project, in {source}"
    if not used:
        # Reads of its own code are in no record, so nothing is known of whether it was imported.
        why = "it recorded the run" if one.name == RECORDER else "the run did not import it"
        return Gap("environment", f"{told}; {why}", note=True)
    if source.is_dir():
        return Gap("environment", f"{told}; used as it stands now")
    return Gap("environment", f"{told}; that folder is not here", missing=True)


def _moved(location: str, old_root: str, new_root: str) -> Path | None:
    relative = os.path.relpath(location, old_root)
    if relative.startswith(os.pardir) or os.path.isabs(relative):  # noqa: PTH117 - str at hand
        return None
    return Path(new_root, relative)


def _import_folders(source: Path) -> list[Path]:
    """Return what an editable install of `source` puts on the path, a `src` layout first."""
    found = [source / name for name in _SOURCE_FOLDERS if _holds_code(source / name)]
    return [*found, source]


def _holds_code(folder: Path) -> bool:
    # `python/mypackage/__init__.py`, or modules; but not a package that is itself called `lib`
    if not folder.is_dir() or (folder / "__init__.py").exists():
        return False
    return any(True for _ in folder.glob("*.py")) or any(True for _ in folder.glob("*/*.py"))


def _write_metadata(one: Distribution, source: Path, folder: Path, python: str) -> None:
    name = one.name.replace("-", "_")
    info = folder / f"{name}-{one.version}.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    text = f"Metadata-Version: 2.1\nName: {one.name}\nVersion: {one.version}\n"
    (info / "METADATA").write_text(text, encoding="utf-8")
    groups = _entry_points(source)
    lines: list[str] = []
    for group, entries in groups.items():
        lines += [f"[{group}]", *(f"{key} = {value}" for key, value in entries.items()), ""]
    (info / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")
    for group in ("console_scripts", "gui_scripts"):
        for program, target in groups.get(group, {}).items():
            _write_program(folder / "bin", program, target, python)


def _entry_points(source: Path) -> dict[str, dict[str, str]]:
    try:
        project = tomllib.loads((source / "pyproject.toml").read_text("utf-8")).get("project", {})
    except (OSError, ValueError):
        return {}
    tables: dict[str, Any] = dict(project.get("entry-points", {}))
    tables["console_scripts"] = project.get("scripts", {})
    tables["gui_scripts"] = project.get("gui-scripts", {})
    return {
        group: {str(key): str(value) for key, value in entries.items()}
        for group, entries in tables.items()
        if isinstance(entries, dict) and entries
    }


def _write_program(folder: Path, program: str, target: str, python: str) -> None:
    module, _, attribute = target.partition("[")[0].strip().partition(":")
    plain = module.replace(".", "").isidentifier() and attribute.replace(".", "").isidentifier()
    if not plain or os.path.basename(program) != program or sys.platform == "win32":  # noqa: PTH119
        return
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / program
    name = attribute.split(".")[0]
    path.write_text(
        _PROGRAM.format(python=python, module=module, name=name, attribute=attribute),
        encoding="utf-8",
    )
    path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
