"""`GET /api/v1/health/summary`: the dashboard's health strip."""

from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.health.models import HealthSummary
from orylo_api.health.summary import read_summary
from orylo_api.http.route import Route


async def show_health_summary(call: Call[None, None, None]) -> HealthSummary:
    return await read_summary(call)


ROUTES = (
    Route(
        "GET",
        "/api/v1/health/summary",
        show_health_summary,
        Permission.READ,
        "Whether the shop's webhooks arrive, and its sales are decided and reported",
        response=HealthSummary,
        description="Gateways, decisions, destinations, dead letters, and how old the shown data is. A part that "
        "cannot be asked is `missing`, and the others are still shown.",
    ),
)
