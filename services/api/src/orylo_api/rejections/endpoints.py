"""Webhooks that were turned away."""

from orylo_api.call import Call
from orylo_api.customers import queries
from orylo_api.rejections.models import RejectionPage, RejectionQuery


async def list_rejections(call: Call[None, RejectionQuery, None]) -> RejectionPage:
    items, next_cursor = await queries.list_rejections(call.connection, call.query)
    return RejectionPage(items=items, next_cursor=next_cursor)
