"""A trace span for every request, by OpenTelemetry, when its variables ask for it.

Off, and nothing is imported, unless an endpoint is set and the packages of the extra `otel` are
there. The exporter reads the other variables of OpenTelemetry by itself (headers, timeout …).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING

from afield.hub.asgi import Scope
from afield.hub.watched import Seen

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span

VARIABLES = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_EXPORTER = "opentelemetry.exporter.otlp.proto.http"


def asked_for(environ: Mapping[str, str]) -> bool:
    """Tell whether the environment names where traces go."""
    off = environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
    return not off and any(environ.get(name) for name in VARIABLES)


class Spans:
    """Begins a span for each request; `close` sends the last ones."""

    def __init__(self, provider: TracerProvider) -> None:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._provider = provider
        self._tracer = provider.get_tracer("afield.hub")
        self._propagator = TraceContextTextMapPropagator()

    @contextmanager
    def __call__(self, scope: Scope) -> Iterator[Seen]:
        """Trace one request, as a part of its client's trace when it has one."""
        from opentelemetry.trace import SpanKind

        carrier = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in scope["headers"]
            if name in (b"traceparent", b"tracestate")
        }
        method, path = scope["method"], scope["path"]
        with self._tracer.start_as_current_span(
            method,
            context=self._propagator.extract(carrier),
            kind=SpanKind.SERVER,
            attributes={"http.request.method": method, "url.path": path},
        ) as span:
            yield _Seen(span)

    def close(self) -> None:
        """Send what is left."""
        self._provider.shutdown()


class _Seen:
    """A span; the names of its attributes are OpenTelemetry's own."""

    def __init__(self, span: Span) -> None:
        self._span = span

    def answered(self, status: int) -> None:
        """Note the status; one from 500 on is an error of ours."""
        from opentelemetry.trace import StatusCode

        self._span.set_attribute("http.response.status_code", status)
        if status >= 500:  # noqa: PLR2004 - HTTP's own
            self._span.set_status(StatusCode.ERROR)


def make_spans(environ: Mapping[str, str]) -> Spans | None:
    """Return what traces requests; None when nobody asked for it, or the packages are not here."""
    if not asked_for(environ) or not _is_here():
        return None
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    named = {} if environ.get("OTEL_SERVICE_NAME") else {"service.name": "afield"}
    resource = Resource.create({**named, "service.version": version("afield")})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Spans(provider)


def _is_here() -> bool:
    try:
        return find_spec(_EXPORTER) is not None
    except ModuleNotFoundError:  # nor what it is a part of
        return False
