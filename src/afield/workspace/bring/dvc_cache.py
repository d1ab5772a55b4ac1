"""Where the bytes of a DVC repository are: its cache, and remotes that are folders here.

Reads only. Both layouts are known: `files/md5/ab/cdef…` of DVC 3 and `ab/cdef…` before it.
"""

from __future__ import annotations

import configparser
import hashlib
import os
from collections.abc import Iterator
from typing import Any, Self

_LAYOUTS = ("files/md5/", "")
_BLOCK_BYTES = 1 << 20
"""DVC takes line ends of texts apart from each other in blocks of this size."""


class Digested:
    """A file that is read and digested in one go, for `Vault.put_stream`."""

    def __init__(self, path: str) -> None:
        self._file = open(path, "rb")  # noqa: SIM115 - closed by `close`
        self._plain = hashlib.md5(usedforsecurity=False)

    def read(self, size_bytes: int = -1) -> bytes:
        """Read on."""
        data = self._file.read(size_bytes)
        self._plain.update(data)
        return data

    def readinto(self, room: Any) -> int:
        """Read on into a buffer."""
        count = self._file.readinto(room)
        self._plain.update(memoryview(room)[:count])
        return count

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @property
    def md5(self) -> str:
        """The MD5 of what was read."""
        return self._plain.hexdigest()


class Places:
    """The folders that may hold the bytes of a repository.

    Args:
        root: the repository: the folder that holds `.dvc`.
    """

    def __init__(self, root: str) -> None:
        found = _config(root)
        cache = found.get("cache", {}).get("dir") or os.path.join(root, ".dvc", "cache")
        remotes = [
            url
            for section, values in found.items()
            if section.startswith("remote ") and (url := values.get("url")) and os.path.isdir(url)
        ]
        self.folders = list(dict.fromkeys([cache, *remotes]))
        self.away = sorted(
            values["url"]
            for section, values in found.items()
            if section.startswith("remote ") and values.get("url") and values["url"] not in remotes
        )

        self._seen: dict[str, bool] = {}

    def find(self, md5: str) -> str | None:
        """Return the path of the file that is kept under an MD5; None when none is."""
        return next(self.candidates(md5), None)

    def has(self, md5: str) -> bool:
        """Tell whether a file is kept under an MD5; looked for once."""
        if md5 not in self._seen:
            self._seen[md5] = self.find(md5) is not None
        return self._seen[md5]

    def candidates(self, md5: str) -> Iterator[str]:
        """Yield the paths of all files that are kept under an MD5."""
        for folder in self.folders:
            for layout in _LAYOUTS:
                path = os.path.join(folder, f"{layout}{md5[:2]}", md5[2:])
                if os.path.isfile(path):
                    yield path


def unix_md5(path: str) -> str:
    """Return the MD5 that DVC before 3 gives a text: its line ends count as those of Unix."""
    found = hashlib.md5(usedforsecurity=False)
    with open(path, "rb") as file:
        while block := file.read(_BLOCK_BYTES):
            found.update(block.replace(b"\r\n", b"\n"))
    return found.hexdigest()


def _config(root: str) -> dict[str, dict[str, str]]:
    """Return the settings by section; addresses of folders as absolute paths.

    A file that cannot be read sets nothing: what is then not found is named as missing.
    """
    found: dict[str, dict[str, str]] = {}
    folder = os.path.join(root, ".dvc")
    for name in ("config", "config.local"):
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        try:
            parser.read(os.path.join(folder, name), encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError):
            continue
        for section in parser.sections():
            values = dict(parser.items(section))
            for key in ("dir", "url"):
                if key in values and "://" not in values[key]:
                    path = os.path.expanduser(values[key])
                    values[key] = os.path.normpath(os.path.join(folder, path))
            found.setdefault(section.strip("'"), {}).update(values)
    return found
