"""All routes of the protocol, for an app that has a workspace: the one list of its parts.

A new part of the protocol is one file with its `RPCS` (or a function of `RAWS`), and one line here.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from starlette.routing import BaseRoute

from afield.mlflow_rest import (
    artifacts,
    experiments,
    inputs,
    logs,
    metrics,
    models,
    multipart,
    registered,
    runs,
    server,
    versions,
)
from afield.mlflow_rest.limits import SETTLE_S
from afield.mlflow_rest.route import Raw, Rpc, starlette_route
from afield.mlflow_rest.traces import assessments, correlation, edits, files, measures, otlp
from afield.mlflow_rest.traces import calls as traces
from afield.mlflow_rest.webhooks.address import Allowed
from afield.mlflow_rest.webhooks.calls import Calls
from afield.mlflow_rest.webhooks.delivery import Sender
from afield.mlflow_rest.webhooks.heard import heard
from afield.mlflow_rest.webhooks.kept import Webhooks
from afield.runs.served.writer import Served
from afield.workspace.hosted import Hosted

_RPCS = (
    *experiments.RPCS,
    *runs.RPCS,
    *logs.RPCS,
    *metrics.RPCS,
    *inputs.RPCS,
    *models.RPCS,
    *registered.RPCS,
    *versions.RPCS,
    *artifacts.RPCS,
    *multipart.RPCS,
    *traces.RPCS,
    *edits.RPCS,
    *assessments.RPCS,
    *correlation.RPCS,
    *measures.RPCS,
)
_TWINS = ("/api", "/ajax-api")
"""The page of MLflow's own asks under the second."""


class Protocol:
    """MLflow's protocol over one workspace: its routes, and what goes on behind them.

    Attributes:
        routes: what answers.

    Args:
        hosted: the workspace.
        served: the runs that this process records; None: runs of its own.
        private: networks that are no public ones and to which webhooks may lead.
    """

    def __init__(
        self, hosted: Hosted, served: Served | None = None, private: Sequence[str] = ()
    ) -> None:
        self._served = served or Served(hosted.record)
        kept = Webhooks(hosted.record.workspace)
        self._sender = Sender(kept, allowed := Allowed(private))
        webhooks = Calls(hosted, kept, self._sender, allowed)
        self.routes: list[BaseRoute] = list(
            _all(hosted, self._served, webhooks, heard(_RPCS, kept, self._sender))
        )

    def begin(self) -> None:
        """Go on with what an earlier process left: what webhooks are to be told."""
        self._sender.resume()

    def close(self) -> None:
        """End, once nothing is asked any more: seal what waits for it, let go of all files.

        What does not come to its end in time is taken up by the next start, or the next who looks.
        """
        end_s = time.monotonic() + SETTLE_S
        self._served.settle(lambda: time.monotonic() < end_s)
        self._sender.close()


def routes(
    hosted: Hosted, served: Served | None = None, private: Sequence[str] = ()
) -> list[BaseRoute]:
    """Return the routes alone, for a server that settles its runs itself; as `Protocol` has it."""
    return Protocol(hosted, served, private).routes


def _all(
    hosted: Hosted, served: Served, webhooks: Calls, told: Sequence[Rpc]
) -> Iterator[BaseRoute]:
    streams = (
        *webhooks.raws(),
        *artifacts.raws(hosted, served),
        *multipart.raws(served),
        *files.raws(hosted, served),
        *otlp.raws(hosted, served),
    )
    calls: tuple[Rpc | Raw, ...] = (*told, *webhooks.rpcs(), *server.RAWS, *streams)
    for rpc in calls:
        if rpc.versions:
            yield from _under_prefixes(rpc, hosted, served)
        else:
            yield starlette_route(rpc.path, rpc, hosted, served)
    yield starlette_route("/version", Raw("GET", "", None, server.version), hosted, served)
    yield starlette_route("/health", Raw("GET", "", None, server.health), hosted, served)
    for prefix in _TWINS:
        for version in ("2.0", "3.0"):
            for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
                for room in ("mlflow", "mlflow-artifacts"):
                    path = f"{prefix}/{version}/{room}/{{rest:path}}"
                    yield starlette_route(
                        path, Raw(method, "", None, server.unknown), hosted, served
                    )


def _under_prefixes(rpc: Rpc | Raw, hosted: Hosted, served: Served) -> Iterator[BaseRoute]:
    for prefix in _TWINS:
        for version in rpc.versions:
            yield starlette_route(f"{prefix}/{version}{rpc.path}", rpc, hosted, served)
