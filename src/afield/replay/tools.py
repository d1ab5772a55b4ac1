"""What building an environment needs from the machine: uv, a cache, the person's settings."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from afield.replay.errors import NoEnvironment
from afield.replay.limits import INSTALL_TIMEOUT_S
from afield.replay.pip_settings import uv_arguments, uv_variables

_USER = re.compile(r"://[^/@\s\"]+@")

_DROPPED = (
    *("VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP"),
    # what would bend exact pins
    *("UV_CONSTRAINT", "UV_OVERRIDE", "UV_BUILD_CONSTRAINT", "UV_EXCLUDE_NEWER", "UV_PYTHON"),
    *("UV_RESOLUTION", "UV_PRERELEASE", "UV_REQUIRE_HASHES", "UV_SYSTEM_PYTHON"),
)


@dataclass(frozen=True, slots=True)
class Tools:
    """What building an environment needs from the machine.

    Args:
        uv: the uv program.
        cache: the workspace's cache folder.
        environ: the person's variables; uv and pip settings are among them.
        home: the person's home folder.
        progress: told in a few words what takes time.
        wheels: distribution to wheel, objects of the vault, to be taken before an index is asked.
    """

    uv: str
    cache: str
    environ: Mapping[str, str]
    home: str
    progress: Callable[[str], None]
    wheels: Mapping[str, str] = field(default_factory=dict)

    def uv_environ(self) -> dict[str, str]:
        """Return the variables that uv is run with."""
        kept = {name: value for name, value in self.environ.items() if name not in _DROPPED}
        return uv_variables(self.environ, Path(self.home)) | kept

    def index_arguments(self) -> list[str]:
        """Return the options that name the person's package indexes to uv."""
        found = uv_arguments(self.environ, Path(self.home))
        # as pip does: the pin decides
        return [*found, "--index-strategy", "unsafe-best-match"] if found else []

    def run_uv(
        self, arguments: Sequence[str], folder: str, given: bytes = b""
    ) -> tuple[str, str | None]:
        """Run uv in a folder; return what it printed, and its fault in its own words, on one line.

        Args:
            arguments: without the program.
            folder: where it is run.
            given: what it reads from its standard input.

        Returns:
            its output, and None when it went well.

        Raises:
            NoEnvironment: uv cannot be run.
        """
        try:
            done = subprocess.run(
                [self.uv, *arguments],
                cwd=folder,
                env=self.uv_environ(),
                input=given,
                capture_output=True,
                timeout=INSTALL_TIMEOUT_S,
                check=False,
            )
        except OSError as fault:
            raise NoEnvironment("cannot run uv", self.uv, fault.strerror) from fault
        except subprocess.TimeoutExpired:
            return "", f"uv took longer than {INSTALL_TIMEOUT_S:g} s"
        told = done.stdout.decode("utf-8", "replace")
        if done.returncode == 0:
            return told, None
        words = done.stderr.decode("utf-8", "replace").split()
        why = " ".join(word for word in words if word.isprintable() and not _is_drawn(word))
        return told, without_user(why)


def without_user(text: str) -> str:
    """Return a text with no name and no password in its addresses."""
    return _USER.sub("://", text)


def _is_drawn(word: str) -> bool:
    return not any(letter.isascii() for letter in word)
