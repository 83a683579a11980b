"""Delete rows whose retention period is over, in chunks."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from orylo_common.postgres.pool import Connection

# How long a repeated webhook and a repeated message are recognised. A gateway's own list of old deliveries reaches
# back 60 days at most, and no dead letter waits this long for a person.
DEDUPE_WINDOW = timedelta(days=180)

# Rows of one table in one transaction: far below a statement's 30 s.
CHUNK = 10_000


@dataclass(frozen=True, slots=True)
class Retention:
    """Rows of `table` are deleted once `column` is longer ago than `keep`. `only` narrows that to some rows.

    Not for partitioned tables: partitions expire as a whole.
    """

    table: str
    column: str
    keep: timedelta
    only: str = "true"

    def statement(self, now: str) -> str:
        """Return the DELETE of one chunk. `now` is SQL: with `now()` PostgreSQL knows that few rows are so old.

        A period or a time as a parameter would hide that from a connection that plans for any values: it would read
        the whole table.
        """
        return f"""
            DELETE FROM {self.table} WHERE ctid = ANY(ARRAY(
                SELECT ctid FROM {self.table}
                WHERE {self.column} < {now} - interval '{self.keep.total_seconds():.0f} seconds' AND {self.only}
                LIMIT {CHUNK}
            ))
        """  # noqa: S608


async def delete_expired(
    connection: Connection, retentions: Iterable[Retention], *, now: datetime | None = None
) -> bool:
    """Delete one chunk of each table. Return true if there may be more, as `run_periodically` expects."""
    more = False
    for retention in retentions:
        if now is None:
            status = await connection.execute(retention.statement("now()"))
        else:
            status = await connection.execute(retention.statement("$1::timestamptz"), now)
        more |= int(status.removeprefix("DELETE ")) == CHUNK
    return more
