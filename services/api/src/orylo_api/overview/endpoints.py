"""The numbers of the dashboard's first page."""

from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.http.route import Route
from orylo_api.overview.funnel import read_funnel
from orylo_api.overview.models import Funnel, FunnelQuery, Overview, OverviewQuery
from orylo_api.overview.queries import read_overview


async def show_overview(call: Call[None, OverviewQuery, None]) -> Overview:
    return await read_overview(call.connection, call.query, call.services.clock.now())


async def show_funnel(call: Call[None, FunnelQuery, None]) -> Funnel:
    return await read_funnel(call.connection, call.query, call.services.clock.now())


ROUTES = (
    Route(
        "GET",
        "/api/v1/overview",
        show_overview,
        Permission.READ,
        "Sales, fraud and conversions of any period, totals of today, 24 hours and 7 days, and a time series",
        description=(
            "All figures come from rollups, so the answer takes as long for a thousand payments as for a million. "
            "`period` has the figures of `from` to `to`, by the time of each payment; the totals are of fixed periods. "
            "`today` begins at midnight in `timezone`."
        ),
        query=OverviewQuery,
        response=Overview,
    ),
    Route(
        "GET",
        "/api/v1/funnel",
        show_funnel,
        Permission.READ,
        "From clicks over checkouts and payments to conversions, in any period",
        description=(
            "Each step counts what happened in the period: a buyer who clicked the day before is not among its clicks, "
            "but among its sales."
        ),
        query=FunnelQuery,
        response=Funnel,
    ),
)
