"""Writes postings to the ledger in PostgreSQL: many of them in one transaction of a few statements."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID

from orylo_common.broker.ports import Outgoing
from orylo_common.messages import TrustStatus
from orylo_common.postgres.outbox_bodies import outbox_columns
from orylo_common.postgres.pool import Connection
from orylo_trust.announcements import MOVED, STATUS_EXPIRED, STATUS_SET, announce
from orylo_trust.attribution import attribute
from orylo_trust.domain.account import StatusChange, TrustAccount
from orylo_trust.domain.ledger import LedgerEntry, MonthlyTotal
from orylo_trust.posting import CustomerKey, Posting, PostingResult

# Locks each account until the end of the transaction, always in the same order, and reads what the previous holder of
# the lock wrote. An existing row is locked by an update that changes nothing.
LOCK_ACCOUNTS = """
    INSERT INTO trust.accounts AS a (tenant_id, customer_id, start, total, score)
    SELECT tenant_id, customer_id, start, start, start
    FROM unnest($1::uuid[], $2::text[], $3::smallint[]) AS seen (tenant_id, customer_id, start)
    ORDER BY tenant_id, customer_id
    ON CONFLICT (tenant_id, customer_id) DO UPDATE SET version = a.version
    RETURNING tenant_id, customer_id, start, causes, version, status, status_actor, status_reason, status_set_at,
              status_expires_at
"""

# Returns the new rows, each with its month's total before this batch. LATERAL looks up one key at a time: it uses the
# index whatever the planner's estimates are.
ADD_ENTRIES = """
    WITH added AS (
        INSERT INTO trust.ledger (tenant_id, customer_id, cause, source_id, points, month, monthly_cap,
                                  payment_id, event_id, occurred_at, actor, reason)
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::smallint[], $6::date[],
                             $7::smallint[], $8::text[], $9::text[], $10::timestamptz[], $11::text[], $12::text[])
        ON CONFLICT (tenant_id, cause, source_id) DO NOTHING
        RETURNING tenant_id, customer_id, cause, source_id, month
    )
    SELECT added.*, m.points, m.cap
    FROM added LEFT JOIN LATERAL (
        SELECT points, cap FROM trust.months AS m
        WHERE m.tenant_id = added.tenant_id AND m.customer_id = added.customer_id AND m.month = added.month LIMIT 1
    ) AS m ON true
"""

# The accounts exist, since they are locked: ON CONFLICT updates them without ever scanning the table.
WRITE_BACK = """
    WITH accounts AS (
        INSERT INTO trust.accounts AS a (tenant_id, customer_id, start, total, score, causes, version, status,
                                         status_actor, status_reason, status_set_at, status_expires_at)
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::smallint[], $4::integer[], $5::smallint[], $6::jsonb[],
                             $7::bigint[], $8::text[], $9::text[], $10::text[], $11::timestamptz[], $12::timestamptz[])
        ON CONFLICT (tenant_id, customer_id) DO UPDATE
        SET total = EXCLUDED.total, score = EXCLUDED.score, causes = EXCLUDED.causes, version = EXCLUDED.version,
            status = EXCLUDED.status, status_actor = EXCLUDED.status_actor, status_reason = EXCLUDED.status_reason,
            status_set_at = EXCLUDED.status_set_at, status_expires_at = EXCLUDED.status_expires_at, updated_at = now()
    ), months AS (
        INSERT INTO trust.months (tenant_id, customer_id, month, points, cap)
        SELECT * FROM unnest($13::uuid[], $14::text[], $15::date[], $16::integer[], $17::smallint[])
        ON CONFLICT (tenant_id, customer_id, month) DO UPDATE SET points = EXCLUDED.points, cap = EXCLUDED.cap
    )
    INSERT INTO trust.outbox (message_id, type, body) SELECT * FROM unnest($18::uuid[], $19::text[], $20::bytea[])
