"""What one sync is to do, as the steps of pull and push share it; pure."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any, Literal

from afield.journal import DeviceKey
from afield.kernel.ids import DeviceId, WorkspaceId
from afield.sync.messages import Ask, Report

Policy = Literal["all", "recent", "none"]
Steps = Generator[list[Ask], list[Any], Any]
"""Yields what to ask; is sent the answers in the same order."""


@dataclass(frozen=True, slots=True)
class Job:
    """One sync.

    Attributes:
        workspace: whose record.
        founder: the public key of the device that founded it.
        key: this device's key; signs its head.
        address: the remote, for people.
        data: which bytes of files travel.
        dry: nothing is transferred, only counted.
        anew: what this device vouched for before is looked at again.
        report: what came of it.
    """

    workspace: WorkspaceId
    founder: bytes
    key: DeviceKey
    address: str
    data: Policy = "all"
    dry: bool = False
    anew: bool = False
    report: Report = field(default_factory=Report)

    @property
    def device(self) -> DeviceId:
        """This device."""
        return self.key.device
