"""A recorded environment, written for other tools: one file for each form.

`pins` sorts the distributions, the exporters word them, `write` puts files on the disk. What a
form cannot say is left out aloud: in the file as comments, and in `Exported` for the caller.
"""

from __future__ import annotations

from afield.replay.export.devcontainer import export_devcontainer
from afield.replay.export.dockerfile import export_dockerfile
from afield.replay.export.pylock import FILE_NAME, export_pylock
from afield.replay.export.requirements import export_requirements
from afield.replay.export.subject import Exported, LeftOut, Subject
from afield.replay.export.write import write_export

__all__ = [
    "FILE_NAME",
    "Exported",
    "LeftOut",
    "Subject",
    "export_devcontainer",
    "export_dockerfile",
    "export_pylock",
    "export_requirements",
    "write_export",
]
