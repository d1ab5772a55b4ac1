"""Installed files that somebody changed by hand: found by RECORD, kept, and named per run.

Only distributions that the run used are looked at, by size and time of each file; bytes are
digested when these are new, once for each state of a distribution. What an installer wrote down
is read in `distributions`; putting patches back is `replay.patching`.
"""

from __future__ import annotations

import base64
import contextlib
import os
from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from afield.kernel.digest import digest
from afield.runs.capture.distributions import Found, normal_name, stable_rows
from afield.runs.capture.limits import (
    INSTALLED_HASHED_BYTES_MAX,
    PATCHES_MAX,
    PATCHES_TOTAL_BYTES_MAX,
)
from afield.runs.manifest import Distribution, Patch
from afield.runs.secrets import scan
from afield.vault import Vault

Stamp = tuple[int, int, int]
"""Size, mtime in ns, inode. Not ctime: an installer that links a file elsewhere changes it."""

_CACHE = "/__pycache__/"
_HASHES = ("sha256", "sha384", "sha512")
_CHUNK_BYTES = 256 << 10


class _Known(msgspec.Struct, array_like=True):
    """A distribution as it was found: `good` and `bad` by RECORD, `other` cannot be compared.

    A file that is gone has no stamp. `record` is the stamp of RECORD itself.
    """

    record: Stamp
    good: dict[str, Stamp] = {}
    bad: dict[str, Stamp | None] = {}
    other: tuple[str, ...] = ()
    whole: bool = True

    def lists(self, path: str) -> bool:
        return path in self.good or path in self.bad or path in self.other


class PatchCheck(msgspec.Struct):
    """Compares distributions with their RECORDs, and keeps the bytes of what differs.

    Args:
        cache: the folder that remembers files by their stamps; it may be deleted at any time.
        used: files of installed code and data that the run opened; they say which distributions
            are looked at.
        names: normal names of distributions that are looked at, too.
        vault: keeps the bytes; without one they are only digested.
        known: values of secrets.
        moved: normal names of distributions that are not compared: they are not there any more as
            they were found.
    """

    cache: str | None
    used: Iterable[str] = ()
    names: Collection[str] = ()
    vault: Vault | None = None
    known: Mapping[str, bytes] = {}
    moved: Collection[str] = ()
    faults: list[str] = []
    _hashed_bytes: int = 0
    _kept_bytes: int = 0
    _states: dict[str, _Known] = {}
    _looked: set[tuple[str, str]] = set()

    def ahead(self, found: Sequence[Found], used: Iterable[str]) -> None:
        """Compare what `used` says is in use by now; `look` takes it as it was found here."""
        tops = _tops(_by_site({os.path.dirname(one.folder) for one in found}, used))
        tops -= self._looked
        self._looked |= tops
        for one in found:
            site = os.path.dirname(one.folder)
            if one.folder in self._states or not _can_be_compared(one):
                continue
            if any((site, top) in tops for top in one.tops):
                self._states[one.folder] = self._state(one)

    def look(self, found: Sequence[Found]) -> dict[str, Distribution]:
        """Return those that could be compared, by folder, with what is patched of them."""
        opened = _by_site({os.path.dirname(one.folder) for one in found}, self.used)
        tops = _tops(opened)
        owners = [one for one in found if _can_be_compared(one) and self._is_wanted(one, tops)]
        states = {one.folder: self._states.get(one.folder) or self._state(one) for one in owners}
        patches: dict[str, list[Patch]] = {one.folder: [] for one in owners}
        for one in owners:
            site = os.path.dirname(one.folder)
            for path, stamp in sorted(states[one.folder].bad.items()):
                how = "removed" if stamp is None else "changed"
                patches[one.folder].append(self._patch(site, path, how))
        for one, path in _added(found, owners, states, opened):
            patches[one.folder].append(self._patch(os.path.dirname(one.folder), path, "added"))
        return {
            one.folder: msgspec.structs.replace(
                one.distribution, checked=True, patched=self._bounded(one, patches[one.folder])
            )
            for one in owners
        }

    def _is_wanted(self, one: Found, tops: Collection[tuple[str, str]]) -> bool:
        name = normal_name(one.distribution.name)
        if name in self.moved:
            return False
        if name in self.names:
            return True
        site = os.path.dirname(one.folder)
        return any((site, top) in tops for top in one.tops)

    def _bounded(self, one: Found, patches: list[Patch]) -> tuple[Patch, ...]:
        if len(patches) > PATCHES_MAX:
            name = f"{one.distribution.name} {one.distribution.version}"
            told = f"{name}: {len(patches)} files were patched by hand, {PATCHES_MAX} are named"
            self.faults.append(told)
        return tuple(patches[:PATCHES_MAX])

    def _patch(self, site: str, path: str, how: str) -> Patch:
        """Describe a file that is not as installed, and keep it within limits."""
        if how == "removed":
            return Patch(path=path, how=how)
        try:
            size_bytes = os.stat(f"{site}/{path}").st_size
            if self._kept_bytes + size_bytes > PATCHES_TOTAL_BYTES_MAX:
                return Patch(path=path, how=how, size_bytes=size_bytes)
            with open(f"{site}/{path}", "rb") as stream:
                data = stream.read()
        except OSError:
            return Patch(path=path, how=how)
        object_id = digest(data)
        kept = self.vault is not None and scan(data, known=self.known, code=True).data == data
        if kept and self.vault is not None:
            self._kept_bytes += len(data)
            object_id = self.vault.put(data)
        return Patch(path=path, how=how, digest=object_id, size_bytes=len(data), kept=kept)

    def _state(self, one: Found) -> _Known:
        """Return which files are as RECORD says; what was seen before is not digested again."""
        site, remembered = os.path.dirname(one.folder), self._path(one.folder)
        record = _stamp(f"{one.folder}/RECORD") or (0, 0, 0)
        known = _load(remembered)
        if known is not None and known.record != record:
            known = None
        if known is not None and known.whole and _is_same(site, known):
            return known
        state = self._compare(one.folder, site, _Known(record) if known is None else known)
        if remembered is not None:
            _save(remembered, state)
        return state

    def _compare(self, folder: str, site: str, known: _Known) -> _Known:
        state = _Known(known.record)
        other: list[str] = []
        unread: list[tuple[Stamp, str, str]] = []
        for row in stable_rows(folder) or ():
            path, told, _ = row.replace("\\", "/").rsplit(",", 2)
            stamp = _stamp(f"{site}/{path}")
            if stamp is None:
                state.bad[path] = None
            elif told.partition("=")[0] not in _HASHES:
                other.append(path)
            elif known.good.get(path) == stamp:
                state.good[path] = stamp
            elif known.bad.get(path) == stamp:
                state.bad[path] = stamp
            else:
                unread.append((stamp, path, row))
        buffer = memoryview(bytearray(_CHUNK_BYTES if unread else 0))
        for stamp, path, row in sorted(unread):
            told, size = row.rsplit(",", 2)[1:]
            if size.isdigit() and int(size) != stamp[0]:
                state.bad[path] = stamp
            elif stamp[0] > INSTALLED_HASHED_BYTES_MAX:
                state.good[path] = stamp  # by its size alone
            elif self._hashed_bytes + stamp[0] > INSTALLED_HASHED_BYTES_MAX:
                other.append(path)  # another run goes on from here
                state.whole = False
            else:
                self._hashed_bytes += stamp[0]
                is_good = _is_as_told(f"{site}/{path}", told, buffer)
                (state.good if is_good else state.bad)[path] = stamp
        state.other = tuple(other)
        return state

    def _path(self, folder: str) -> str | None:
        if self.cache is None:
            return None
        return os.path.join(self.cache, f"{digest(os.fsencode(folder))[:32]}.json")


