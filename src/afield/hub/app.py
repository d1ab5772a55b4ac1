"""The server as one ASGI app: what every request passes, and the list of what answers.

A new part of the server is one line in `routes_of`. What a process is started with is in
`serve.py`; here is no socket, signal or environment variable.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount

from afield.hub import faults, health, measured, page
from afield.hub.accounts.identified import Known
from afield.hub.acknowledged import Acknowledged, sending
from afield.hub.api.app import PREFIX, LateApi
from afield.hub.asgi import App, AsCaller
from afield.hub.bounded import Bounded
from afield.hub.config import Limits
from afield.hub.guard import LOOPBACK, Guard
from afield.hub.limits import BODY_BYTES_MAX
from afield.hub.remote.served import ServedRemote
from afield.kernel.errors import AfieldError
from afield.members.caller import Caller
from afield.mlflow_rest.app import Protocol
from afield.runs.served.writer import Served
from afield.workspace.hosted import Hosted


def local_app(hosted: Hosted) -> App:
    """Return the app of `afield up`: one person, this machine, no account."""
    return Guard(AsCaller(inner_app(hosted), Caller.local(hosted.record.journal.member)), LOOPBACK)


def inner_app(
    hosted: Hosted,
    first: Sequence[BaseRoute] = (),
    labels: frozenset[str] = frozenset(),
    private: Sequence[str] = (),
    limits: Limits | None = None,
) -> Starlette:
    """Return what answers once it is known who asks; `first` are routes asked before the others.

    `labels` say where the bytes of the remote lie that the server is, `private` into which networks
    webhooks may lead beside public ones, `limits` how much may lie at the remote that is nobody's.
    """
    api, remote = LateApi(hosted), ServedRemote(hosted, labels, limits)
    served = Served(hosted.record)
    mlflow = Protocol(hosted, served, private)
    keeping: list[Middleware] = []
    if hosted.kept is not None:
        hosted.kept.follow(served)
        keeping.append(Middleware(Acknowledged, kept=hosted.kept))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[dict[str, object]]:
        loop = asyncio.get_running_loop()
        making = [loop.run_in_executor(None, warm) for warm in (api.warm, remote.warm)]
        mlflow.begin()
        async with sending(hosted.kept):
            yield {"hosted": hosted}
        await asyncio.gather(*making)
        await asyncio.gather(
            *(loop.run_in_executor(None, close) for close in (remote.close, mlflow.close))
        )

    app = Starlette(
        routes=[*first, *routes_of(hosted, api, remote, mlflow)],
        lifespan=lifespan,
        middleware=keeping,
        exception_handlers={
            AfieldError: faults.answer_afield,
            HTTPException: faults.answer_http,
            Exception: faults.answer_bug,
        },
    )
    app.state.hosted = hosted
    return app


def routes_of(
    hosted: Hosted,
    api: LateApi | None = None,
    remote: ServedRemote | None = None,
    mlflow: Protocol | None = None,
) -> list[BaseRoute]:
    """Return all that answers, in the order in which it is asked."""
    return [
        *health.routes(hosted),
        *measured.routes(hosted),
        *(remote or ServedRemote(hosted)).routes,
        Mount(PREFIX, Known(Bounded(api or LateApi(hosted), BODY_BYTES_MAX))),
        *(mlflow or Protocol(hosted)).routes,
        *page.routes(),
    ]
