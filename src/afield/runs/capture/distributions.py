"""Reads installed distributions from outside, off their `*.dist-info` folders.

No code of the environment is run. What a distribution says of itself (METADATA, RECORD,
direct_url.json, INSTALLER) is read once and remembered by the folder's path and times.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Iterator

import msgspec

from afield.kernel.digest import digest
from afield.runs.manifest import Distribution
from afield.runs.secrets import redact

_UNSTABLE = frozenset(
    {"INSTALLER", "REQUESTED", "RECORD", "direct_url.json", "uv_cache.json", "uv_build.json"}
)
_SYSTEM_INSTALLERS = frozenset({"apk", "conda", "debian", "dnf", "pacman", "portage", "rpm"})
_SEPARATORS = re.compile(r"[-_.]+")
_HEADER_BYTES = 16 << 10


class Found(msgspec.Struct, frozen=True):
    """An installed distribution and the folder that describes it.

    `tops` are the names beside that folder which its files begin with: `numpy`, `six.py`.
    """

    folder: str
    distribution: Distribution
    tops: tuple[str, ...] = ()


class _Known(msgspec.Struct, array_like=True):
    stamp: tuple[int, int, int]
    distribution: Distribution
    tops: tuple[str, ...]


class DistributionCache:
    """What was read of a folder before, for as long as its times stay the same.

    The file may be deleted at any time; one that cannot be read or written is no fault.
    """

    def __init__(self, path: str | None) -> None:
        self._path = path
        self._known: dict[str, _Known] = {}
        self._is_new = False
        if path is not None:
            with contextlib.suppress(OSError, msgspec.MsgspecError), open(path, "rb") as stream:
                self._known = msgspec.json.decode(stream.read(), type=dict[str, _Known])

    def read(self, folder: str) -> Found | None:
        """Return what stands in a `*.dist-info` or `*.egg-info`; None when it is none."""
        try:
            here = os.stat(folder)
            record = os.stat(f"{folder}/RECORD") if os.path.isfile(f"{folder}/RECORD") else here
        except OSError:
            return None
        stamp = (here.st_mtime_ns, record.st_mtime_ns, record.st_size)
        known = self._known.get(folder)
        if known is None or known.stamp != stamp:
            found = _read(folder)
            if found is None:
                return None
            known = self._known[folder] = _Known(stamp, found.distribution, found.tops)
            self._is_new = True
        return Found(folder, known.distribution, known.tops)

    def save(self) -> None:
        """Remember for the next run."""
        if self._path is None or not self._is_new:
            return
        temporary = f"{self._path}.tmp-{os.getpid()}"
        with contextlib.suppress(OSError):
            os.makedirs(os.path.dirname(self._path), exist_ok=True)
            with open(temporary, "wb") as stream:
                stream.write(msgspec.json.encode(self._known))
            os.replace(temporary, self._path)


def find_distributions(path: Iterable[str], cache: DistributionCache) -> list[Found]:
    """Return the distributions on a `sys.path`, sorted by name; the first of a name counts.

    One that lists its files is preferred to one that does not (a source folder's `egg-info`
    that stands earlier on the path).
    """
    found: dict[str, Found] = {}
    for entry in dict.fromkeys(path):
        for folder in _described(entry):
            one = cache.read(folder)
            if one is None:
                continue
            name = normal_name(one.distribution.name)
            before = found.get(name)
            if before is None or (
                before.distribution.identity is None and one.distribution.identity is not None
            ):
                found[name] = one
    return [found[name] for name in sorted(found)]


def normal_name(name: str) -> str:
    """Return a distribution's name as indexes compare it."""
    return _SEPARATORS.sub("-", name).lower()


def stable_rows(folder: str) -> list[str] | None:
    """Return the RECORD rows that make up a distribution's identity, sorted; None without one."""
    try:
        with open(f"{folder}/RECORD", encoding="utf-8", newline="") as stream:
            text = stream.read()
    except (OSError, UnicodeDecodeError):
        return None
    if '"' in text:
        import csv  # seldom

        lines = [",".join(row) for row in csv.reader(text.splitlines()) if row]
    else:
        lines = text.splitlines()
    own = os.path.basename(folder) + "/"
    return sorted(line for line in lines if line and _is_stable(line, own))


def _is_stable(line: str, own: str) -> bool:
    path = line.rsplit(",", 2)[0].replace("\\", "/")
    if path.endswith(".pyc") or path.startswith(("../", "/")):
        return False
    return not (path.startswith(own) and path[len(own) :] in _UNSTABLE)


def _described(entry: str) -> Iterator[str]:
    try:
        names = os.listdir(entry)
    except OSError:
        return
    for name in sorted(names):
        if name.endswith((".dist-info", ".egg-info")):
            yield f"{entry}/{name}"
        elif name.endswith(".egg"):
            yield f"{entry}/{name}/EGG-INFO"


def _read(folder: str) -> Found | None:
    if os.path.isfile(folder):  # distutils wrote a file, not a folder
        name, version = _name_and_version(folder)
    else:
        name, version = _name_and_version(f"{folder}/METADATA")
        if not name:
            name, version = _name_and_version(f"{folder}/PKG-INFO")
    if not name:
        return None
    rows = stable_rows(folder)
    origin, location = _origin(folder)
    if rows is None and origin == "index":
        origin = "unknown"
    distribution = Distribution(
        name=name,
        version=version,
        identity=None if rows is None else digest("\n".join(rows).encode()),
        origin=origin,
        location=location,
    )
    own = os.path.basename(folder)
    tops = {row.rsplit(",", 2)[0].replace("\\", "/").partition("/")[0] for row in rows or ()}
    return Found(folder, distribution, tuple(sorted(tops - {own})))


def _name_and_version(path: str) -> tuple[str, str]:
    try:
        with open(path, "rb") as stream:
            head = stream.read(_HEADER_BYTES).decode("utf-8", "replace")
    except OSError:
        return "", ""
    name = version = ""
    for line in head.splitlines():
        key, _, value = line.partition(":")
        if key == "Name":
            name = value.strip()
        elif key == "Version":
            version = value.strip()
        if not line or (name and version):
            break
    return name, version


def _origin(folder: str) -> tuple[str, str | None]:
    try:
        with open(f"{folder}/direct_url.json", "rb") as stream:
            text = stream.read()
        import json  # few have this file

        direct = json.loads(text)
        url = str(direct["url"])
    except (OSError, ValueError, KeyError, TypeError):
        if _first_line(f"{folder}/INSTALLER") in _SYSTEM_INSTALLERS:
            return "unknown", None
        return "index", None
    from urllib.parse import unquote, urlsplit  # seldom, and not light

    clean = redact(url)[0]
    if direct.get("dir_info", {}).get("editable"):
        return "editable", unquote(urlsplit(url).path) if url.startswith("file:") else clean
    vcs = direct.get("vcs_info")
    if isinstance(vcs, dict):
        return "vcs", f"{vcs.get('vcs', 'git')}+{clean}@{vcs.get('commit_id', '')}"
    return "local", clean


def _first_line(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.readline().strip().lower()
    except OSError:
        return ""
