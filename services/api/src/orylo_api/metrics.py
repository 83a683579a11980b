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
# The bounds of "good" and "poor" (https://web.dev/articles/vitals) are among the buckets: LCP 2.5 and 4 s, INP 0.2 and
# 0.5 s, TTFB 0.8 and 1.8 s, CLS 0.1 and 0.25.
WEB_VITAL_SECONDS = Histogram(
    "orylo_web_vital_seconds",
    "LCP, INP and TTFB of the dashboard in users' browsers",
    ["vital", "page"],
    buckets=(0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.2, 1.8, 2.5, 4, 6, 10),
)
LAYOUT_SHIFT = Histogram(
    "orylo_web_layout_shift",
    "CLS of the dashboard in users' browsers",
    ["page"],
    buckets=(0, 0.01, 0.02, 0.05, 0.1, 0.15, 0.25, 0.5, 1),
)
DEAD_LETTERS = Counter("orylo_api_dead_letters_total", "Dead letters recorded", ["source"])
JOBS = Counter("orylo_api_jobs_total", "Jobs that ended", ["kind", "state"])
