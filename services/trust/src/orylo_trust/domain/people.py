"""Groups customers into people, by links and decisions. Their order does not matter."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from orylo_common.control.sections.trust import TrustPolicy

# The customers of one person. The first, the smallest id, represents the person.
People = tuple[str, ...]


class AliasKind(StrEnum):
    """A kind of link between customers, from the strongest sign that they are one person to the weakest."""

    DOCUMENT = "document"
    # A payment that its events report of two customers.
    PAYMENT = "payment"
    PHONE = "phone"


STRONGEST_FIRST = tuple(AliasKind)


class ExceededLimit(StrEnum):
    CUSTOMERS_PER_IDENTIFIER = "customers_per_identifier"
    IDENTIFIERS_PER_CUSTOMER = "identifiers_per_customer"
    CUSTOMERS = "customers"


@dataclass(frozen=True, slots=True)
class Alias:
    """Something that customers share: a phone, a document or a payment."""

    kind: AliasKind
    customers: frozenset[str]


@dataclass(frozen=True, slots=True)
class MergeDecision:
    """A user's decision about a customer: the same person as another customer, or separate from all others (None)."""

    customer_id: str
    same_as: str | None
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class Excess:
    """Customers that are not merged, because they exceed a limit. `subject` is what exceeds it."""

    limit: ExceededLimit
    subject: str
    customers: frozenset[str]


@dataclass(slots=True)
class Links:
    """The links and decisions of some customers: complete for each of these customers."""

    aliases: dict[str, Alias] = field(default_factory=dict)
    decisions: set[MergeDecision] = field(default_factory=set)


def people_of(customers: Collection[str], links: Links, policy: TrustPolicy) -> tuple[list[People], list[Excess]]:
    """Return the customers as people, some of them of one customer, and the limits that keep customers apart."""
    excesses = [
        Excess(ExceededLimit.CUSTOMERS_PER_IDENTIFIER, alias_id, alias.customers)
        for alias_id, alias in links.aliases.items()
        if len(alias.customers) > policy.merge_customers_per_identifier
    ]
    identifiers = Counter(
        customer
        for alias in links.aliases.values()
        if alias.kind is not AliasKind.PAYMENT
        for customer in alias.customers
    )
    crowded = {each for each, count in identifiers.items() if count > policy.merge_identifiers_per_customer}
    excesses += [
        Excess(ExceededLimit.IDENTIFIERS_PER_CUSTOMER, each, frozenset({each})) for each in crowded & set(customers)
    ]
    unlinked = crowded | {each.customer_id for each in links.decisions if each.same_as is None}
    shared = {
        kind: [
            alias.customers - unlinked
            for alias in links.aliases.values()
            if alias.kind is kind and len(alias.customers) <= policy.merge_customers_per_identifier
        ]
        for kind in STRONGEST_FIRST
    }
    decided = [frozenset(pair) for pair in _decided_pairs(links.decisions)]

    def split(members: Collection[str], kinds: tuple[AliasKind, ...]) -> Iterator[People]:
        edges = [*decided, *(edge for kind in kinds for edge in shared[kind])]
        for component in _components(members, edges):
            if len(component) <= policy.merge_customers or not kinds:
                yield component
                continue
            excesses.append(Excess(ExceededLimit.CUSTOMERS, component[0], frozenset(component)))
            yield from split(component, kinds[:-1])

    return list(split(customers, STRONGEST_FIRST)), excesses


def _decided_pairs(decisions: Collection[MergeDecision]) -> Iterator[tuple[str, str]]:
    """Yield the customers that are one person by decision, unless a later one separates one of them from all others."""
    alone: dict[str, datetime] = {}
    for each in decisions:
        if each.same_as is None:
            alone[each.customer_id] = max(alone.get(each.customer_id, each.decided_at), each.decided_at)
    for each in decisions:
        if each.same_as is not None and all(
            customer not in alone or alone[customer] < each.decided_at for customer in (each.customer_id, each.same_as)
        ):
            yield each.customer_id, each.same_as


def _components(customers: Collection[str], edges: Iterable[frozenset[str]]) -> list[People]:
    """Return the connected sets of the customers. Edges to other customers are left out."""
    parents = {customer: customer for customer in customers}

    def root_of(customer: str) -> str:
        while parents[customer] != customer:
            parents[customer] = customer = parents[parents[customer]]
        return customer

    for edge in edges:
        connected = [customer for customer in edge if customer in parents]
        for other in connected[1:]:
            parents[root_of(other)] = root_of(connected[0])
    members: defaultdict[str, list[str]] = defaultdict(list)
    for customer in sorted(parents):
        members[root_of(customer)].append(customer)
    return [tuple(each) for each in members.values()]
