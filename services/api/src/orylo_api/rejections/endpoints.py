"""Rejected webhooks."""

from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.http.route import Route
from orylo_api.rejections import queries
from orylo_api.rejections.models import RejectionPage, RejectionQuery


async def list_rejections(call: Call[None, RejectionQuery, None]) -> RejectionPage:
    items, next_cursor = await queries.list_rejections(call.connection, call.query)
    return RejectionPage(items=items, next_cursor=next_cursor)


ROUTES = (
    Route(
        "GET",
        "/api/v1/rejections",
        list_rejections,
        Permission.READ,
        "Rejected webhooks and the reasons, newest first",
        description=(
            "Webhooks that were answered with 4xx, counted by gateway, reason and minute. Their bodies are not stored."
        ),
        query=RejectionQuery,
        response=RejectionPage,
    ),
)
