"""Uploads in parts, which clients send side by side and try again one by one.

The parts lie in a folder of the workspace's cache until the upload is complete; what is left of
one that never was goes after a day. Its id is a secret of whoever began it.
"""

from __future__ import annotations

import os
import posixpath
import shutil
import tempfile
from collections.abc import Mapping
from typing import BinaryIO, cast

import msgspec
from msgspec import Struct
from starlette.types import Receive, Scope, Send

from afield.members.actions import Action
from afield.mlflow_rest import messages as m
from afield.mlflow_rest.artifacts import keep_file, take_body
from afield.mlflow_rest.decode import require
from afield.mlflow_rest.errors import TOO_LARGE, Rest, invalid, missing
from afield.mlflow_rest.limits import PARTS_MAX, STREAM_BYTES, UPLOAD_AGE_S, UPLOADS_MAX
from afield.mlflow_rest.own import need_to_write
from afield.mlflow_rest.paths import Owned, of_path
from afield.mlflow_rest.route import Call, Raw, Rpc, caller_of, send_json
from afield.runs.served.writer import Served

_ID_CHARS = 32


class CreateUpload(Struct):
    """Begin an upload; `path` is that of the file on the client's machine."""

    path: str | None = None
    num_parts: m.Int64 | None = None


class Part(Struct):
    """A part that was sent."""

    part_number: m.Int64 | None = None
    etag: str | None = None
    url: str | None = None


class EndUpload(Struct):
    """Complete or abort an upload."""

    path: str | None = None
    upload_id: str | None = None
    parts: list[Part] | None = None


class Credential(Struct):
    """Where a part is to be sent, and with which headers."""

    url: str
    part_number: int
    headers: dict[str, str]


class Created(Struct):
    """An upload that was begun."""

    upload_id: str
    credentials: list[Credential]


class _Begun(Struct):
    """What is known of an upload."""

    target: str
    project: str
    parts: int


def create(call: Call, asked: CreateUpload) -> Created:
    """Begin an upload."""
    require(path=asked.path)
    count = 1 if asked.num_parts is None else asked.num_parts
    if not 1 <= count <= PARTS_MAX:
        raise invalid(f"an upload has 1 to {PARTS_MAX} parts, not {count}")
    owned = _target(call, asked.path)
    folder = _folder(call.served)
    os.makedirs(folder, exist_ok=True)
    _tidy(folder, call.now_ms() / 1000)
    if len(os.listdir(folder)) >= UPLOADS_MAX:
        raise Rest(TOO_LARGE, f"more than {UPLOADS_MAX} uploads are under way")
    upload = os.urandom(_ID_CHARS // 2).hex()
    os.mkdir(os.path.join(folder, upload))
    begun = _Begun(_joined(call, asked.path), owned.project, count)
    with open(os.path.join(folder, upload, "about"), "wb") as stream:
        stream.write(msgspec.json.encode(begun))
    headers = {"Authorization": found} if (found := call.headers.get("authorization")) else {}
    base = f"{_own_url(call.headers)}/api/2.0/mlflow-artifacts/mpu/part/{upload}"
    numbers = range(1, count + 1)
    return Created(upload, [Credential(f"{base}/{number}", number, headers) for number in numbers])


def complete(call: Call, asked: EndUpload) -> None:
    """Put the parts together; what comes of them is a file like any other."""
    require(path=asked.path, upload_id=asked.upload_id)
    folder, begun = _begun(call.served, asked.upload_id)
    call.need(Action.ARTIFACT_WRITE, begun.project)
    if _joined(call, asked.path) != begun.target:
        raise invalid("the upload is of another file")
    with tempfile.TemporaryFile(dir=_folder(call.served)) as whole:
        out = cast("BinaryIO", whole)
        for number in range(1, begun.parts + 1):
            try:
                with open(os.path.join(folder, str(number)), "rb") as stream:
                    shutil.copyfileobj(stream, out, STREAM_BYTES)
            except FileNotFoundError:
                raise invalid(f"part {number} of {begun.parts} was not sent") from None
        keep_file(call, of_path(call, begun.target), out)
    shutil.rmtree(folder, ignore_errors=True)


def abort(call: Call, asked: EndUpload) -> None:
    """Throw away what was sent."""
    require(path=asked.path, upload_id=asked.upload_id)
    folder, begun = _begun(call.served, asked.upload_id)
    call.need(Action.ARTIFACT_WRITE, begun.project)
    shutil.rmtree(folder, ignore_errors=True)


def _target(call: Call, path: str | None) -> Owned:
    owned = of_path(call, _joined(call, path))
    need_to_write(call, owned)
    return owned


def _joined(call: Call, path: str | None) -> str:
    """Return where a file goes: the name that it has at the client, in the folder of the path."""
    return f"{call.path['artifact_path'].rstrip('/')}/{posixpath.basename(path or '')}"


def _own_url(headers: Mapping[str, str]) -> str:
    scheme = headers.get("x-forwarded-proto", "http")
    return f"{'https' if scheme == 'https' else 'http'}://{headers.get('host', 'localhost')}"


def _folder(served: Served) -> str:
    return os.path.join(served.record.workspace, "cache", "uploads")


def _begun(served: Served, upload: str | None) -> tuple[str, _Begun]:
    if upload is None or len(upload) != _ID_CHARS or not upload.isalnum():
        raise missing("no such upload")
    folder = os.path.join(_folder(served), upload)
    try:
        with open(os.path.join(folder, "about"), "rb") as stream:
            return folder, msgspec.json.decode(stream.read(), type=_Begun)
    except (OSError, msgspec.MsgspecError):
        raise missing("no such upload") from None


def _tidy(folder: str, now_s: float) -> None:
    with os.scandir(folder) as found:
        for item in found:
            if now_s - item.stat().st_mtime > UPLOAD_AGE_S:
                shutil.rmtree(item.path, ignore_errors=True)


RPCS = tuple(
    Rpc(
        "POST",
        f"/mlflow-artifacts/mpu/{name}/{{artifact_path:path}}",
        Action.ARTIFACT_WRITE,
        message,
        handler,
    )
    for name, message, handler in (
        ("create", CreateUpload, create),
        ("complete", EndUpload, complete),
        ("abort", EndUpload, abort),
    )
)


def raws(served: Served) -> tuple[Raw, ...]:
    """Return the route that receives parts."""

    async def receive_part(scope: Scope, receive: Receive, send: Send) -> None:
        upload, number = scope["path_params"]["upload_id"], scope["path_params"]["number"]
        folder, begun = _begun(served, upload)
        caller_of(scope).need(Action.ARTIFACT_WRITE, begun.project)
        if not 1 <= number <= begun.parts:
            raise invalid(f"the upload has {begun.parts} parts, and none is number {number}")
        path = os.path.join(folder, str(number))
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as stream:
            await take_body(receive, cast("BinaryIO", stream))
        os.replace(stream.name, path)
        etag = os.urandom(_ID_CHARS // 2).hex()
        await send_json(b"{}", send, (b"etag", etag.encode()))

    path = "/mlflow-artifacts/mpu/part/{upload_id}/{number:int}"
    return (Raw("PUT", path, Action.ARTIFACT_WRITE, receive_part),)
