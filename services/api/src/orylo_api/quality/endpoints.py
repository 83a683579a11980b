"""The quality of decisions."""

from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.http.route import Route
from orylo_api.quality.models import DecisionQuality, QualityQuery
from orylo_api.quality.queries import read_quality


async def show_quality(call: Call[None, QualityQuery, None]) -> DecisionQuality:
    return await read_quality(call.connection, call.query, call.services.clock.now())


ROUTES = (
    Route(
        "GET",
        "/api/v1/quality",
        show_quality,
        Permission.READ,
        "Precision, recall, false positives and money of any period and by week, and the review queue",
        description=(
            "A payment is fraud by its newest verdict, else by a dispute that was not won, else by a fraud "
            "warning. Recent weeks are not final."
        ),
        query=QualityQuery,
        response=DecisionQuality,
    ),
)
