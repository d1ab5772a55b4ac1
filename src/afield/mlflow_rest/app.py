"""All routes of the protocol, for an app that has a workspace: the one list of its parts.

A new part of the protocol is one file with its `RPCS` (or a function of `RAWS`), and one line here.
"""

from __future__ import annotations

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
from afield.mlflow_rest.route import Raw, Rpc, starlette_route
from afield.mlflow_rest.traces import assessments, correlation, edits, files, otlp
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
)
_TWINS = ("/api", "/ajax-api")
"""The page of MLflow's own asks under the second."""


def routes(
    hosted: Hosted, served: Served | None = None, private: Sequence[str] = ()
) -> list[BaseRoute]:
    """Return the routes of MLflow's protocol.

    Args:
        hosted: the workspace.
        served: the runs that this process records; who closes the server settles them.
        private: networks that are no public ones and to which webhooks may lead.
    """
    served = served or Served(hosted.record)
    return list(_all(hosted, served, Allowed(private)))


def _all(hosted: Hosted, served: Served, allowed: Allowed) -> Iterator[BaseRoute]:
    kept = Webhooks(hosted.record.workspace)
    sender = Sender(kept, allowed)
    webhooks = Calls(hosted, kept, sender, allowed)
    streams = (
        *webhooks.raws(),
        *artifacts.raws(hosted, served),
        *multipart.raws(served),
        *files.raws(hosted, served),
        *otlp.raws(hosted, served),
    )
    rpcs = (*heard(_RPCS, kept, sender), *webhooks.rpcs())
    calls: tuple[Rpc | Raw, ...] = (*rpcs, *server.RAWS, *streams)
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
