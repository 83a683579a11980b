from prometheus_client import Counter, Gauge, Histogram

from orylo_common.telemetry.metrics import LATENCY_BUCKETS

REQUESTS = Counter("orylo_api_requests_total", "Responses", ["method", "route", "status"])
REQUEST_SECONDS = Histogram("orylo_api_request_seconds", "Time to respond", ["route"], buckets=LATENCY_BUCKETS)
SIGN_INS = Counter("orylo_api_sign_ins_total", "Sign-in attempts", ["outcome"])
SSE_CLIENTS = Gauge("orylo_api_sse_clients", "Open streams of this replica")
SSE_DROPPED = Counter("orylo_api_sse_dropped_total", "Streams closed because their client read too slowly")
PROJECTION_LAG = Histogram(
    "orylo_api_projection_lag_seconds",
    "Age of a batch's oldest message when its rows were written",
    buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800),
)
PROJECTION_OLDEST = Gauge(
    "orylo_api_projection_oldest_seconds",
    "Age of the oldest message received whose rows are not written; 0 without one",
)
DEAD_LETTERS = Counter("orylo_api_dead_letters_total", "Dead letters recorded", ["source"])
JOBS = Counter("orylo_api_jobs_total", "Jobs that ended", ["kind", "state"])
