"""Records links between customers, and groups the linked ones into people."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from orylo_common.postgres.pool import Connection
from orylo_trust.domain.people import Alias, AliasKind, Excess, Links, MergeDecision, People, people_of
from orylo_trust.posting import CustomerKey, Link, Posting

# An alias of more customers is far above any limit, and no longer grows.
MAX_CUSTOMERS = 50
# Customers that one evaluation reads. Sets of customers are dissolved long before they are this large.
MAX_EXPLORED = 1_000

# The lock on an alias makes concurrent reports of it see each other: the later one returns the customers of both.
# A known link writes nothing and is not returned, and neither is one of an alias that no longer grows.
ADD_LINKS = f"""
    INSERT INTO trust.aliases AS a (tenant_id, alias_id, kind, customers)
    SELECT tenant_id, alias_id, min(kind), array_agg(DISTINCT customer_id)
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) AS given (tenant_id, alias_id, kind, customer_id)
    WHERE NOT EXISTS (
        SELECT FROM trust.aliases AS known
        WHERE known.tenant_id = given.tenant_id AND known.alias_id = given.alias_id
          AND (known.customers @> ARRAY[given.customer_id] OR cardinality(known.customers) > {MAX_CUSTOMERS})
    )
    GROUP BY tenant_id, alias_id ORDER BY tenant_id, alias_id
    ON CONFLICT (tenant_id, alias_id) DO UPDATE
    SET customers = ARRAY(SELECT unnest(a.customers) UNION SELECT unnest(EXCLUDED.customers) ORDER BY 1)
    WHERE cardinality(a.customers) <= {MAX_CUSTOMERS}
    RETURNING tenant_id, alias_id, kind, customers, cardinality(customers) > 1 OR EXISTS (
        SELECT FROM trust.accounts AS c
        WHERE c.tenant_id = a.tenant_id AND c.customer_id = ANY(a.customers) AND c.people IS NOT NULL
    ) AS connects
"""  # noqa: S608

# Until the end of the transaction, one transaction at a time evaluates a tenant's links. Each statement after it sees
# what the previous holder of the lock wrote.
LOCK_TENANTS = """
    SELECT pg_advisory_xact_lock(hashtext('trust.people'), hashtext(tenant_id::text))
    FROM (SELECT DISTINCT tenant_id FROM unnest($1::uuid[]) AS given (tenant_id) ORDER BY tenant_id) AS tenants
"""

# The newest decision of each kind about a customer stays.
ADD_DECISIONS = """
    INSERT INTO trust.merge_decisions AS d (tenant_id, customer_id, same_as, decided_at, actor, reason)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (tenant_id, customer_id, same_as) DO UPDATE
    SET decided_at = EXCLUDED.decided_at, actor = EXCLUDED.actor, reason = EXCLUDED.reason
    WHERE d.decided_at < EXCLUDED.decided_at
"""

EXPLORE = """
    SELECT asked.customer_id, a.people,
           ARRAY(SELECT ROW (d.customer_id, d.same_as, d.decided_at) FROM trust.merge_decisions AS d
                 WHERE d.tenant_id = $1 AND d.customer_id = asked.customer_id
                 UNION
                 SELECT ROW (d.customer_id, d.same_as, d.decided_at) FROM trust.merge_decisions AS d
                 WHERE d.tenant_id = $1 AND d.same_as = asked.customer_id AND d.same_as <> '') AS decisions,
           ARRAY(SELECT ROW (l.alias_id, l.kind, l.customers) FROM trust.aliases AS l
                 WHERE l.tenant_id = $1
                   AND l.alias_id IN (SELECT jsonb_array_elements_text(a.aliases))) AS links
    FROM unnest($2::text[]) AS asked (customer_id)
    LEFT JOIN trust.accounts AS a ON a.tenant_id = $1 AND a.customer_id = asked.customer_id
