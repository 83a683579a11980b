"""Prometheus metrics that several modules use. The others are defined beside the code that they measure."""

from prometheus_client import Counter, Gauge, Histogram

# From a query on a warm cache to a destination's slow answer.
LATENCY_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

CIRCUIT_STATE = Gauge("orylo_circuit_state", "Circuit breaker: 0 closed, 1 half open, 2 open", ["name"])

# `outcome` is one of done, retried, released, dead_lettered.
MESSAGES_HANDLED = Counter(
    "orylo_messages_handled_total", "Deliveries settled by a consumer", ["queue", "type", "outcome"]
)
HANDLE_SECONDS = Histogram(
    "orylo_message_handle_seconds", "Time a handler took for one delivery", ["queue", "type"], buckets=LATENCY_BUCKETS
)
