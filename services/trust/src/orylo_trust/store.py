"""The ledger in PostgreSQL: many messages' changes in one transaction of a few statements."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from orylo_common.broker.ports import Outgoing
from orylo_common.ids import uuid7
from orylo_common.messages import TrustStatus, TrustUpdated, encode
from orylo_common.postgres.pool import Connection
from orylo_trust.attribution import attribute
from orylo_trust.domain.account import Account, StatusChange
from orylo_trust.domain.ledger import Entry, Month
from orylo_trust.posting import Posting

# Locks each account until the end of the transaction, in one order for everyone, and reads what the last
# holder of the lock left. The update that changes nothing is what locks a row that was there.
LOCK_ACCOUNTS = """
    INSERT INTO trust.accounts AS a (tenant_id, customer_id, start, total, score)
    SELECT tenant_id, customer_id, start, start, start
    FROM unnest($1::uuid[], $2::text[], $3::smallint[]) AS seen (tenant_id, customer_id, start)
    ORDER BY tenant_id, customer_id
    ON CONFLICT (tenant_id, customer_id) DO UPDATE SET version = a.version
    RETURNING tenant_id, customer_id, start, total, version, status, status_actor, status_reason, status_set_at
"""

# The rows that are new, each with what its month had come to before this batch. LATERAL with one key at a
# time: by the index, whatever the planner believes of the table's size.
ADD_ENTRIES = """
    WITH added AS (
        INSERT INTO trust.ledger (tenant_id, customer_id, cause, source_id, points, month, monthly_cap,
                                  payment_id, event_id, occurred_at)
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::smallint[], $6::date[],
                             $7::smallint[], $8::text[], $9::text[], $10::timestamptz[])
        ON CONFLICT (tenant_id, cause, source_id) DO NOTHING
        RETURNING tenant_id, customer_id, cause, source_id, month
    )
    SELECT added.*, m.points, m.cap
    FROM added LEFT JOIN LATERAL (
        SELECT points, cap FROM trust.months AS m
        WHERE m.tenant_id = added.tenant_id AND m.customer_id = added.customer_id AND m.month = added.month LIMIT 1
    ) AS m ON true
"""

# The accounts are all there, since they are locked: ON CONFLICT is the update that cannot scan the table.
WRITE_BACK = """
    WITH accounts AS (
        INSERT INTO trust.accounts AS a (tenant_id, customer_id, start, total, score, version, status, status_actor,
                                         status_reason, status_set_at)
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::smallint[], $4::integer[], $5::smallint[], $6::bigint[],
                             $7::text[], $8::text[], $9::text[], $10::timestamptz[])
        ON CONFLICT (tenant_id, customer_id) DO UPDATE
        SET total = EXCLUDED.total, score = EXCLUDED.score, version = EXCLUDED.version, status = EXCLUDED.status,
            status_actor = EXCLUDED.status_actor, status_reason = EXCLUDED.status_reason,
            status_set_at = EXCLUDED.status_set_at, updated_at = now()
    ), months AS (
        INSERT INTO trust.months (tenant_id, customer_id, month, points, cap)
        SELECT * FROM unnest($11::uuid[], $12::text[], $13::date[], $14::integer[], $15::smallint[])
        ON CONFLICT (tenant_id, customer_id, month) DO UPDATE SET points = EXCLUDED.points, cap = EXCLUDED.cap
    )
    INSERT INTO trust.outbox (message_id, type, body) SELECT * FROM unnest($16::uuid[], $17::text[], $18::bytea[])
"""

# What is announced of a customer who turned out not to be the payer.
MOVED = "moved_to_payer"
# A person's word, which is announced with who they are and why.
STATUS_SET = "status_set"

Customer = tuple[UUID, str]
Row = tuple[UUID, str, str, str]


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of a posting: the accounts that changed and what is announced of them."""

    customers: frozenset[Customer] = frozenset()
    announced: tuple[Outgoing, ...] = ()


async def write_postings(connection: Connection, postings: Sequence[Posting]) -> list[Posted]:
    """Post all of them, in one transaction that the caller holds.

    A repeated posting changes nothing. One whose customer is not known yet waits for its payment.
    """
    attributed = await attribute(connection, postings)
    known = [posting for each in attributed for posting in each]
    if not known:
        return [Posted() for _ in attributed]
    accounts = await _lock_accounts(connection, known)
    added = await _add_entries(connection, known, accounts)
    posted = [_post(each, accounts, added) for each in attributed]
    await _write_back(connection, accounts, [message for each in posted for message in each.announced])
    return posted


