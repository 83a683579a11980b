"""OpenTelemetry traces that cross the broker in the CloudEvents attribute `traceparent`.

Without an endpoint there are no traces, and a span costs one function call. Names and attributes of the spans of
databases, messages and HTTP follow OpenTelemetry's semantic conventions.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from orylo_common.telemetry.redaction import redact_item
from orylo_common.telemetry.tracing import Tracing

# A collector that does not answer must not delay the exit of the process.
EXPORT_TIMEOUT_S = 3

# What a span is about. Spans within it are about the same.
IDS = ("orylo.tenant_id", "orylo.event_id", "orylo.payment_id")

_PROPAGATOR = TraceContextTextMapPropagator()
_NO_SPAN: AbstractContextManager[Span] = nullcontext(trace.INVALID_SPAN)


@contextmanager
def configure_traces(service: str, endpoint: str | None) -> Iterator[None]:
    """Send traces to `endpoint` with OTLP over HTTP until the block ends. With `None`, no spans are created.

    OpenTelemetry's own `OTEL_TRACES_SAMPLER` sets the share of traces to keep.
    """
    if endpoint is None:
        yield
        return
    provider = TracerProvider(resource=Resource.create({"service.name": f"orylo-{service}"}))
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=EXPORT_TIMEOUT_S)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    Tracing.tracer = provider.get_tracer("orylo")
    try:
        yield
    finally:
        Tracing.tracer = None
        provider.shutdown()


def span(
    name: str,
    *,
    traceparent: str | None = None,
    kind: SpanKind = SpanKind.INTERNAL,
    links: Sequence[Link] | None = None,
    **attributes: Any,
) -> AbstractContextManager[Span]:
    """Open a span around the block. It continues the trace in `traceparent`, or else the current one.

    With `links`, it begins a trace of its own: the work of a batch has many causes. An id that all of them share is
    also the span's.
    """
    if Tracing.tracer is None:
        return _NO_SPAN
    if links is not None:
        return _recorded(Tracing.tracer, name, Context(), kind, _shared(links) | attributes, links)
    if traceparent is not None:
        return _recorded(Tracing.tracer, name, _PROPAGATOR.extract({"traceparent": traceparent}), kind, attributes)
    return _recorded(Tracing.tracer, name, None, kind, _ids(trace.get_current_span()) | attributes)


def call_span(name: str, **attributes: Any) -> AbstractContextManager[Span]:
    """Open a span around a call of another server."""
    return span(name, kind=SpanKind.CLIENT, **attributes)


def identify(*, tenant_id: object = None, event_id: object = None, payment_id: object = None) -> None:
    """Add ids to the current span, and to those that are opened within it from here on."""
    if Tracing.tracer is not None:
        for key, value in zip(IDS, (tenant_id, event_id, payment_id), strict=True):
            if value is not None:
                trace.get_current_span().set_attribute(key, str(value))


def current_link() -> Link | None:
    """Return a link to the current span, with its ids, for the span of a batch."""
    if Tracing.tracer is None:
        return None
    current = trace.get_current_span()
    return Link(current.get_span_context(), _ids(current)) if current.get_span_context().is_valid else None


def link_to(traceparent: str | None, **ids: object) -> Link | None:
    """Return a link to the span of a `traceparent`, with the ids that `identify` takes."""
    if Tracing.tracer is None or traceparent is None:
        return None
    context = trace.get_current_span(_PROPAGATOR.extract({"traceparent": traceparent})).get_span_context()
    return Link(context, {f"orylo.{key}": str(value) for key, value in ids.items()}) if context.is_valid else None


def current_traceparent() -> str | None:
    """Return the trace context for outgoing messages and requests."""
    if Tracing.tracer is None:
        return None
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier)
    return carrier.get("traceparent")


def current_ids() -> tuple[str, str] | None:
    """Return the trace id and the span id in hexadecimal."""
    if Tracing.tracer is None:
        return None
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return None
    return trace.format_trace_id(context.trace_id), trace.format_span_id(context.span_id)


def _ids(of: Span) -> dict[str, Any]:
    attributes: Mapping[str, Any] = getattr(of, "attributes", None) or {}
    return {key: attributes[key] for key in IDS if key in attributes}


def _shared(links: Sequence[Link]) -> dict[str, Any]:
    """Return the ids that are the same in all links."""
    shared: dict[str, Any] = {}
    for key in IDS:
        values = {(link.attributes or {}).get(key) for link in links}
        if len(values) == 1:
            shared[key] = values.pop()
    return shared


@contextmanager
def _recorded(
    tracer: Tracer,
    name: str,
    parent: Context | None,
    kind: SpanKind,
    attributes: Mapping[str, Any],
    links: Sequence[Link] | None = None,
) -> Iterator[Span]:
    shown = {key: _as_attribute(redact_item(key, value)) for key, value in attributes.items() if value is not None}
    # An exception's text may hold values, and its type is enough to find the log line.
    with tracer.start_as_current_span(
        name,
        context=parent,
        kind=kind,
        attributes=shown,
        links=links,
        record_exception=False,
        set_status_on_exception=False,
    ) as current:
        try:
            yield current
        except BaseException as error:
            current.set_status(Status(StatusCode.ERROR, type(error).__name__))
            current.set_attribute("error.type", type(error).__name__)
            raise


def _as_attribute(value: Any) -> str | bool | int | float:
    return value if isinstance(value, str | bool | int | float) else str(value)
