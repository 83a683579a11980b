"""`GET /api/health/payment`: whether payments are received and handled, for monitoring."""

from aiohttp import web

from orylo_api.call import Call
from orylo_api.http.route import ANYONE, Route
from orylo_api.payment_health.models import PaymentHealth


async def show_payment_health(call: Call[None, None, None]) -> PaymentHealth | web.Response:
    health = await call.services.payment_health.health()
    if health.healthy:
        return health
    return web.Response(text=health.model_dump_json(), status=503, content_type="application/json")


ROUTES = (
    Route(
        "GET",
        "/api/health/payment",
        show_payment_health,
        ANYONE,
        "Whether payments are received and handled",
        response=PaymentHealth,
        unhealthy=PaymentHealth,
        description="200 if every check is ok, else 503 with the same body. For monitoring: without sign-in, and "
        "without anything about a shop. Load balancers should ask `/readyz` instead.",
    ),
)
