"""Artifacts: listed, sent with ranges, received as a stream, and taken away.

Bytes are objects of the vault, named by the entry of whoever keeps them. What is received lies in
a temporary file until all of it is there; nothing is named before it is durable.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from typing import BinaryIO, cast

from msgspec import Struct
from starlette.types import Receive, Scope, Send

from afield.kernel.ids import ObjectId
from afield.members.actions import Action
from afield.mlflow_rest import messages as m
from afield.mlflow_rest.answers import Answers
from afield.mlflow_rest.decode import Query, require
from afield.mlflow_rest.errors import BAD_REQUEST, Rest, invalid
from afield.mlflow_rest.known import run as run_of
from afield.mlflow_rest.own import need_to_write
from afield.mlflow_rest.paths import File, Owned, of_model, of_path, of_run
from afield.mlflow_rest.route import Call, Raw, Rpc, caller_of, send_json
from afield.mlflow_rest.sending import send_file
from afield.mlflow_rest.version_files import of_version
from afield.runs.secrets import HOLDS_SECRETS, holds_secrets, is_secret_file
from afield.runs.served.writer import Served
from afield.workspace.hosted import Hosted
from afield.workspace.workspace import Workspace

_Place = Callable[[Call], Owned]
"""Says where a request's file is."""

_SECRETS_BYTES_MAX = 1 << 20
_SPOOL_BYTES = 1 << 20


class ListArtifacts(m.RunRef):
    """Ask what lies in a folder of a run."""

    path: str | None = None
    page_token: str | None = None


class ListProxied(Struct):
    """Ask what lies in a folder below `mlflow-artifacts:/`."""

    path: str | None = None


class FileInfo(Struct, omit_defaults=True):
    """A file or a folder, answered."""

    path: str
    is_dir: bool
    file_size: int | None = None


class Files(Struct, omit_defaults=True):
    """What lies in a folder."""

    root_uri: str | None = None
    files: list[FileInfo] = []


def list_run(call: Call, asked: ListArtifacts) -> Files:
    """Return what lies in a folder of a run."""
    require(run_id=asked.run)
    run = run_of(call.workspace, asked.run or "")
    call.need(Action.ARTIFACT_READ, run.project)
    found = of_run(call, run.id, asked.path or "").listed(call)
    return Files(Answers(call).artifacts_of(run), file_infos(found))


def list_proxied(call: Call, asked: ListProxied) -> Files:
    """Return what lies in a folder; of each only the name."""
    owned = of_path(call, asked.path or "")
    call.need(Action.ARTIFACT_READ, owned.project)
    return Files(None, [_info(each, each.name) for each in owned.listed(call)])


def file_infos(found: list[File]) -> list[FileInfo]:
    """Return files as messages, by their whole path."""
    return [_info(each, each.path) for each in found]


def _info(found: File, path: str) -> FileInfo:
    return FileInfo(path, found.object is None, found.size_bytes)


