"""OpenTelemetry traces that cross the broker in the CloudEvents attribute `traceparent`.

Without an endpoint there are no traces, and a span costs one function call.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, Status, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from orylo_common.telemetry.redaction import redact_item

# A collector that does not answer must not delay the exit of the process.
EXPORT_TIMEOUT_S = 3

_PROPAGATOR = TraceContextTextMapPropagator()
_NO_SPAN: AbstractContextManager[Span] = nullcontext(trace.INVALID_SPAN)


class _Tracing:
    tracer: Tracer | None = None


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
    _Tracing.tracer = provider.get_tracer("orylo")
    try:
        yield
    finally:
        _Tracing.tracer = None
        provider.shutdown()


def tracing() -> bool:
    """Return whether spans are created. If not, callers need not compute their attributes."""
    return _Tracing.tracer is not None


def span(name: str, *, traceparent: str | None = None, **attributes: Any) -> AbstractContextManager[Span]:
    """Open a span around the block. It continues the trace in `traceparent`, or else the current one."""
    if _Tracing.tracer is None:
        return _NO_SPAN
    return _recorded(_Tracing.tracer, name, traceparent, attributes)


def current_traceparent() -> str | None:
    """Return the trace context for outgoing messages and requests."""
    if _Tracing.tracer is None:
        return None
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier)
    return carrier.get("traceparent")


def current_ids() -> tuple[str, str] | None:
    """Return the trace id and the span id in hexadecimal."""
    if _Tracing.tracer is None:
        return None
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return None
    return trace.format_trace_id(context.trace_id), trace.format_span_id(context.span_id)


@contextmanager
def _recorded(tracer: Tracer, name: str, traceparent: str | None, attributes: dict[str, Any]) -> Iterator[Span]:
    parent: Context | None = _PROPAGATOR.extract({"traceparent": traceparent}) if traceparent else None
    shown = {key: _as_attribute(redact_item(key, value)) for key, value in attributes.items() if value is not None}
    # An exception's text may hold values, and its type is enough to find the log line.
    with tracer.start_as_current_span(
        name, context=parent, attributes=shown, record_exception=False, set_status_on_exception=False
    ) as current:
        try:
            yield current
        except BaseException as error:
            current.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise


def _as_attribute(value: Any) -> str | bool | int | float:
    return value if isinstance(value, str | bool | int | float) else str(value)