"""

EntryKey = tuple[UUID, str, str, str]
Accounts = dict[CustomerKey, TrustAccount]


async def write_postings(connection: Connection, postings: Sequence[Posting]) -> list[PostingResult]:
    """Write all postings in the caller's transaction.

    A repeated posting changes nothing. A posting whose customer is still unknown waits for its payment.
    """
    attributed = await attribute(connection, postings)
    known = [posting for each in attributed for posting in each]
    if not known:
        return [PostingResult() for _ in attributed]
    accounts = await _lock_accounts(connection, known)
    added = await _add_entries(connection, known, accounts)
    results = [_apply(each, accounts, added) for each in attributed]
    await _write_back(connection, accounts, [message for each in results for message in each.announced])
    return results


async def _lock_accounts(connection: Connection, postings: Sequence[Posting]) -> Accounts:
    starts = {posting.customer_key: posting.start for posting in postings}
    starts |= {(each.tenant_id, each.moved_from): each.start for each in postings if each.moved_from}
    rows = await connection.fetch(
        LOCK_ACCOUNTS, [tenant for tenant, _ in starts], [customer for _, customer in starts], list(starts.values())
    )
    accounts = {}
    for tenant_id, customer_id, start, causes, version, status, actor, reason, set_at, expires_at in rows:
        change = None if set_at is None else StatusChange(TrustStatus(status), actor, reason, set_at, expires_at)
        accounts[tenant_id, customer_id] = TrustAccount(start, causes, version, change)
    return accounts


async def _add_entries(connection: Connection, postings: Sequence[Posting], accounts: Accounts) -> set[EntryKey]:
    """Return the entries that were new. Set their months' totals before this batch in `accounts`."""
    proposed = [
        (
            *posting.customer_key,
            entry.cause.value,
            entry.source_id,
            entry.points,
            entry.month,
            entry.monthly_cap,
            posting.payment_id,
            posting.event_id,
            posting.occurred_at,
            posting.actor,
            posting.reason,
        )
        for posting in postings
        if posting.moved_from is None
        for entry in posting.entries
    ]
    if not proposed:
        return set()
    added = set()
    for row in await connection.fetch(ADD_ENTRIES, *zip(*proposed, strict=True)):
        tenant_id, customer_id, cause, source_id, month, month_points, month_cap = row
        added.add((tenant_id, customer_id, cause, source_id))
        if month_points is not None:
            accounts[tenant_id, customer_id].months[month] = MonthlyTotal(month_points, month_cap)
    return added


def _apply(postings: Sequence[Posting], accounts: Accounts, added: set[EntryKey]) -> PostingResult:
    """Apply the new entries and the status changes to `accounts`."""
    announced, customers = [], set()

    def enter(posting: Posting, entry: LedgerEntry, cause: str) -> None:
        account = accounts[posting.customer_key]
        before = account.score
        if account.post(entry):
            announced.append(announce(posting, account, cause, score_before=before))
            customers.add(posting.customer_key)

    for posting in postings:
        for entry in posting.entries:
            key = (*posting.customer_key, entry.cause.value, entry.source_id)
            if posting.moved_from is not None:
                enter(replace(posting, customer_id=posting.moved_from), replace(entry, points=-entry.points), MOVED)
            elif key in added:
                # Removed: the same entry in a later posting of this batch is a repeat.
                added.remove(key)
            else:
                continue
            enter(posting, entry, entry.cause.value)
        account = accounts[posting.customer_key]
        changed = None
        if posting.status_change is not None and account.set_status(posting.status_change):
            changed = STATUS_SET
        elif posting.expiry is not None and account.expire_status(posting.expiry):
            changed = STATUS_EXPIRED
        if changed is not None:
            announced.append(announce(posting, account, changed, score_before=account.score))
            customers.add(posting.customer_key)
    return PostingResult(frozenset(customers), tuple(announced))


async def _write_back(connection: Connection, accounts: Accounts, announced: Sequence[Outgoing]) -> None:
    months = [
        (*key, month, total.points, total.cap)
        for key, account in accounts.items()
        for month, total in account.months.items()
    ]
    if announced or months:
        await connection.execute(
            WRITE_BACK,
            *_columns((_account_row(key, account) for key, account in accounts.items()), count=12),
            *_columns(months, count=5),
            *outbox_columns(announced),
        )


def _account_row(key: CustomerKey, account: TrustAccount) -> tuple[object, ...]:
    change = account.status_change
    status = (change.actor, change.reason, change.set_at, change.expires_at) if change else (None,) * 4
    sums = (account.start, account.total, account.score, account.causes)
    return (*key, *sums, account.version, account.status.value, *status)


def _columns(rows: Iterable[tuple[object, ...]], *, count: int) -> list[tuple[object, ...]]:
    """Turn rows into columns for `unnest`: `count` of them, even if there are no rows."""
    return list(zip(*rows, strict=True)) or [()] * count
