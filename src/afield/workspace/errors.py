"""Faults of finding, opening and making a workspace."""

from __future__ import annotations

from afield.kernel.errors import Damaged, Refused, Unreachable, Usage
from afield.vault.errors import ObjectMissing


class WorkspaceForeign(Refused):
    """A `.afield` is there that Afield did not make."""

    code = "workspace.foreign"


class WorkspaceTooNew(Refused):
    """The workspace was made by a later version and needs what this one does not know."""

    code = "workspace.too_new"


class WorkspaceUnwritable(Refused):
    """The workspace, or the folder for it, cannot be written."""

    code = "workspace.unwritable"


class WorkspaceDamaged(Damaged):
    """The workspace's own configuration cannot be read."""

    code = "workspace.damaged"


class SweepBlind(Damaged):
    """Something that is needed cannot be followed, so nobody can tell what is not needed."""

    code = "workspace.sweep_blind"


class BytesElsewhere(ObjectMissing):
    """Bytes were left at a remote, which is known to have them."""

    code = "workspace.bytes_elsewhere"
    exit_code = Unreachable.exit_code


class BundleUnwritable(Refused):
    """The file of a bundle cannot be written."""

    code = "workspace.bundle_unwritable"


class BundleUnreadable(Refused):
    """What should be a bundle is none, or cannot be read."""

    code = "workspace.bundle_unreadable"


class BundleDamaged(Damaged):
    """A bundle does not hold what its maker signed."""

    code = "workspace.bundle_damaged"


class SearchRefused(Usage):
    """What is looked for cannot be understood."""

    code = "search.refused"


class SearchUnavailable(Refused):
    """This Python's SQLite cannot search texts."""

    code = "search.unavailable"
