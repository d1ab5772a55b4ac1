"""Lays out files as DVC does (compared with 3.67 by hand): tests need neither it nor time."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

GIT = {
    "GIT_AUTHOR_NAME": "Ann B",
    "GIT_AUTHOR_EMAIL": "ann@example.org",
    "GIT_COMMITTER_NAME": "Ann B",
    "GIT_COMMITTER_EMAIL": "ann@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}


def md5_of(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


class DvcLayout:
    """A DVC repository in a folder.

    Args:
        root: an empty folder.
        old: as DVC 2 lays out its cache and writes its files.
    """

    def __init__(self, root: Path, *, old: bool = False) -> None:
        self.root = root
        self.old = old
        self.clock = 1_700_000_000
        self.cache = root / ".dvc" / "cache"
        (root / ".dvc").mkdir(parents=True)
        (root / ".dvc" / "config").write_text("")
        (root / ".gitignore").write_text("/.dvc/cache\n")
        self.git("init", "-q", "-b", "main")

    def git(self, *words: str) -> str:
        self.clock += 3600
        date = f"{self.clock} +0100"
        done = subprocess.run(
            ["git", "-C", str(self.root), *words],
            env={**os.environ, **GIT, "GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date},
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def commit(self, message: str) -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def place(self, md5: str) -> Path:
        folder = self.cache if self.old else self.cache / "files" / "md5"
        return folder / md5[:2] / md5[2:]

    def keep(self, data: bytes, suffix: str = "", *, md5: str | None = None) -> str:
        found = (md5 or md5_of(data)) + suffix
        self.place(found).parent.mkdir(parents=True, exist_ok=True)
        self.place(found).write_bytes(data)
        return found

    def keep_folder(self, files: Mapping[str, bytes]) -> str:
        listed = [{"md5": self.keep(files[path]), "relpath": path} for path in sorted(files)]
        return self.keep(json.dumps(listed, sort_keys=True).encode(), ".dir")

    def out(self, md5: str, path: str, more: str = "") -> str:
        hashed = "" if self.old else "  hash: md5\n"
        return f"- md5: {md5}\n{hashed}{more}  path: {path}\n"

    def track(self, path: str, md5: str, more: str = "") -> None:
        file = self.root / f"{path}.dvc"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("outs:\n" + self.out(md5, file.name.removesuffix(".dvc"), more))
