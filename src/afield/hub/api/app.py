"""`/api/v1` as a FastAPI app, and its OpenAPI document.

FastAPI takes a third of a second to load, which `afield up` does not wait for: the app is made
by the first request, or by `warm` in a thread, and until then this module costs nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from afield.hub.asgi import App, Receive, Scope, Send
from afield.workspace.hosted import Hosted

if TYPE_CHECKING:
    from fastapi import APIRouter, FastAPI

PREFIX = "/api/v1"


class LateApi:
    """The API as an ASGI app that is made when it is first asked."""

    def __init__(self, hosted: Hosted) -> None:
        self._hosted = hosted
        self._lock = threading.Lock()
        self._made: App | None = None

    def warm(self) -> None:
        """Make it now; any thread may."""
        with self._lock:
            if self._made is None:
                self._made = make_api(self._hosted)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if self._made is None:
            self.warm()
        assert self._made is not None
        await self._made(scope, receive, send)


def make_api(hosted: Hosted) -> FastAPI:
    """Return the API of one hosted workspace."""
    from fastapi import FastAPI
    from fastapi.exceptions import RequestValidationError
    from starlette.exceptions import HTTPException

    from afield.hub import faults
    from afield.kernel.errors import AfieldError

    api = FastAPI(
        title="Afield",
        version="1",
        description="The record of a machine-learning team. Times are UTC in RFC 3339; numbers"
        " that are not finite are null. Refusals are problem documents (RFC 9457) with a `code`"
        " that does not change.",
        docs_url=None,  # its page would load scripts from another host
        redoc_url=None,
        openapi_url="/openapi.json",
        exception_handlers={
            AfieldError: faults.answer_afield,
            HTTPException: faults.answer_http,
            RequestValidationError: faults.answer_invalid,
            Exception: faults.answer_bug,
        },
        servers=[{"url": PREFIX}],
        root_path_in_servers=False,
    )
    api.state.hosted = hosted
    for router in routers():
        api.include_router(router)
    return api


def routers() -> Sequence[APIRouter]:
    """Return the parts of the API; a new one is a line here."""
    from afield.hub.api import (
        asks,
        comparing,
        console,
        data,
        days,
        decisions,
        differing,
        events,
        files,
        handovers,
        happenings,
        hours,
        importance,
        journal,
        me,
        meetings,
        models,
        names,
        pages,
        previews,
        provenance,
        reviews,
        run,
        runs,
        samples,
        searching,
        series,
        sharing,
        standups,
        talks,
        tasks,
        today,
        traces,
    )

    of_runs = (runs, names, run, console, files, previews, series, provenance)
    of_many = (importance, comparing, differing, traces)
    of_all = (data, samples, models, searching, sharing, happenings, today, journal, me, events)
    of_teams = (
        asks,
        days,
        decisions,
        handovers,
        hours,
        meetings,
        pages,
        reviews,
        standups,
        talks,
        tasks,
    )
    parts = (*of_runs, *of_many, *of_all, *of_teams)
    return tuple(part.router for part in parts)


def openapi(hosted: Hosted) -> dict[str, Any]:
    """Return the OpenAPI document."""
    return make_api(hosted).openapi()
