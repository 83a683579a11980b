"""The route table."""

from orylo_common.telemetry.health import Health
from orylo_ingest.endpoints.tracking import TrackingEndpoint
from orylo_ingest.endpoints.webhooks import WebhookEndpoint
from orylo_ingest.http.router import Endpoint


def routes(webhooks: WebhookEndpoint, tracking: TrackingEndpoint, health: Health) -> list[tuple[str, str, Endpoint]]:
    return [
        ("POST", "/api/v1/webhooks/{gateway}/{tenant}", webhooks.receive),
        ("GET", "/api/v1/webhooks/{gateway}/{tenant}", webhooks.explain),
        ("GET", "/t.js", tracking.script),
        ("POST", "/api/v1/track/{tenant}", tracking.track),
        ("OPTIONS", "/api/v1/track/{tenant}", tracking.preflight),
        *((route.method, route.path, route.handler) for route in health.routes()),
    ]
