"""The workspace's `config.toml`: its identity and what a program must know to open it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from afield.kernel.files import FileSystem
from afield.kernel.ids import DeviceId, MemberId, WorkspaceId
from afield.members.trust import Cut, Trusted
from afield.workspace.errors import WorkspaceDamaged, WorkspaceTooNew

if TYPE_CHECKING:  # a run that starts asks for no rights
    from afield.members.rights import Rights

FORMAT = 1
KNOWN_FEATURES: frozenset[str] = frozenset()
"""Features that a workspace may require and this program has; format 1 has none yet."""

_TEXT = """\
# This folder is an Afield workspace. Its identity; do not edit by hand.
format = {format}
requires = []

[workspace]
id = "{workspace}"
founder = "{founder}"

[device]
id = "{device}"

[member]
id = "{member}"
"""
_VALUES = _TEXT.count('"') // 2


class Config(msgspec.Struct, frozen=True):
    """Who a workspace, this device and its member are; None: this device founded it.

    Attributes:
        removed: up to where removed devices count, as last worked out; stands in no file of it.
        ruled: who held which roles when; likewise. None: nobody was granted any.
    """

    workspace: WorkspaceId
    device: DeviceId
    member: MemberId
    founder: DeviceId | None = None
    removed: Mapping[DeviceId, Cut] = {}
    ruled: Rights | None = None

    @property
    def founded_by(self) -> DeviceId:
        """The device that founded the workspace."""
        return self.founder or self.device

    @property
    def roots(self) -> frozenset[DeviceId]:
        """The devices that count here without anybody's confirmation."""
        roots = frozenset({self.founded_by, self.device})
        cuts = {device: cut for device, cut in self.removed.items() if device != self.device}
        return Trusted(roots, cuts, self.ruled) if cuts or self.ruled is not None else roots

    @property
    def rights(self) -> Rights:
        """Who held which roles when."""
        from afield.members.rights import Rights

        return self.ruled or Rights()


def write_config(files: FileSystem, path: str, config: Config) -> None:
    """Write a configuration, whole or not at all."""
    text = _TEXT.format(
        format=FORMAT,
        workspace=config.workspace,
        founder=config.founded_by,
        device=config.device,
        member=config.member,
    )
    files.write_new(path, text.encode())


def read_config(files: FileSystem, path: str) -> Config:
    """Read a configuration.

    Raises:
        WorkspaceTooNew: it needs a later version of Afield.
        WorkspaceDamaged: it is not one.
        OSError: it cannot be read.
    """
    try:
        text = files.read(path).decode("utf-8")
        found = _as_written(text)
        found = _parsed(text) if found is None else found
    except ValueError as error:
        raise WorkspaceDamaged("cannot read workspace", path, "its text is no TOML") from error
    if "format" not in found:
        why = "it names no format" if text.strip() else "it is empty"
        hint = "bring that file back from a copy of the folder, or move the folder away"
        raise WorkspaceDamaged("cannot read workspace", path, why, hint=hint)
    missing = sorted(set(found.get("requires", ())) - KNOWN_FEATURES)
    if found.get("format") != FORMAT or missing:
        needs = f"format {found.get('format')}" if not missing else ", ".join(map(str, missing))
        raise WorkspaceTooNew(
            "cannot open workspace",
            path,
            f"it needs {needs}, which this version of Afield does not know",
            hint="pip install --upgrade afield",
        )
    try:
        device = DeviceId(_text(found["device"]["id"]))
        founder = DeviceId(_text(found["workspace"].get("founder", device)))
        return Config(
            WorkspaceId(_text(found["workspace"]["id"])),
            device,
            MemberId(_text(found["member"]["id"])),
            None if founder == device else founder,
        )
    except (KeyError, TypeError) as error:
        raise WorkspaceDamaged("cannot read workspace", path, f"it lacks {error}") from error


def _as_written(text: str) -> dict[str, Any] | None:
    """Return what `write_config` wrote; None for any text but that.

    Most processes read no other TOML, and what reads all of it takes as long to load as twenty
    of our modules.
    """
    values = text.split('"')[1::2]
    if len(values) != _VALUES or not all(value.isascii() and value.isalnum() for value in values):
        return None
    workspace, founder, device, member = values
    again = _TEXT.format(
        format=FORMAT, workspace=workspace, founder=founder, device=device, member=member
    )
    if text != again:
        return None
    return {
        "format": FORMAT,
        "workspace": {"id": workspace, "founder": founder},
        "device": {"id": device},
        "member": {"id": member},
    }


def _parsed(text: str) -> dict[str, Any]:
    import tomllib

    return tomllib.loads(text)


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError(f"an id that is text, not {value!r}")
    return value
