from uuid import UUID

from orylo_api.http.pages import Listing, Where, fetch_page
from orylo_api.rejections.models import Rejection, RejectionQuery
from orylo_common.postgres.pool import Connection

REJECTIONS = Listing("api.rejections_view", "id", UUID)


async def list_rejections(connection: Connection, query: RejectionQuery) -> tuple[list[Rejection], str | None]:
    where = Where()
    if query.gateway is not None:
        where.filter("gateway = {}", query.gateway)
    if query.code is not None:
        where.filter("code = {}", query.code)
    where.seek_range(query)
    rows, next_cursor = await fetch_page(connection, REJECTIONS, where, query)
    return [Rejection.from_row(row) for row in rows], next_cursor
