"""The ad platforms that sales are reported to."""

from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.destinations import queries
from orylo_api.destinations.models import DestinationList
from orylo_api.http.route import Route


async def list_destinations(call: Call[None, None, None]) -> DestinationList:
    return await queries.list_destinations(call.connection)


ROUTES = (
    Route(
        "GET",
        "/api/v1/destinations",
        list_destinations,
        Permission.READ,
        "Destinations, oldest first, and whether they are sent to",
        description="All of the tenant's destinations. Conversions wait, and are kept, in every status but `active`.",
        response=DestinationList,
    ),
)
