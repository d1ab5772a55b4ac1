"""What runs inside the processes of a run: the hook, and how it is switched on.

The folder `hook` goes first on PYTHONPATH of the run's command; its `sitecustomize` starts in
every Python child, of whatever version or environment. The files there depend on nothing,
not on this package either; `runs.capture.trace` reads what they write.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from afield.runs.capture.entropy import SeedPlan

HOOK_FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "hook")
LIBRARIES_FOLDER = "libraries"
"""The folder in that of the trace whose being there asks the hook to watch libraries, too."""
VARIABLES = ("AFIELD_TRACE_FOLDER", "AFIELD_TRACE", "AFIELD_RUN_PID", "AFIELD_RUN_SEED")


def environ(
    trace_folder: str, environ: Mapping[str, str], *, entropy: SeedPlan, trace: bool
) -> dict[str, str]:
    """Return the variables to set for the run's command; the rest of `environ` stays as it is.

    `trace_folder` is an absolute path of a folder that exists, of this run alone. With neither
    tracing nor entropy the hook is not loaded, and nothing is returned.
    """
    found = entropy.environ()
    if not trace and entropy.run_seed is None:
        return found
    found["AFIELD_TRACE_FOLDER"] = trace_folder
    found["AFIELD_TRACE"] = "1" if trace else "0"
    found["AFIELD_RUN_PID"] = str(os.getpid())
    found["AFIELD_RUN_SEED"] = entropy.run_seed or ""
    paths = environ.get("PYTHONPATH", "").split(os.pathsep) if environ.get("PYTHONPATH") else []
    found["PYTHONPATH"] = os.pathsep.join(
        [HOOK_FOLDER, *(path for path in paths if path != HOOK_FOLDER)]
    )
    return found
