"""Find dead letters, for the endpoints and for `orylo dlq`.

Each function works in its caller's transaction, whose role decides which tenants it sees.
"""

import base64
from typing import Any
from uuid import UUID

import orjson

from orylo_api.dead_letters.models import DeadLetter, DeadLetterQuery, DeadLetterSummary, EarlierDeadLetter
from orylo_api.http.pages import Listing, Where, fetch_page
from orylo_common.postgres.pool import Connection

DEAD_LETTERS = Listing("api.dead_letters", "id", UUID)

SELECT_DEAD_LETTER = "SELECT * FROM api.dead_letters WHERE id = $1"
SELECT_OTHER_DEATHS = """
    SELECT * FROM api.dead_letters WHERE tenant_id = $1 AND subject_id = $2 AND source = $3 AND id <> $4
    ORDER BY created_at DESC, id DESC LIMIT 20
"""


async def list_dead_letters(
    connection: Connection, query: DeadLetterQuery
) -> tuple[list[DeadLetterSummary], str | None]:
    where = Where()
    if query.state is not None:
        where.seek(f"state = '{query.state}'")
    if query.source is not None:
        where.filter("source = {}", query.source)
    rows, next_cursor = await fetch_page(connection, DEAD_LETTERS, where, query)
    return [DeadLetterSummary.from_row(row) for row in rows], next_cursor


async def find_dead_letter(connection: Connection, dead_letter_id: UUID) -> DeadLetter | None:
    row = await connection.fetchrow(SELECT_DEAD_LETTER, dead_letter_id)
    if row is None:
        return None
    others = await connection.fetch(
        SELECT_OTHER_DEATHS, row["tenant_id"], row["subject_id"], row["source"], dead_letter_id
    )
    history = [EarlierDeadLetter.from_row(other) for other in others]
    return DeadLetter.from_row(row, payload=_payload(row["body"]), history=history)


def _payload(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return {"base64": base64.b64encode(body).decode()}
