from datetime import date
from uuid import UUID

from orylo_api.rules.models import DailyHits, HitList
from orylo_common.postgres.pool import Connection

SELECT_HITS = """
    SELECT day, mode, currency, payments, amount_minor, changed, changed_minor FROM api.rule_hits
    WHERE rule_id = $1 AND day > $2::date - $3::integer ORDER BY day DESC, mode, currency
"""


async def read_hits(connection: Connection, rule_id: UUID, today: date, days: int) -> HitList:
    """Return the hits of the last `days`, newest first."""
    rows = await connection.fetch(SELECT_HITS, rule_id, today, days)
    return HitList(items=[DailyHits.from_row(row) for row in rows])