def _can_be_compared(one: Found) -> bool:
    """Tell whether RECORD is an installer's word: system packagers rewrite files by themselves."""
    about = one.distribution
    return about.identity is not None and about.origin in {"index", "local", "vcs"}


def _by_site(sites: Collection[str], used: Iterable[str]) -> dict[str, dict[str, None]]:
    """Sort opened files by the folder of installation, byte code by its source."""
    found: dict[str, dict[str, None]] = {site: {} for site in sites}
    for text in used:
        for site in sites:
            if text.startswith(f"{site}{os.sep}"):
                found[site].setdefault(_source(text[len(site) + 1 :].replace(os.sep, "/")))
    return found


def _tops(opened: Mapping[str, Iterable[str]]) -> set[tuple[str, str]]:
    """Return what the opened files of each folder of installation begin with."""
    return {(site, path.partition("/")[0]) for site, paths in opened.items() for path in paths}


def _source(path: str) -> str:
    """Return the source file that cached byte code stands for; other paths as they are."""
    head, found, name = f"/{path}".rpartition(_CACHE)
    if found and name.endswith(".pyc"):
        return f"{head}/{name.partition('.')[0]}.py"[1:]
    return path


def _added(
    found: Sequence[Found],
    owners: Sequence[Found],
    states: Mapping[str, _Known],
    opened: Mapping[str, Collection[str]],
) -> Iterable[tuple[Found, str]]:
    """Yield the opened files within folders of packages which no RECORD lists."""
    for site, paths in opened.items():
        here = [one for one in owners if os.path.dirname(one.folder) == site]
        listed = {one.folder for one in here}
        blind = {top for one in found if one.folder not in listed for top in one.tops}
        owned: dict[str, list[Found]] = {}
        for one in here:
            for top in one.tops:
                owned.setdefault(top, []).append(one)
        for path in sorted(paths):
            top, inside, _ = path.partition("/")
            mine = owned.get(top) if inside else None
            if (
                mine is None
                or top in blind
                or _CACHE in f"/{path}"
                or path.endswith((".pyc", ".pth"))
            ):
                continue
            if not any(states[one.folder].lists(path) for one in mine) and os.path.isfile(
                f"{site}/{path}"
            ):
                yield mine[0], path


def _is_same(site: str, known: _Known) -> bool:
    return all(_stamp(f"{site}/{path}") == stamp for path, stamp in known.good.items()) and all(
        _stamp(f"{site}/{path}") == stamp for path, stamp in known.bad.items()
    )


def _stamp(path: str) -> Stamp | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns, found.st_ino


def _is_as_told(path: str, told: str, buffer: memoryview) -> bool:
    """Tell whether a file has the hash that RECORD tells: `sha256=` and unpadded Base64.

    `buffer` takes its bytes, piece by piece: to make room anew costs more than most files do.
    """
    import hashlib  # once for each state of a distribution

    name, _, wanted = told.partition("=")
    state = hashlib.new(name)
    try:
        with open(path, "rb", buffering=0) as stream:
            while size_bytes := stream.readinto(buffer):
                state.update(buffer[:size_bytes])
    except OSError:
        return False
    return base64.urlsafe_b64encode(state.digest()).decode().rstrip("=") == wanted.rstrip("=")


def _load(path: str | None) -> _Known | None:
    if path is None:
        return None
    with contextlib.suppress(OSError, msgspec.MsgspecError), open(path, "rb") as stream:
        return msgspec.json.decode(stream.read(), type=_Known)
    return None


def _save(path: str, state: _Known) -> None:
    temporary = f"{path}.tmp-{os.getpid()}"
    with contextlib.suppress(OSError):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(temporary, "wb") as stream:
            stream.write(msgspec.json.encode(state))
        os.replace(temporary, path)
