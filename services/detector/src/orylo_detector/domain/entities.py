"""The entities of a payment whose fraud rates are compared with the tenant's own, and their counts over time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from socket import AF_INET, AF_INET6, inet_ntop, inet_pton
from typing import NamedTuple, Protocol

from orylo_common.control.sections.detection import RiskEntity
from orylo_common.messages import PaymentFact
from orylo_detector.domain.countries import buyer_address

# Counts are kept by fortnight. An age is wrong by a week at most, which is little against a half-life of weeks.
FORTNIGHT = timedelta(days=14)
# Older payments say little of today's, and no dispute of theirs is likely.
REMEMBERED = 26
# A household or a small office has a network of this size, a provider's customers share larger ones.
PREFIXES = {4: 24, 6: 48}
# An IPv4 address in the form of an IPv6 address.
MAPPED = bytes(10) + b"\xff\xff"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)

# The number of a fortnight since 1970, and the payments and the frauds in it.
FortnightCounts = tuple[int, int, int]


class EntityRate(NamedTuple):
    """Payments and frauds as counted, and weighted by age."""

    payments: int = 0
    frauds: int = 0
    weighted_payments: float = 0.0
    weighted_frauds: float = 0.0

    def rate(self, _at: datetime, _half_life_days: int) -> "EntityRate":
        return self


NO_RATE = EntityRate()


class EntityHistory(Protocol):
    @property
    def frauds(self) -> int: ...

    def rate(self, at: datetime, half_life_days: int, /) -> EntityRate:
        """Weigh the counts by their age at a time."""


@dataclass(frozen=True, slots=True)
class EntityCounts:
    """An entity's payments and frauds by fortnight."""

    fortnights: tuple[FortnightCounts, ...] = ()
    frauds: int = 0

    @classmethod
    def of(cls, fortnights: Iterable[FortnightCounts]) -> "EntityCounts":
        known = tuple(fortnights)
        return cls(known, sum(frauds for _, _, frauds in known))

    def rate(self, at: datetime, half_life_days: int, /) -> EntityRate:
        return rate_of(self.fortnights, at, half_life_days)


def rate_of(
    fortnights: Iterable[FortnightCounts], at: datetime, half_life_days: int, start: EntityRate = NO_RATE
) -> EntityRate:
    """Halve the weight of payments for each half-life that has passed since the middle of their fortnight.

    `start` is the rate of other fortnights, which are added to.
    """
    weights = _weights((at - EPOCH).days, half_life_days)
    newest = (at - EPOCH) // FORTNIGHT
    payments, frauds, weighted_payments, weighted_frauds = start
    for number, paid, fraudulent in fortnights:
        age = newest - number
        weight = weights[age] if 0 <= age <= REMEMBERED else weights[0 if age < 0 else REMEMBERED]
        payments += paid
        weighted_payments += weight * paid
        if fraudulent:
            frauds += fraudulent
            weighted_frauds += weight * fraudulent
    return EntityRate(payments, frauds, weighted_payments, weighted_frauds)


NO_COUNTS = EntityCounts()


@lru_cache(1_000)
def _weights(day: int, half_life_days: int) -> list[float]:
    """Return the weights of the present fortnight and of those before it, on a day counted from 1970."""
    length = FORTNIGHT // DAY
    middle = day - day % length + length / 2
    return [min(1.0, 0.5 ** ((day - middle + ago * length) / half_life_days)) for ago in range(REMEMBERED + 1)]


def fortnight_of(moment: datetime) -> int:
    """Return the number of a moment's fortnight, counted from 1970."""
    return (moment - EPOCH) // FORTNIGHT


def entities_of(payment: PaymentFact) -> dict[RiskEntity, int]:
    """Return the key of each entity that a payment names, and the tenant's own."""
    keys: dict[RiskEntity, int] = {"tenant": entity_key("tenant", "all")}
    if payment.products and (product := payment.products[0].product_id):
        keys["product"] = entity_key("product", product)
    if affiliate := payment.affiliate_id:
        keys["affiliate"] = entity_key("affiliate", affiliate)
    if (address := buyer_address(payment)) and (network := network_of(address)):
        keys["network"] = entity_key("network", network)
    if domain := payment.customer_flags.email_domain_hash:
        keys["email_domain"] = entity_key("email_domain", domain)
    if card := payment.card:
        if country := card.country:
            keys["card_country"] = entity_key("card_country", country.upper())
        # The issuer: a BIN is one bank's kind of card.
        if bin_ := card.bin:
            keys["bin"] = entity_key("bin", bin_)
    return keys


@lru_cache(10_000)
def entity_key(entity: RiskEntity, value: str) -> int:
    """Return 64 bits in place of a value, which may be personal or long."""
    digest = blake2b(f"{entity}:{value}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)


@lru_cache(10_000)
def network_of(address: str) -> str | None:
    """Return the /24 or /48 of an address, or None for a text that is not an address."""
    # Several times as fast as `ipaddress`.
    try:
        packed = inet_pton(AF_INET6, address.partition("%")[0]) if ":" in address else inet_pton(AF_INET, address)
    except (OSError, ValueError):
        return None
    if packed.startswith(MAPPED):
        packed = packed.removeprefix(MAPPED)
    prefix, family = (PREFIXES[4], AF_INET) if len(packed) == 4 else (PREFIXES[6], AF_INET6)
    return f"{inet_ntop(family, packed[: prefix // 8].ljust(len(packed), bytes(1)))}/{prefix}"


def shrunk_rate(counts: EntityRate, base_rate: float, prior_payments: int) -> float:
    """Return the mean of a beta-binomial fraud rate, as if `prior_payments` at the base rate had been seen before."""
    return (counts.weighted_frauds + prior_payments * base_rate) / (counts.weighted_payments + prior_payments)


def weighed(
    histories: Mapping[RiskEntity, EntityHistory], at: datetime, half_life_days: int
) -> dict[RiskEntity, EntityRate]:
    """Return the rates of the entities with any fraud, as of a payment's time."""
    return {entity: known.rate(at, half_life_days) for entity, known in histories.items() if known.frauds}
