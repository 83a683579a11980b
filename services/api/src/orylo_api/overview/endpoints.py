"""The first screen's numbers."""

from orylo_api.call import Call
from orylo_api.overview.models import Overview, OverviewQuery
from orylo_api.overview.queries import read_overview


async def show_overview(call: Call[None, OverviewQuery, None]) -> Overview:
    return await read_overview(call.connection, call.query, call.services.clock.now())
