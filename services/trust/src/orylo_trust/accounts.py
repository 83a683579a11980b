"""Locks, reads and writes the accounts that a batch changes."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import orjson

from orylo_common.broker.ports import Outgoing
from orylo_common.errors import TransientError
from orylo_common.messages import TrustStatus
from orylo_common.postgres.outbox_rows import OutboxRow
from orylo_common.postgres.pool import Connection
from orylo_trust.domain.account import StatusChange, TrustAccount
from orylo_trust.domain.ledger import MonthlyTotal
from orylo_trust.domain.person import MergedPerson
from orylo_trust.posting import CustomerKey

# Locks each account, and those of the same person, until the end of the transaction, always in the same order. Reads
# what the previous holder of the lock wrote. An existing row is locked by an update that changes nothing.
LOCK_ACCOUNTS = """
    WITH seen AS (
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::smallint[]) AS seen (tenant_id, customer_id, start)
    ), everyone AS (
        SELECT * FROM seen
        UNION ALL
        SELECT seen.tenant_id, member.customer_id, seen.start
        FROM seen CROSS JOIN LATERAL (
            SELECT people FROM trust.accounts AS a
            WHERE a.tenant_id = seen.tenant_id AND a.customer_id = seen.customer_id AND a.people IS NOT NULL LIMIT 1
        ) AS a CROSS JOIN LATERAL jsonb_array_elements_text(a.people) AS member (customer_id)
    )
    INSERT INTO trust.accounts AS a (tenant_id, customer_id, start, total, score)
    SELECT tenant_id, customer_id, min(start), min(start), min(start) FROM everyone
    GROUP BY tenant_id, customer_id ORDER BY tenant_id, customer_id
    ON CONFLICT (tenant_id, customer_id) DO UPDATE SET version = a.version
    RETURNING tenant_id, customer_id, start, score, causes, version, status, status_actor, status_reason, status_set_at,
              status_expires_at, aliases, people, merge_version
"""

SELECT_MONTHS = """
    SELECT m.tenant_id, m.customer_id, m.month, m.points, m.cap
    FROM unnest($1::uuid[], $2::text[]) AS member (tenant_id, customer_id) JOIN trust.months AS m
    USING (tenant_id, customer_id)
"""

# The accounts exist, since they are locked: ON CONFLICT updates them without ever scanning the table.
WRITE_BACK = """
    WITH accounts AS (
        INSERT INTO trust.accounts AS a (tenant_id, customer_id, start, total, score, causes, version, status,
                                         status_actor, status_reason, status_set_at, status_expires_at, aliases, people,
                                         merge_version)
        SELECT tenant_id, customer_id, start, total, score, causes, version, status, actor, reason, set_at, expires_at,
               aliases::jsonb, people::jsonb, merge_version
        FROM unnest($1::uuid[], $2::text[], $3::smallint[], $4::integer[], $5::smallint[], $6::jsonb[], $7::bigint[],
                    $8::text[], $9::text[], $10::text[], $11::timestamptz[], $12::timestamptz[], $13::text[],
                    $14::text[], $15::bigint[])
            AS changed (tenant_id, customer_id, start, total, score, causes, version, status, actor, reason, set_at,
                        expires_at, aliases, people, merge_version)
        ON CONFLICT (tenant_id, customer_id) DO UPDATE
        SET total = EXCLUDED.total, score = EXCLUDED.score, causes = EXCLUDED.causes, version = EXCLUDED.version,
            status = EXCLUDED.status, status_actor = EXCLUDED.status_actor, status_reason = EXCLUDED.status_reason,
            status_set_at = EXCLUDED.status_set_at, status_expires_at = EXCLUDED.status_expires_at,
            aliases = EXCLUDED.aliases, people = EXCLUDED.people, merge_version = EXCLUDED.merge_version,
            updated_at = now()
    ), months AS (
        INSERT INTO trust.months (tenant_id, customer_id, month, points, cap)
        SELECT * FROM unnest($16::uuid[], $17::text[], $18::date[], $19::integer[], $20::smallint[])
        ON CONFLICT (tenant_id, customer_id, month) DO UPDATE SET points = EXCLUDED.points, cap = EXCLUDED.cap
    )
    INSERT INTO trust.outbox (message_id, type, bodies) SELECT $21, $22, $23 WHERE $24
