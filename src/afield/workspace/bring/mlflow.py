"""The door to MLflow's stores: which reader an address means.

`sqlite:///mlflow.db` or the path of the file, a folder `mlruns`, or a server. The readers list
runs as `run_source.Listed`; `run_writer` writes them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol
from urllib.parse import unquote, urlsplit

from afield.workspace.bring.errors import SourceNotFound, SourceUnreadable
from afield.workspace.bring.run_source import Left, Listed

_SQLITE = "sqlite:///"


class Store(Protocol):
    """What a reader of a store offers.

    Attributes:
        left: what of the store itself is not brought, and why; whole once `runs` has ended.
    """

    left: list[Left]

    def runs(self) -> Iterator[Listed]:
        """Yield all runs."""
        ...

    def count(self) -> int | None:
        """Return about how many there are; None when nobody knows."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


def open_store(
    source: str, *, project: str, artifacts: Sequence[str], environ: Mapping[str, str]
) -> Store:
    """Return the reader of a store.

    Args:
        source: an address, or a path.
        project: of the runs here.
        artifacts: folders that stand behind `mlflow-artifacts:`.
        environ: has the account for a server, as MLflow's own client takes it.

    Raises:
        SourceNotFound: nothing is there.
        SourceUnreadable: what is there is no store of MLflow's, or of a kind that is not read.
    """
    scheme = urlsplit(source).scheme.lower() if "://" in source else ""
    if scheme in ("http", "https"):
        from afield.workspace.bring.mlflow_server import ServerStore

        return ServerStore(source, project, environ)
    if source.startswith(_SQLITE):
        path = unquote(source[len(_SQLITE) :].partition("?")[0])
    elif scheme == "file" or source.startswith("file:"):
        path = unquote(urlsplit(source).path)
    elif scheme:
        why = f"stores of this kind ({scheme}) are read through an MLflow server only"
        hint = f"mlflow server --backend-store-uri {source}, and import its address"
        raise SourceUnreadable("cannot read", source, why, hint=hint)
    else:
        path = source
    path = os.path.abspath(path)
    if os.path.isdir(path):
        inside = [os.path.join(path, name) for name in ("mlflow.db", "mlruns")]
        path = next((each for each in inside if os.path.exists(each)), path)
    if os.path.isdir(path):
        from afield.workspace.bring.mlflow_files import FileStore

        return FileStore(path, project, artifacts)
    if not os.path.exists(path):
        hint = "afield import mlflow sqlite:///mlflow.db"
        raise SourceNotFound("nothing to import", source, "it does not exist", hint=hint)
    from afield.workspace.bring.mlflow_sqlite import SqliteStore

    return SqliteStore(path, project, artifacts)
