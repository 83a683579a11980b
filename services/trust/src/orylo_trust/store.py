"""Writes postings to the ledger in PostgreSQL: many of them in one transaction of a few statements."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from orylo_common.broker.ports import Outgoing
from orylo_common.postgres.pool import Connection
from orylo_trust.accounts import Accounts, load_months, lock_accounts, person_of, write_back
from orylo_trust.announcements import MOVED, STATUS_EXPIRED, STATUS_SET, announce
from orylo_trust.attribution import attribute
from orylo_trust.domain.ledger import LedgerEntry, MonthlyTotal
from orylo_trust.linking import Regrouping, regroup
from orylo_trust.merging import apply_regrouping
from orylo_trust.posting import CustomerKey, Posting, PostingResult

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

EntryKey = tuple[UUID, str, str, str]


async def write_postings(connection: Connection, postings: Sequence[Posting]) -> list[PostingResult]:
    """Write all postings in the caller's transaction.

    A repeated posting changes nothing. A posting whose customer is still unknown waits for its payment.
    """
    attributed = await attribute(connection, postings)
    known = [posting for each in attributed for posting in each]
    if not known:
        return [PostingResult() for _ in attributed]
    regrouping = await regroup(connection, known)
    accounts = await lock_accounts(connection, _starts(known, regrouping))
    if capped := _capped_together(known, regrouping, accounts):
        await load_months(connection, accounts, sorted(capped))
    merges = await apply_regrouping(connection, regrouping, accounts)
    added = await _add_entries(connection, known, accounts)
    results = [_apply(each, accounts, added) for each in attributed]
    if merges.announced:
        results[0] = PostingResult(results[0].customers | merges.customers, merges.announced + results[0].announced)
    announced = [message for each in results for message in each.announced]
    if announced or regrouping.new_links or any(account.changed_months for account in accounts.values()):
        await write_back(connection, accounts, announced)
    return results


def _starts(postings: Sequence[Posting], regrouping: Regrouping) -> dict[CustomerKey, int]:
    """Return every customer whose account may change, with the score that a new account begins with."""
    start_of = {posting.tenant_id: posting.start for posting in postings}
    starts = {key: start_of[key[0]] for key in (*regrouping.members, *regrouping.new_links)}
    starts |= {posting.customer_key: posting.start for posting in postings}
    return starts | {(each.tenant_id, each.moved_from): each.start for each in postings if each.moved_from}


def _capped_together(postings: Sequence[Posting], regrouping: Regrouping, accounts: Accounts) -> set[CustomerKey]:
    """Return the accounts whose months are needed: of people with several accounts, and where a sale moves."""
    merged = {key for key, account in accounts.items() if account.people} | regrouping.members
    for each in postings:
        if each.moved_from is not None and any(entry.month for entry in each.entries):
            merged |= {each.customer_key, (each.tenant_id, each.moved_from)}
    return merged


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


class _Changes:
    """The changes of accounts that one message causes, and their announcements."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self.announced: list[Outgoing] = []
        self.customers: set[CustomerKey] = set()

    def enter(self, posting: Posting, entry: LedgerEntry, cause: str) -> None:
        """Add an entry to the posting's account. It is announced if the person's sum changes."""
        person = person_of(self._accounts, posting.customer_key)
        before, points = person.score, sum(person.causes.values())
        if self._accounts[posting.customer_key].post(entry) and sum(person.causes.values()) != points:
            self._announce(posting, cause, before)

    def change_status(self, posting: Posting) -> None:
        """Set or end the status. It is announced unless another customer of the person has a newer one."""
        account, person = self._accounts[posting.customer_key], person_of(self._accounts, posting.customer_key)
        if posting.status_change is not None and account.set_status(posting.status_change):
            cause = STATUS_SET
        elif posting.expiry is not None and account.expire_status(posting.expiry):
            cause = STATUS_EXPIRED
        else:
            return
        if person.status_change is account.status_change:
            self._announce(posting, cause, person.score)

    def _announce(self, posting: Posting, cause: str, score_before: int) -> None:
        person = person_of(self._accounts, posting.customer_key)
        first = self._accounts[posting.tenant_id, person.customer_id]
        if first is not self._accounts[posting.customer_key]:
            first.version += 1
        self.announced.append(announce(posting, person, first.version, cause, score_before=score_before))
        self.customers.update((posting.tenant_id, each) for each in first.people or (person.customer_id,))


def _apply(postings: Sequence[Posting], accounts: Accounts, added: set[EntryKey]) -> PostingResult:
    """Apply the new entries and the status changes to `accounts`."""
    changes = _Changes(accounts)
    for posting in postings:
        for entry in posting.entries:
            key = (*posting.customer_key, entry.cause.value, entry.source_id)
            if posting.moved_from is not None:
                former = replace(posting, customer_id=posting.moved_from)
                changes.enter(former, replace(entry, points=-entry.points), MOVED)
            elif key in added:
                # Removed: the same entry in a later posting of this batch is a repeat.
                added.remove(key)
            else:
                continue
            changes.enter(posting, entry, entry.cause.value)
        changes.change_status(posting)
    return PostingResult(frozenset(changes.customers), tuple(changes.announced))