"""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Regrouping:
    """The changes of people that a batch causes: the people of each changed customer, and the posting that caused it.

    `members` are the customers of all people that change. `new_links` are customers with the aliases that they gained.
    """

    people: dict[CustomerKey, tuple[People, Posting]] = field(default_factory=dict)
    members: set[CustomerKey] = field(default_factory=set)
    new_links: dict[CustomerKey, set[str]] = field(default_factory=dict)
    excesses: list[tuple[Excess, Posting]] = field(default_factory=list)


async def regroup(connection: Connection, postings: Sequence[Posting]) -> Regrouping:
    """Record the links of the postings, and evaluate those that connect customers."""
    result = Regrouping()
    added = await _add_links(connection, [(each.tenant_id, link) for each in postings for link in each.links])
    aliases: defaultdict[UUID, dict[str, Alias]] = defaultdict(dict)
    seeds: defaultdict[UUID, set[str]] = defaultdict(set)
    for tenant_id, alias_id, kind, customers, connects in added:
        aliases[tenant_id][alias_id] = Alias(AliasKind(kind), frozenset(customers))
        for customer_id in customers:
            result.new_links.setdefault((tenant_id, customer_id), set()).add(alias_id)
        if connects:
            seeds[tenant_id].update(customers)
    decided = [each for each in postings if each.decision is not None]
    for posting in decided:
        if posting.decision is not None:
            named = (posting.decision.customer_id, posting.decision.same_as)
            seeds[posting.tenant_id].update(each for each in named if each is not None)
    if seeds:
        await connection.execute(LOCK_TENANTS, list(seeds))
    for posting in decided:
        await _add_decision(connection, posting)
    for tenant_id in sorted(seeds):
        causes = [each for each in postings if each.tenant_id == tenant_id and (each.links or each.decision)]
        # A user's decision is announced with its author.
        cause = max(causes, key=lambda posting: posting.decision is not None)
        await _evaluate(connection, tenant_id, seeds[tenant_id], Links(aliases[tenant_id]), cause, result)
    return result


async def _add_decision(connection: Connection, posting: Posting) -> None:
    if posting.decision is not None:
        decision = posting.decision
        values = (decision.customer_id, decision.same_as or "", decision.decided_at, posting.actor, posting.reason)
        await connection.execute(ADD_DECISIONS, posting.tenant_id, *values)


async def _add_links(
    connection: Connection, links: Iterable[tuple[UUID, Link]]
) -> Sequence[tuple[UUID, str, str, list[str], bool]]:
    rows = {
        (tenant_id, link.alias_id, link.kind.value, customer_id)
        for tenant_id, link in links
        for customer_id in link.customers
    }
    added = await connection.fetch(ADD_LINKS, *zip(*rows, strict=True)) if rows else []
    return [tuple(row) for row in added]


async def _evaluate(
    connection: Connection, tenant_id: UUID, seeds: set[str], links: Links, cause: Posting, result: Regrouping
) -> None:
    """Add to `result` what changes for the customers that are connected with `seeds`."""
    before = await _explore(connection, tenant_id, seeds, links, cause.limits.merge_customers_per_identifier)
    groups, excesses = people_of(before, links, cause.limits)
    result.excesses += [(each, cause) for each in excesses if each.customers & seeds]
    for people in groups:
        for customer_id in people:
            if before[customer_id] != people:
                result.people[tenant_id, customer_id] = people, cause
                result.members.update((tenant_id, each) for each in (*people, *before[customer_id]))


async def _explore(
    connection: Connection, tenant_id: UUID, seeds: set[str], links: Links, most_customers: int
) -> dict[str, People]:
    """Complete `links` for all customers connected with `seeds`. Return each with the people that it belongs to now."""
    before: dict[str, People] = {}
    frontier = set(seeds)
    while frontier:
        if len(before) + len(frontier) > MAX_EXPLORED:
            log.warning("people.too_many", tenant_id=str(tenant_id), customers=len(before) + len(frontier))
            break
        before |= {customer_id: (customer_id,) for customer_id in frontier}
        found: set[str] = set()
        for row in await connection.fetch(EXPLORE, tenant_id, list(frontier)):
            customer_id, people, decisions, shared = row
            if people is not None:
                before[customer_id] = tuple(people)
                found.update(people)
            for decided, same_as, decided_at in decisions:
                links.decisions.add(MergeDecision(decided, same_as or None, decided_at))
                found.update(each for each in (decided, same_as) if each)
            for alias_id, kind, customers in shared:
                links.aliases[alias_id] = Alias(AliasKind(kind), frozenset(customers))
        for alias in links.aliases.values():
            if len(alias.customers) <= most_customers:
                found |= alias.customers
        frontier = found - before.keys()
    return before
