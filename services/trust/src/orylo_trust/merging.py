"""Merges and unmerges customers: sets the people of their accounts, records the change and announces it."""

from orylo_common.broker.ports import Outgoing
from orylo_common.postgres.pool import Connection
from orylo_trust.accounts import Accounts, json_text, person_of
from orylo_trust.announcements import MERGED, UNMERGED, announce, announce_limit, announce_people
from orylo_trust.linking import Regrouping
from orylo_trust.posting import CustomerKey, PostingResult

# Aliases kept with an account. A customer with more is not merged by them.
MAX_ALIASES = 50

ADD_MERGES = """
    INSERT INTO trust.merges (tenant_id, customer_id, version, people, actor, reason, occurred_at)
    SELECT tenant_id, customer_id, version, people::jsonb, actor, reason, occurred_at
    FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::timestamptz[])
        AS merge (tenant_id, customer_id, version, people, actor, reason, occurred_at)
"""


async def apply_regrouping(connection: Connection, regrouping: Regrouping, accounts: Accounts) -> PostingResult:
    """Apply the links and the new people to the locked accounts, and announce who is one person from now on."""
    for key, aliases in regrouping.new_links.items():
        account = accounts[key]
        account.aliases.update(sorted(aliases)[: max(0, MAX_ALIASES - len(account.aliases))])
    announced: list[Outgoing] = []
    rows = []
    for key, (people, posting) in sorted(regrouping.people.items()):
        account = accounts[key]
        account.people = people if len(people) > 1 else None
        account.merge_version += 1
        announced.append(announce_people(posting, key[1], account))
        caused = (posting.actor, posting.reason, posting.occurred_at)
        rows.append((*key, account.merge_version, json_text(account.people), *caused))
    for key, (people, posting) in sorted(regrouping.people.items()):
        if people[0] == key[1]:
            account = accounts[key]
            account.version += 1
            cause = UNMERGED if account.people is None else MERGED
            before = account.shown_score
            announced.append(announce(posting, person_of(accounts, key), account.version, cause, score_before=before))
    announced += [announce_limit(posting, excess) for excess, posting in regrouping.excesses]
    if rows:
        await connection.execute(ADD_MERGES, *zip(*rows, strict=True))
    customers: set[CustomerKey] = regrouping.members
    return PostingResult(frozenset(customers), tuple(announced))
