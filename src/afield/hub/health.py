"""`/health`, `/ready`: whether the process answers; whether record and bucket can be read."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from afield.workspace.hosted import Hosted

OPEN_TO_ALL = frozenset({"/health", "/ready", "/{path:path}"})
"""Paths that need no account, on purpose."""

PLAIN = {"cache-control": "no-store"}


def routes(hosted: Hosted) -> list[Route]:
    """Return the routes; they need no account."""

    async def health(_: Request) -> Response:
        return PlainTextResponse("OK", headers=PLAIN)

    async def ready(_: Request) -> Response:
        await hosted.read(lambda workspace: workspace.query("SELECT 1"))
        if hosted.kept is not None:
            await asyncio.get_running_loop().run_in_executor(None, hosted.kept.ask)
        return PlainTextResponse("OK", headers=PLAIN)

    return [Route("/health", health), Route("/ready", ready)]
