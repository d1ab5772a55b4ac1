"""The writing end of one device's log: lock, catch up, write, roll, sync.

One `DeviceLog` per journal and process; several threads and processes may append through
their own or the same one. What the lines say is the business of `Journal`.
"""

from __future__ import annotations

import contextlib
import errno
import threading
from collections.abc import Callable

import msgspec

from afield.journal.limits import SEGMENT_BYTES_MAX
from afield.journal.places import LOCK, OPEN, segment_name
from afield.journal.segments import compact
from afield.journal.tail import Tail, catch_up, find_tail, logger, mend, witness_of
from afield.journal.witness import write_witness
from afield.kernel.clock import Clock
from afield.kernel.files import AppendFile, FileSystem
from afield.kernel.ids import DeviceId

Compose = Callable[[Tail], tuple[bytes, Tail]]
"""From the tail to the bytes to write and the tail after them (segment and size left alone)."""


class DeviceLog:
    """Appends to one log.

    Args:
        folder: `<journal>/<device>`; made with the first append.
        files: the file system.
        clock: tells the age of temporary files that dead processes left.
        device: whose log it is.
        segment_bytes_max: a segment of this size takes no further write.
    """

    def __init__(
        self,
        folder: str,
        files: FileSystem,
        clock: Clock,
        device: DeviceId,
        *,
        segment_bytes_max: int = SEGMENT_BYTES_MAX,
    ) -> None:
        self._folder = folder
        self._files = files
        self._clock = clock
        self._device = device
        self._segment_bytes_max = segment_bytes_max
        self._made = False
        self._file: AppendFile | None = None
        self._tail: Tail | None = None  # None: unknown, look anew
        self._written_seq = 0  # the newest entry that this process appended
        self._synced_seq = 0  # up to where the log is on disk, as far as known here
        self._doubt = False  # an fsync failed: what it covered must be written anew
        self.mutex = threading.Lock()  # held around forks, so that no child inherits the lock
        self._syncing = threading.Lock()  # guards the change of `_file`; after `mutex` if both

    @property
    def unsynced(self) -> bool:
        """Whether this process appended anything that no fsync has vouched for yet."""
        return self._written_seq > self._synced_seq

    def append(self, compose: Compose, *, durable: bool) -> None:
        """Write what `compose` makes of the tail, in one write; nothing when it is empty.

        Raises:
            OSError: the disk refused; the batch may stand there in part, unacknowledged.
            Busy: another process held the lock for too long.
        """
        with self.mutex:
            if not self._made:
                self._files.make_folder(self._folder)
                self._made = True
            with self._files.lock(f"{self._folder}/{LOCK}"):
                tail = self._current()
                data, after = compose(tail)
                if not data:
                    return
                self._tail = None  # until it is known how the write went
                rolled = tail.inode == 0 or tail.size_bytes >= self._segment_bytes_max
                if rolled:
                    after = self._roll(data, tail, after)
                else:
                    self._write(data, tail)
                    after = msgspec.structs.replace(after, size_bytes=tail.size_bytes + len(data))
                self._tail = after
                self._written_seq = after.seq
        if rolled:
            self._witness(after)
            if tail.segment:
                compact(self._files, self._folder, self._clock)
        if durable:
            self._sync_through(after.seq)

    def sync(self) -> None:
        """Bring to disk all that this process has appended.

        Raises:
            OSError: the disk refused; the next append or sync tries again.
        """
        if self.unsynced:
            self._sync_through(self._written_seq)

    def close(self) -> None:
        """Let go of the file; the log can be appended to again."""
        with self.mutex:
            self._forget()

    def after_fork(self) -> None:
        """Start afresh in a forked child: its own locks and files, nothing to sync."""
        self.mutex = threading.Lock()
        self._syncing = threading.Lock()
        self._forget()
        self._doubt = False
        self._written_seq = self._synced_seq

    def _current(self) -> Tail:
        """Return the tail as it is now, with its file open; call it under the lock."""
        tail = self._known()
        if tail is None:
            self._forget()
            tail = find_tail(self._files, self._folder, self._device)
            tail = mend(self._files, self._folder, tail, self._device)
            if tail.inode:
                self._file = self._files.open_append(self._path(tail.segment))
        if self._doubt:
            tail = self._rewrite(tail)
        self._tail = tail
        return tail

    def _known(self) -> Tail | None:
        """Return the tail if what is known still holds or can be caught up with."""
        tail = self._tail
        if tail is None or not tail.inode:
            return None
        stat = self._files.stat(self._path(tail.segment))
        if stat is None or stat.inode != tail.inode or stat.size_bytes < tail.size_bytes:
            return None
        if stat.size_bytes > tail.size_bytes:
            tail = catch_up(self._files, self._folder, tail, self._device)
        # Whoever rolls leaves the old segment's size as it was; the name tells. That one
        # look is enough rests on segments being sealed oldest first.
        if tail is None or self._files.stat(self._path(segment_name(tail.seq + 1))) is not None:
            return None
        return tail

    def _write(self, data: bytes, tail: Tail) -> None:
        assert self._file is not None
        try:
            self._file.write(data)
        except OSError:
            with contextlib.suppress(OSError):
                self._file.truncate(tail.size_bytes)
            raise

    def _roll(self, data: bytes, tail: Tail, after: Tail) -> Tail:
        """Open a new segment with `data`, whole and durable or not at all."""
        if self._file is not None:  # what follows must not outlive what it builds on
            with self._syncing:
                self._sync(self._file)
            if self._doubt:
                self._rewrite(tail)
        name = segment_name(tail.seq + 1)
        self._files.write_new(self._path(name), data)
        return self._reopen(msgspec.structs.replace(after, segment=name, size_bytes=len(data)))

    def _rewrite(self, tail: Tail) -> Tail:
        """Write the open segment anew, the same bytes, after an fsync that failed.

        The kernel may have dropped what it could not write and call it clean: a second fsync
        would say yes to bytes that are gone. Other processes see by the new inode that they
        must open the file anew.
        """
        if tail.inode:
            path = self._path(tail.segment)
            self._files.write_new(path, self._files.read(path))
            tail = self._reopen(tail)
        self._doubt = False
        return tail

    def _reopen(self, tail: Tail) -> Tail:
        """Open the tail's segment, which `write_new` has just put there durably."""
        path = self._path(tail.segment)
        stat = self._files.stat(path)
        assert stat is not None
        self._forget()
        with self._syncing:
            self._file = self._files.open_append(path)
            self._synced_seq = max(self._synced_seq, tail.seq)
        return msgspec.structs.replace(tail, inode=stat.inode)

    def _sync_through(self, seq: int) -> None:
        """Return once the entry `seq` and all before it are on disk."""
        while self._synced_seq < seq:
            if self._doubt or self._tail is None or self._file is None:
                with self.mutex, self._files.lock(f"{self._folder}/{LOCK}"):
                    self._current()
                if self._file is None:
                    return  # sealed segments only: they were synced before they were rolled
            with self._syncing:
                tail, file = self._tail, self._file
                if self._synced_seq >= seq:
                    return  # another thread's sync took it along
                if tail is None or file is None or self._doubt:
                    continue
                self._sync(file)
                if self._doubt:
                    continue
                if tail.seq < seq:
                    raise OSError(errno.EIO, "entries just appended are gone", self._folder)
                self._synced_seq = max(self._synced_seq, tail.seq)
            self._witness(tail)

    def _sync(self, file: AppendFile) -> None:
        """Sync; when the disk refuses, leave it to `_rewrite` to raise or to make it good."""
        try:
            file.sync()
        except OSError as error:
            logger(__name__).warning(
                "journal %s: sync failed, writing anew: %s", self._folder, error
            )
            self._doubt = True

    def _witness(self, tail: Tail) -> None:
        try:
            write_witness(self._files, self._folder, witness_of(tail, self._device))
        except OSError as error:  # it only sharpens what `verify` can say
            logger(__name__).warning("journal %s: no witness written: %s", self._folder, error)

    def _path(self, segment: str) -> str:
        return f"{self._folder}/{segment}{OPEN}"

    def _forget(self) -> None:
        with self._syncing:
            if self._file is not None:
                self._file.close()
            self._file = self._tail = None
