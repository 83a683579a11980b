"""The numbers of the dashboard's first page."""

from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.http.route import Route
from orylo_api.overview.models import Overview, OverviewQuery
from orylo_api.overview.queries import read_overview


async def show_overview(call: Call[None, OverviewQuery, None]) -> Overview:
    return await read_overview(call.connection, call.query, call.services.clock.now())


ROUTES = (
    Route(
        "GET",
        "/api/v1/overview",
        show_overview,
        Permission.READ,
        "Totals of today, the last 24 hours and the last 7 days, and a time series",
        description=(
            "All figures come from rollups, so the answer takes as long for a thousand payments as for a "
            "million. `today` begins at midnight in `timezone`."
        ),
        query=OverviewQuery,
        response=Overview,
    ),
)
