"""Afield: record, reproduce and check what a machine-learning team runs.

Everything public is named in `__all__` and described in `docs/api.md`; the names load on first
use, so that importing this package costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from afield.datasets.parquet import write_parquet
    from afield.kernel.errors import (
        AfieldError,
        Busy,
        Damaged,
        NotAllowed,
        NotFound,
        NoWorkspace,
        Refused,
        Unreachable,
        Usage,
    )
    from afield.runs.tracker import Run
    from afield.workspace.dataset import dataset
    from afield.workspace.session import (
        define_metric,
        finish,
        init,
        log,
        open,  # noqa: A004 - the public verb
        save,
        watch,
    )
    from afield.workspace.views import MetricSummary, RunView
    from afield.workspace.workspace import Workspace

    config: Any
    run: Run | None
    summary: Any

__version__ = "0.1.0"

_HOMES = {
    "afield.datasets.parquet": "write_parquet",
    "afield.kernel.errors": (
        "AfieldError Busy Damaged NoWorkspace NotAllowed NotFound Refused Unreachable Usage"
    ),
    "afield.runs.tracker": "Run",
    "afield.workspace.ipython": "load_ipython_extension unload_ipython_extension",
    "afield.workspace.dataset": "dataset",
    "afield.workspace.session": "define_metric finish init log open save watch",
    "afield.workspace.views": "MetricSummary RunView",
    "afield.workspace.workspace": "Workspace",
}
_HOME = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = [
    "AfieldError",
    "Busy",
    "Damaged",
    "MetricSummary",
    "NoWorkspace",
    "NotAllowed",
    "NotFound",
    "Refused",
    "Run",
    "RunView",
    "Unreachable",
    "Usage",
    "Workspace",
    "config",
    "dataset",
    "define_metric",
    "finish",
    "init",
    "log",
    "open",
    "run",
    "save",
    "summary",
    "watch",
    "write_parquet",
]


def __getattr__(name: str) -> Any:
    if name == "run":
        from afield.workspace.session import current_run  # on first use

        return current_run()
    if name in ("config", "summary"):
        from afield.workspace.session import current_settings  # on first use

        return current_settings(name)
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module 'afield' has no attribute {name!r}")
    found = getattr(import_module(home), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
