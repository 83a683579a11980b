"""The list entries that a tenant's rules add."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import chain

from orylo_common.control.lists.additions import Addition, add_entries
from orylo_common.control.lists.entries import NewEntry
from orylo_common.control.lists.values import EntryType
from orylo_common.ip_addresses import parse_address
from orylo_common.messages import PaymentFact
from orylo_common.postgres.pool import Connection
from orylo_detector.domain.countries import buyer_address
from orylo_rules import AddToList, Rule


def additions_of(payment: PaymentFact, rules: Iterable[Rule], at: datetime) -> list[Addition]:
    """Return the entries that rules with `AddToList` make of a payment at a time.

    A panel's test event is put on no list.
    """
    return [] if payment.test else list(chain.from_iterable(_additions(payment, rule, at) for rule in rules))


async def write_additions(connection: Connection, batch: Sequence[Sequence[Addition]]) -> list[None]:
    await add_entries(connection, list(chain.from_iterable(batch)))
    return [None] * len(batch)


def _additions(payment: PaymentFact, rule: Rule, at: datetime) -> Iterator[Addition]:
    if not isinstance(rule.action, AddToList):
        return
    expires_at = at + timedelta(days=rule.action.days)
    values = {
        EntryType.CUSTOMER: payment.customer_id,
        EntryType.CARD: payment.card and payment.card.fingerprint,
        EntryType.IP: parse_address(buyer_address(payment)),
        EntryType.DEVICE: payment.tracking.fbp,
    }
    for kind in map(EntryType, rule.action.types):
        if value := values[kind]:
            entry = NewEntry(rule.action.list, kind, value, f"rule: {rule.name}", expires_at)
            yield Addition(payment.tenant_id, entry, f"rule:{rule.name}")
