"""What one sync is to do, as the steps of pull and push share it; pure."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Literal

import msgspec

from afield.journal import DeviceKey
from afield.kernel.ids import DeviceId, WorkspaceId
from afield.sync.messages import Ask, Report

Policy = Literal["all", "recent", "none"]
Steps = Generator[list[Ask], list[Any], Any]
"""Yields what to ask; is sent the answers in the same order."""


class Job(msgspec.Struct, frozen=True):
    """One sync.

    Attributes:
        workspace: whose record.
        founder: the public key of the device that founded it.
        key: this device's key; signs its head.
        address: the remote, for people.
        data: which bytes of files travel.
        dry: nothing is transferred, only counted.
        heeds: the devices whose complaints (of what is damaged or missing at the remote) are
            heeded: those that count in this workspace. None: all.
        anew: what this device vouched for before is looked at again.
        bad: names of files at the remote that were found damaged.
        fetch: bytes of files are brought, and nothing else is done.
        take: nothing is written at the remote.
        report: what came of it.
    """

    workspace: WorkspaceId
    founder: bytes
    key: DeviceKey
    address: str
    data: Policy = "all"
    dry: bool = False
    heeds: frozenset[DeviceId] | None = None
    anew: bool = False
    bad: frozenset[str] = frozenset()
    fetch: bool = False
    take: bool = False
    report: Report = msgspec.field(default_factory=Report)

    def heeds_head(self, device: DeviceId) -> bool:
        """Tell whether what a device says of the remote makes this one write again."""
        return self.heeds is None or device in self.heeds

    @property
    def device(self) -> DeviceId:
        """This device."""
        return self.key.device
