"""The distributions of an environment as pins, and those that no tool can be told of.

Names, versions and addresses of a record may come from strangers: what is not plainly one of
those never reaches a file that somebody runs.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass, field, replace
from typing import Literal

from packaging.version import InvalidVersion, Version

from afield.kernel.errors import AfieldError
from afield.kernel.ids import ObjectId
from afield.replay.export.subject import WHEELS, LeftOut, Subject
from afield.replay.plan import REDACTED
from afield.replay.wheels import wheel_name
from afield.runs.manifest import Distribution

Form = Literal["index", "wheel", "url", "vcs", "folder"]

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s\"'`\\<>{}|^]+")
_WHEEL = re.compile(r"[A-Za-z0-9._+!-]+\.whl")
_VCS = re.compile(r"(git|hg|svn|bzr)\+(.+)@([^@/\s]+)")
_UNKNOWN = (
    "listed no files, or came from a system's packager (conda, apt): an index may have other"
    " files under that version, or none"
)
_LOCAL_VERSION = "a local version (`+`), which only the index that it came from has"


@dataclass(frozen=True, slots=True)
class Pin:
    """One distribution that a tool can be told of.

    Args:
        name: as recorded.
        version: as recorded.
        form: `index` by name and version; `wheel` a file out of the record; `url`; `vcs`;
            `folder` an editable one of the project's code.
        target: the wheel's file name, the address, or the folder (`.` or `a/b`).
        identity: the digest of its recorded files.
        doubt: why an installation may get other files; empty when nothing says so.
        wheel: the object that holds the wheel.
    """

    name: str
    version: str
    form: Form
    target: str = ""
    identity: str | None = None
    doubt: str = ""
    wheel: ObjectId | None = None

    @property
    def requirement(self) -> str:
        """The pin as a line of a requirements file."""
        if self.form == "index":
            return f"{self.name}=={self.version}"
        if self.form == "wheel":
            return f"./{WHEELS}/{self.target}"
        if self.form == "folder":
            return f"-e ./{self.target}"
        return f"{self.name} @ {self.target}"


@dataclass(slots=True)
class Pins:
    """All pins of an environment, by name, and what is left out."""

    pins: list[Pin] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    @property
    def installed(self) -> list[Pin]:
        """Those that are packages; folders of the project's code are not."""
        return [pin for pin in self.pins if pin.form != "folder"]

    @property
    def folders(self) -> list[Pin]:
        """Those that are editable folders of the project's code."""
        return [pin for pin in self.pins if pin.form == "folder"]

    @property
    def wheels(self) -> tuple[tuple[str, ObjectId], ...]:
        """The wheels to be written: file names and objects."""
        return tuple((pin.target, pin.wheel) for pin in self.pins if pin.wheel is not None)

    @property
    def doubts(self) -> list[str]:
        """Why some pins may install other files, in words: a line for each reason."""
        names: dict[str, list[str]] = {}
        for pin in self.pins:
            if pin.doubt:
                names.setdefault(pin.doubt, []).append(f"{pin.name} {pin.version}")
        return [f"{', '.join(found)}: {doubt}" for doubt, found in names.items()]


def sort_pins(subject: Subject) -> Pins:
    """Return how each recorded distribution can be had again."""
    found = Pins()
    for one in sorted(subject.environment.distributions, key=lambda one: one.name.lower()):
        pin = _pin(one, subject)
        if isinstance(pin, Pin):
            found.pins.append(pin)
        else:
            found.left_out.append(LeftOut(one.name, one.version, pin))
    return found


def split_vcs(target: str) -> tuple[str, str, str] | None:
    """Return kind, address and commit of `git+https://…@commit`."""
    found = _VCS.fullmatch(target)
    return (found[1], found[2], found[3]) if found else None


def wheel_hash(subject: Subject, pin: Pin) -> tuple[str, int]:
    """Return the SHA-256 and the size of a wheel out of the record."""
    assert pin.wheel is not None, "only pins of the form `wheel` are asked"
    data = subject.vault.get(pin.wheel)
    return hashlib.sha256(data).hexdigest(), len(data)


def _pin(one: Distribution, subject: Subject) -> Pin | str:
    """Return a pin, or why there is none; what was patched by hand is a doubt."""
    pin = _unpatched(one, subject)
    paths = [
        patch.path
        for patch in one.patched
        if isinstance(pin, str) or pin.form != "wheel" or patch.how != "changed"
    ]
    if isinstance(pin, str) or not paths:
        return pin
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    patched = f"was patched by hand, and the patches are not in here: {paths[0]}{more}"
    return replace(pin, doubt=f"{patched}; {pin.doubt}" if pin.doubt else patched)


def _unpatched(one: Distribution, subject: Subject) -> Pin | str:
    if not _NAME.fullmatch(one.name) or not _is_version(one.version):
        return "its name or version is none that a tool accepts"
    if one.origin == "editable":
        return _folder(one, subject)
    if one.origin == "vcs":
        return _vcs(one)
    if one.origin == "local":
        return _local(one, subject)
    doubt = _UNKNOWN if one.origin == "unknown" else ""
    if not doubt and "+" in one.version:
        doubt = _LOCAL_VERSION
    return Pin(one.name, one.version, "index", identity=one.identity, doubt=doubt)


def _is_version(text: str) -> bool:
    try:
        Version(text)
    except InvalidVersion:
        return False
    return text == text.strip() and text.isascii()


def _folder(one: Distribution, subject: Subject) -> Pin | str:
    if one.location is None:
        return "editable, but the record does not say from where"
    relative = os.path.relpath(one.location, subject.manifest.root).replace("\\", "/")
    if relative.startswith(os.pardir) or os.path.isabs(relative):  # noqa: PTH117 - recorded text
        return f"editable outside the project, in {one.location}: its code is not in the record"
    if not relative.isprintable() or any(letter in relative for letter in "\"'`$\\#"):
        return "editable in a folder whose name cannot be written down safely"
    return Pin(one.name, one.version, "folder", relative)


def _vcs(one: Distribution) -> Pin | str:
    target = one.location or ""
    if REDACTED in target:
        return "its address holds a secret, which is not in the record"
    if split_vcs(target) is None or not _ADDRESS.fullmatch(target):
        return f"from a repository whose address is none that a tool accepts: {target}"
    return Pin(one.name, one.version, "vcs", target, one.identity)


def _local(one: Distribution, subject: Subject) -> Pin | str:
    data = _wheel(one, subject)
    if data is not None and subject.beside:
        assert one.wheel is not None, "its bytes were just read"
        name = wheel_name(data, one)
        if not _WHEEL.fullmatch(name):
            return "its wheel in the record has a name that no tool accepts"
        return Pin(one.name, one.version, "wheel", name, one.identity, wheel=ObjectId(one.wheel))
    target = one.location or ""
    if target.startswith(("https://", "http://")) and _ADDRESS.fullmatch(target):
        if REDACTED in target:
            return "its address holds a secret, which is not in the record"
        doubt = "had from an address, which may give other bytes by now"
        return Pin(one.name, one.version, "url", target, one.identity, doubt)
    if data is not None:
        return "a local package: the record has its wheel; name a file with -o to have it beside"
    return f"a local package from {target or 'somewhere'}: the record has no wheel of it"


def _wheel(one: Distribution, subject: Subject) -> bytes | None:
    if one.wheel is None:
        return None
    try:
        return subject.vault.get(ObjectId(one.wheel))
    except AfieldError:
        return None
