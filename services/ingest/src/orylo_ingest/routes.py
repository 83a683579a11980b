"""The route table."""

from aiohttp import web

from orylo_common.telemetry.health import Health
from orylo_ingest.endpoints.tracking import TrackingEndpoint
from orylo_ingest.endpoints.webhooks import WebhookEndpoint


def routes(webhooks: WebhookEndpoint, tracking: TrackingEndpoint, health: Health) -> list[web.RouteDef]:
    return [
        web.post("/api/v1/webhooks/{gateway}/{tenant}", webhooks.receive),
        web.get("/api/v1/webhooks/{gateway}/{tenant}", webhooks.explain),
        web.get("/t.js", tracking.script),
        web.post("/api/v1/track/{tenant}", tracking.track),
        web.options("/api/v1/track/{tenant}", tracking.preflight),
        *health.routes(),
    ]