async def _lock_accounts(connection: Connection, postings: Sequence[Posting]) -> dict[Customer, Account]:
    starts = {_customer(posting): posting.start for posting in postings}
    starts |= {(each.tenant_id, each.moved_from): each.start for each in postings if each.moved_from}
    rows = await connection.fetch(
        LOCK_ACCOUNTS, [tenant for tenant, _ in starts], [customer for _, customer in starts], list(starts.values())
    )
    accounts = {}
    for tenant_id, customer_id, start, total, version, status, actor, reason, set_at in rows:
        change = None if set_at is None else StatusChange(TrustStatus(status), actor, reason, set_at)
        accounts[tenant_id, customer_id] = Account(start, total, version, change)
    return accounts


async def _add_entries(
    connection: Connection, postings: Sequence[Posting], accounts: dict[Customer, Account]
) -> set[Row]:
    """The rows that were new; their months are put into the accounts as they were before."""
    proposed = [
        (
            *_customer(posting),
            entry.cause.value,
            entry.source_id,
            entry.points,
            entry.month,
            entry.monthly_cap,
            posting.payment_id,
            posting.event_id,
            posting.occurred_at,
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
            accounts[tenant_id, customer_id].months[month] = Month(month_points, month_cap)
    return added


def _post(postings: Sequence[Posting], accounts: dict[Customer, Account], added: set[Row]) -> Posted:
    announced, customers = [], set()

    def enter(posting: Posting, entry: Entry, cause: str) -> None:
        account = accounts[_customer(posting)]
        before = account.score
        if account.post(entry):
            announced.append(_announcement(posting, account, cause, before))
            customers.add(_customer(posting))

    for posting in postings:
        customer = _customer(posting)
        for entry in posting.entries:
            row = (*customer, entry.cause.value, entry.source_id)
            if posting.moved_from is not None:
                enter(replace(posting, customer_id=posting.moved_from), replace(entry, points=-entry.points), MOVED)
            elif row in added:
                # Taken, so that the same row asked for again by a later posting of this batch is a repeat.
                added.remove(row)
            else:
                continue
            enter(posting, entry, entry.cause.value)
        account = accounts[customer]
        if posting.status_change is not None and account.set_status(posting.status_change):
            announced.append(_announcement(posting, account, STATUS_SET, account.score))
            customers.add(customer)
    return Posted(frozenset(customers), tuple(announced))


def _announcement(posting: Posting, account: Account, cause: str, score_before: int) -> Outgoing:
    said = posting.status_change if cause == STATUS_SET else None
    message = TrustUpdated(
        message_id=uuid7(),
        tenant_id=posting.tenant_id,
        correlation_id=posting.correlation_id,
        causation_id=posting.message_id,
        occurred_at=posting.occurred_at,
        customer_id=_customer(posting)[1],
        version=account.version,
        score_before=score_before,
        score_after=account.score,
        status=account.status,
        cause=cause,
        source_event_id=posting.event_id,
        actor=said and said.actor,
        reason=said and said.reason,
    )
    return Outgoing(message.message_id, message.type, encode(message, traceparent=posting.traceparent))


async def _write_back(connection: Connection, accounts: dict[Customer, Account], announced: Sequence[Outgoing]) -> None:
    months = [(*key, month, sums) for key, account in accounts.items() for month, sums in account.months.items()]
    if not announced and not months:
        return
    changes = [account.status_change for account in accounts.values()]
    await connection.execute(
        WRITE_BACK,
        [tenant_id for tenant_id, _ in accounts],
        [customer_id for _, customer_id in accounts],
        [account.start for account in accounts.values()],
        [account.total for account in accounts.values()],
        [account.score for account in accounts.values()],
        [account.version for account in accounts.values()],
        [account.status.value for account in accounts.values()],
        [change and change.actor for change in changes],
        [change and change.reason for change in changes],
        [change and change.set_at for change in changes],
        [tenant_id for tenant_id, *_ in months],
        [customer_id for _, customer_id, *_ in months],
        [month for _, _, month, _ in months],
        [sums.points for *_, sums in months],
        [sums.cap for *_, sums in months],
        [message.message_id for message in announced],
        [message.type for message in announced],
        [message.body for message in announced],
    )


def _customer(posting: Posting) -> Customer:
    if posting.customer_id is None:
        raise ValueError("a posting without a customer cannot be written")
    return posting.tenant_id, posting.customer_id