class Streams:
    """The routes that send and receive bytes.

    Args:
        hosted: the workspace.
        served: the runs that this process records.
    """

    def __init__(self, hosted: Hosted, served: Served) -> None:
        self._hosted = hosted
        self._served = served

    async def download(self, scope: Scope, _: Receive, send: Send) -> None:
        """Send a file below `mlflow-artifacts:/`."""
        path = scope["path_params"]["artifact_path"]
        await self._send(scope, send, lambda call: of_path(call, path))

    async def of_a_run(self, scope: Scope, _: Receive, send: Send) -> None:
        """Send a file of a run, named in the query."""
        asked = dict(Query(scope).pairs)
        run = asked.get("run_id") or asked.get("run_uuid")
        require(run_id=run, path=asked.get("path"))
        await self._send(scope, send, lambda call: of_run(call, run or "", asked["path"]))

    async def of_a_model(self, scope: Scope, _: Receive, send: Send) -> None:
        """Send a file of a logged model, named in the query."""
        asked = dict(Query(scope).pairs)
        path = asked.get("artifact_file_path")
        require(artifact_file_path=path)
        model = scope["path_params"]["model_id"]
        await self._send(scope, send, lambda call: of_model(call, model, path or ""))

    async def of_a_version(self, scope: Scope, _: Receive, send: Send) -> None:
        """Send a file of a version of a registered model, named in the query."""
        asked = dict(Query(scope).pairs)
        name, version, path = (asked.get(key) for key in ("name", "version", "path"))
        require(name=name, version=version, path=path)
        await self._send(
            scope, send, lambda call: of_version(call, name or "", version or "", path or "")
        )

    async def upload(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Receive a file below `mlflow-artifacts:/`."""
        path = scope["path_params"]["artifact_path"]
        await self._receive(scope, receive, lambda call: of_path(call, path))
        await send_json(b"{}", send)

    async def upload_to_run(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Receive a file of a run, named in the query."""
        asked = dict(Query(scope).pairs)
        run = asked.get("run_uuid") or asked.get("run_id")
        for name, value in (("run_uuid", run), ("path", asked.get("path"))):
            if not value:
                raise invalid(f"Request must specify {name}.")
        place: _Place = lambda call: of_run(call, run or "", asked["path"])  # noqa: E731
        await self._receive(scope, receive, place, needed=True)
        await send_json(b"{}", send)

    async def remove(self, scope: Scope, _: Receive, send: Send) -> None:
        """Take away a file, or all files of a folder."""
        path = scope["path_params"]["artifact_path"]

        def work(workspace: Workspace) -> None:
            call = self._call(scope, workspace)
            owned = of_path(call, path)
            call.need(Action.RUN_DELETE, owned.project)
            call.append(*(owned.removed(each) for each in sorted(set(owned.below(call)))))

        await self._hosted.read(work)
        await send_json(b"{}", send)

    async def _send(self, scope: Scope, send: Send, place: _Place) -> None:
        def find(workspace: Workspace) -> tuple[File, BinaryIO]:
            call = self._call(scope, workspace)
            owned = place(call)
            call.need(Action.ARTIFACT_READ, owned.project)
            found = owned.file(call)
            assert found.object is not None, "a file has bytes"
            return found, self._served.record.vault.open(ObjectId(found.object))

        found, stream = await self._hosted.read(find)
        with stream:
            await send_file(found, stream, Query(scope).headers, scope["method"], send)

    async def _receive(
        self, scope: Scope, receive: Receive, place: _Place, *, needed: bool = False
    ) -> None:
        def check(workspace: Workspace) -> Owned:
            call = self._call(scope, workspace)
            owned = place(call)
            need_to_write(call, owned)
            if not owned.path:
                raise invalid("Invalid path")
            return owned

        owned = await self._hosted.read(check)
        folder = os.path.join(self._served.record.workspace, "cache")
        os.makedirs(folder, exist_ok=True)
        with tempfile.SpooledTemporaryFile(_SPOOL_BYTES, dir=folder) as spool:
            await take_body(receive, cast("BinaryIO", spool))
            if needed and not spool.tell():
                raise invalid("Request must specify data.")

            def keep(workspace: Workspace) -> None:
                keep_file(self._call(scope, workspace), owned, cast("BinaryIO", spool))

            await self._hosted.read(keep)

    def _call(self, scope: Scope, workspace: Workspace) -> Call:
        workspace.catch_up()
        caller = caller_of(scope)
        return Call(workspace, self._served, caller, scope["path_params"], {})


def keep_file(call: Call, owned: Owned, stream: BinaryIO) -> None:
    """Put what was received into the vault, and name it.

    Raises:
        Rest: it holds secrets.
    """
    vault = call.served.record.vault
    stream.seek(0)
    if is_secret_file(owned.path):
        if holds_secrets(owned.path, stream.read(_SECRETS_BYTES_MAX)):
            raise invalid(f"'{owned.path}' is not kept: {HOLDS_SECRETS}")
        stream.seek(0)
    found, size_bytes = vault.put_stream(stream)
    vault.flush()
    call.append(owned.saved(found, size_bytes))


async def take_body(receive: Receive, out: BinaryIO) -> None:
    """Write a request's body to a file.

    Raises:
        Rest: the client went away before all was here.
    """
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Rest(BAD_REQUEST, "the client went away before all was here")
        if body := message.get("body", b""):
            out.write(body)
        if not message.get("more_body", False):
            return


RPCS = (
    Rpc("GET", "/mlflow/artifacts/list", Action.ARTIFACT_READ, ListArtifacts, list_run),
    Rpc("GET", "/mlflow-artifacts/artifacts", Action.ARTIFACT_READ, ListProxied, list_proxied),
)


def raws(hosted: Hosted, served: Served) -> tuple[Raw, ...]:
    """Return the routes that send and receive bytes."""
    streams = Streams(hosted, served)
    proxied = "/mlflow-artifacts/artifacts/{artifact_path:path}"
    read, write = Action.ARTIFACT_READ, Action.ARTIFACT_WRITE
    model = "/mlflow/logged-models/{model_id}/artifacts/files"
    return (
        Raw("GET", proxied, read, streams.download),
        Raw("PUT", proxied, write, streams.upload),
        Raw("DELETE", proxied, Action.RUN_DELETE, streams.remove),  # a logger takes nothing away
        Raw("GET", "/mlflow/get-artifact", read, streams.of_a_run),
        Raw("GET", model, read, streams.of_a_model),
        Raw("POST", "/mlflow/upload-artifact", write, streams.upload_to_run),
        Raw("GET", "/get-artifact", read, streams.of_a_run, ()),
        Raw("GET", "/mlflow/model-versions/get-artifact", read, streams.of_a_version),
        Raw("GET", "/model-versions/get-artifact", read, streams.of_a_version, ()),
        Raw("GET", "//model-versions/get-artifact", read, streams.of_a_version, ()),  # as some join
    )
