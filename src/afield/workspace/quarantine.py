"""Where damaged files are laid aside: copied under a free name, never deleted by us.

`.afield/quarantine/` has them in the folders that they stood in, and `lost.json`: what no copy
was found of, so that it is named as lost and not taken for fresh damage again and again.
"""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterable

import msgspec

from afield.kernel.files import FileSystem

FOLDER = "quarantine"
_LOST = "lost.json"
_BLOCK_BYTES = 1 << 20


class Quarantine:
    """The quarantine of a workspace.

    Attributes:
        kept: paths inside the quarantine of what was laid aside through this object.

    Args:
        workspace: the `.afield` folder.
        files: the file system.
    """

    def __init__(self, workspace: str, files: FileSystem) -> None:
        self.kept: list[str] = []
        self._workspace = workspace
        self._root = f"{workspace}/{FOLDER}"
        self._files = files

    def keep(self, path: str) -> str:
        """Lay a copy of a file aside, durably; return where. One that cannot be read is moved.

        Args:
            path: inside the workspace, as in `packs/….pack`.

        Raises:
            OSError: the copy cannot be written; nothing was changed.
        """
        folder, _, name = path.rpartition("/")
        self._files.make_folder(f"{self._root}/{folder}")
        target = self._free(f"{folder}/{name}")
        source = f"{self._workspace}/{path}"
        try:
            self._copy(source, f"{self._root}/{target}")
        except OSError as error:
            if error.errno != errno.EIO or error.filename == f"{self._root}/{target}":
                raise
            self._files.rename(source, f"{self._root}/{target}")
        self.kept.append(target)
        return target

    def packs(self) -> list[str]:
        """Return the paths of packs that were laid aside, now or earlier."""
        folder = f"{self._root}/packs"
        return [f"{folder}/{name}" for name in self._files.list(folder) if ".pack" in name]

    def lost(self) -> dict[str, int]:
        """Return the digests of what no copy was found of, and since when in Unix milliseconds."""
        try:
            data = self._files.read(f"{self._root}/{_LOST}")
            return msgspec.json.decode(data, type=dict[str, int])
        except (FileNotFoundError, msgspec.MsgspecError):
            return {}  # then it is named as damage again, and written anew by the next repair

    def write_lost(self, digests: Iterable[str], now_ms: int) -> None:
        """Remember what is lost, and forget what is not any more."""
        before = self.lost()
        now = {digest: before.get(digest, now_ms) for digest in sorted(digests)}
        if now != before:
            self._files.make_folder(self._root)
            self._files.write_new(f"{self._root}/{_LOST}", msgspec.json.encode(now))

    def _free(self, path: str) -> str:
        """Return a path that nothing has yet."""
        number, target = 1, path
        while self._files.stat(f"{self._root}/{target}") is not None:
            number += 1
            target = f"{path}.{number}"
        return target

    def _copy(self, source: str, target: str) -> None:
        """Copy in blocks: what is damaged may be of any size."""
        temporary = f"{target}.tmp-copy"
        file = self._files.open_append(temporary)
        try:
            file.truncate(0)
            offset = 0
            while block := self._files.read(source, offset, _BLOCK_BYTES):
                file.write(block)
                offset += len(block)
            file.sync()
        except BaseException:
            with contextlib.suppress(OSError):
                self._files.remove(temporary)
            raise
        finally:
            file.close()
        self._files.rename(temporary, target)
