"""Everything that waits for a person."""

from orylo_api.access.roles import Permission
from orylo_api.attention.models import Attention
from orylo_api.attention.queries import read_attention
from orylo_api.call import Call
from orylo_api.http.route import Route


async def show_attention(call: Call[None, None, None]) -> Attention:
    now = call.services.clock.now()
    return Attention(generated_at=now, items=await read_attention(call.connection, now))


ROUTES = (
    Route(
        "GET",
        "/api/v1/attention",
        show_attention,
        Permission.READ,
        "What needs a person, the most urgent first",
        response=Attention,
        description="Rejected webhooks of the last day, paid blocks of the last 7 days, and the failed payments of the "
        "last hour if they exceed the limit that the shop has set; all else that is open.",
    ),
)
