"""A run that records nothing: asked for, or because nothing could be recorded."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from afield.journal import Draft
from afield.kernel.ids import new_run_id
from afield.runs.names import default_name
from afield.runs.saving import folder_of_nobody
from afield.runs.tracker import Run
from afield.runs.values import Keeper


class SilentRun(Run):
    """Takes every call of a `Run` and keeps nothing but `config` and `summary`, in memory."""

    disabled = True

    def __init__(
        self,
        *,
        name: str | None,
        project: str,
        experiment: str,
        config: Mapping[str, object],
        when_finished: Callable[[Run], None],
    ) -> None:
        run = new_run_id()
        super().__init__(
            None,
            run,
            name=name or default_name(run),
            project=project,
            experiment=experiment,
            owns=False,
            config=config,
            when_finished=when_finished,
        )

    def log(
        self,
        values: Mapping[str, Any],
        step: int | None = None,
        commit: bool | None = None,  # noqa: FBT001 - W&B's signature
    ) -> None:
        """Keep nothing."""

    def save(
        self,
        path: str | os.PathLike[str] | None = None,
        base_path: str | os.PathLike[str] | None = None,
        policy: str | None = None,
    ) -> None:
        """Keep nothing."""

    def _make_folder(self) -> str:
        return folder_of_nobody()

    def _keep(self, drafts: Callable[[Keeper], Iterable[Draft]]) -> None:
        """Keep nothing."""

    def note(self, text: str) -> None:
        """Keep nothing."""

    def tag(self, **tags: object) -> None:
        """Keep nothing."""

    def _write_params(self, values: Mapping[str, object]) -> bool:
        del values
        return not self._is_over("config")

    def _write_summary(self, values: Mapping[str, object]) -> bool:
        del values
        return not self._is_over("summary")
