"""Rejected webhooks."""

from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.http.route import Route
from orylo_api.rejections import queries
from orylo_api.rejections.groups import RejectionGroups, group_by_cause
from orylo_api.rejections.models import RejectionGroupQuery, RejectionPage, RejectionQuery


async def list_rejections(call: Call[None, RejectionQuery, None]) -> RejectionPage:
    items, next_cursor = await queries.list_rejections(call.connection, call.query)
    return RejectionPage(items=items, next_cursor=next_cursor)


async def list_rejection_groups(call: Call[None, RejectionGroupQuery, None]) -> RejectionGroups:
    return await group_by_cause(call.connection, call.query, call.services.clock.now())


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
    Route(
        "GET",
        "/api/v1/rejections/groups",
        list_rejection_groups,
        Permission.READ,
        "Rejected webhooks by cause, the largest groups first",
        query=RejectionGroupQuery,
        response=RejectionGroups,
        description="Rejections are grouped by gateway and code. "
        "Nothing can be replayed: their bodies were not stored. ",
    ),
)
