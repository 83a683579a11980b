"""Whether spans are created. Apart from `traces`, so that what only asks does not import OpenTelemetry."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer


class Tracing:
    tracer: "Tracer | None" = None


def tracing() -> bool:
    """Return whether spans are created. If not, callers need not compute their attributes."""
    return Tracing.tracer is not None
