from datetime import datetime
from uuid import UUID

from orylo_api.customers.merge_models import CustomerMerge, CustomerMerges, MergeReview, MergeReviewQuery
from orylo_api.errors import Conflict, NotFound
from orylo_api.http.pages import Listing, Where, fetch_page
from orylo_common.postgres.pool import Connection

REVIEWS = Listing("api.merge_reviews_view", "id", UUID)

SELECT_PEOPLE = "SELECT coalesce(people, ARRAY[customer_id]) FROM api.customers_view WHERE customer_id = $1"
SELECT_MERGES = """
    SELECT * FROM api.customer_merges WHERE customer_id = ANY($1::text[])
    ORDER BY occurred_at DESC, version DESC, customer_id LIMIT $2
"""
SELECT_REVIEW = "SELECT state FROM api.merge_reviews_view WHERE id = $1"
DISMISS = """
    UPDATE api.merge_reviews_view
    SET state = 'dismissed', dismissed_at = $2, dismissed_by = $3, dismissed_reason = $4
    WHERE id = $1 AND state = 'open'
    RETURNING *
"""
SHOWN_MERGES = 100


async def read_people(connection: Connection, customer_id: str) -> list[str] | None:
    """Return the customers of the person that this customer is, or None for an unknown customer."""
    people: list[str] | None = await connection.fetchval(SELECT_PEOPLE, customer_id)
    return people


async def read_merges(connection: Connection, customer_id: str) -> CustomerMerges | None:
    people = await read_people(connection, customer_id)
    if people is None:
        return None
    rows = await connection.fetch(SELECT_MERGES, sorted({customer_id, *people}), SHOWN_MERGES)
    return CustomerMerges(people=people, merges=[CustomerMerge.from_row(row) for row in rows])


async def list_reviews(connection: Connection, query: MergeReviewQuery) -> tuple[list[MergeReview], str | None]:
    where = Where()
    if query.state is not None:
        where.filter("state = {}", query.state.value)
    rows, next_cursor = await fetch_page(connection, REVIEWS, where, query)
    return [MergeReview.from_row(row) for row in rows], next_cursor


async def dismiss(connection: Connection, review_id: UUID, *, actor: str, reason: str, now: datetime) -> MergeReview:
    """Raises `NotFound`, and `Conflict` if the review is already dismissed."""
    row = await connection.fetchrow(DISMISS, review_id, now, actor, reason)
    if row is not None:
        return MergeReview.from_row(row)
    if await connection.fetchval(SELECT_REVIEW, review_id) is None:
        raise NotFound("there is no such review")
    raise Conflict("the review is already dismissed", code="already_settled")