"""

Accounts = dict[CustomerKey, TrustAccount]


async def lock_accounts(connection: Connection, starts: Mapping[CustomerKey, int]) -> Accounts:
    """Return the accounts of the customers, and of all customers of the same people.

    New accounts begin with the given scores. Raises `TransientError` if customers were merged at the same time: the
    next attempt finds them.
    """
    rows = await connection.fetch(
        LOCK_ACCOUNTS, [tenant for tenant, _ in starts], [customer for _, customer in starts], list(starts.values())
    )
    accounts = {(tenant_id, customer_id): _account(*columns) for tenant_id, customer_id, *columns in rows}
    merged = [(*key, account) for key, account in accounts.items() if account.people]
    if any((tenant_id, each) not in accounts for tenant_id, _, account in merged for each in account.people or ()):
        raise TransientError("the customers are being merged")
    return accounts


async def load_months(connection: Connection, accounts: Accounts, keys: Sequence[CustomerKey]) -> None:
    """Load all months of these accounts: the caps of people with several accounts count over all of them."""
    for tenant_id, customer_id, month, points, cap in await connection.fetch(SELECT_MONTHS, *zip(*keys, strict=True)):
        accounts[tenant_id, customer_id].months[month] = MonthlyTotal(points, cap)


def person_of(accounts: Accounts, key: CustomerKey) -> MergedPerson:
    tenant_id, customer_id = key
    people = accounts[key].people or (customer_id,)
    return MergedPerson(people[0], [accounts[tenant_id, each] for each in people])


async def write_back(connection: Connection, accounts: Accounts, announced: Sequence[Outgoing]) -> None:
    months = [
        (*key, month, account.months[month].points, account.months[month].cap)
        for key, account in accounts.items()
        for month in account.changed_months
    ]
    outbox = OutboxRow(announced)
    await connection.execute(
        WRITE_BACK,
        *_columns((_row(key, account, accounts) for key, account in accounts.items()), count=15),
        *_columns(months, count=5),
        *outbox.columns(),
        bool(announced),
    )
    outbox.written(announced)


def _account(
    start: int,
    shown_score: int,
    causes: dict[str, int],
    version: int,
    status: str,
    actor: str,
    reason: str,
    set_at: datetime | None,
    expires_at: datetime | None,
    aliases: list[str] | None,
    people: list[str] | None,
    merge_version: int,
) -> TrustAccount:
    return TrustAccount(
        start,
        causes,
        version,
        None if set_at is None else StatusChange(TrustStatus(status), actor, reason, set_at, expires_at),
        shown_score=shown_score,
        aliases=set(aliases or ()),
        people=None if people is None else tuple(people),
        merge_version=merge_version,
    )


def _row(key: CustomerKey, account: TrustAccount, accounts: Accounts) -> tuple[object, ...]:
    change = account.status_change
    represents = account.people is not None and account.people[0] == key[1]
    return (
        *key,
        account.start,
        account.total,
        person_of(accounts, key).score if represents else account.score,
        account.causes,
        account.version,
        account.status.value,
        *((change.actor, change.reason, change.set_at, change.expires_at) if change else (None,) * 4),
        json_text(sorted(account.aliases)),
        json_text(account.people),
        account.merge_version,
    )


def json_text(ids: Sequence[str] | None) -> str | None:
    """Return the ids as JSON, because a list in a list of values would be another dimension of the array."""
    return orjson.dumps(ids).decode() if ids else None


def _columns(rows: Iterable[tuple[object, ...]], *, count: int) -> list[tuple[object, ...]]:
    """Turn rows into columns for `unnest`: `count` of them, even if there are no rows."""
    return list(zip(*rows, strict=True)) or [()] * count
