"""Lists: the identifiers by which a payment can be on one, and which of its entries decides."""

from collections.abc import Collection
from typing import NamedTuple

from orylo_common.control.lists.values import ALLOW, BLOCK, EntryType, bin_prefixes
from orylo_common.messages import Card, Decision, PaymentFact, TrustStatus

DECISIONS = {BLOCK: Decision.BLOCK, ALLOW: Decision.ALLOW}
STATUS_DECISIONS = {TrustStatus.BLOCKED: Decision.BLOCK, TrustStatus.ALLOWLISTED: Decision.ALLOW}
# The others name a group of buyers.
PERSONAL = frozenset({EntryType.CUSTOMER, EntryType.EMAIL, EntryType.DOCUMENT, EntryType.CARD, EntryType.DEVICE})

NO_CARD = Card()


class ListHit(NamedTuple):
    """An entry in effect that applies to a payment.

    `length` is that of the network's prefix, or of the value: the longer a network or a BIN, the fewer buyers it names.
    """

    list: str
    type: EntryType
    length: int


class Override(NamedTuple):
    """A decision in place of the risk's. `source` names the kind of entry that made it, never its value."""

    decision: Decision
    source: str


def identifiers_of(payment: PaymentFact) -> list[tuple[EntryType, str]]:
    """Return the values by which a payment can be on a list, except its address."""
    card, flags = payment.card or NO_CARD, payment.customer_flags
    named: tuple[tuple[EntryType, str | None], ...] = (
        (EntryType.CUSTOMER, payment.customer_id),
        (EntryType.EMAIL, payment.match_keys.email),
        (EntryType.EMAIL_DOMAIN, flags.email_domain_hash),
        (EntryType.DOCUMENT, payment.document_hash),
        (EntryType.DEVICE, payment.tracking.fbp),
        (EntryType.CARD, card.fingerprint),
        (EntryType.CARD_COUNTRY, card.country and card.country.upper()),
    )
    bins = bin_prefixes(card.bin) if card.bin else ()
    return [*((kind, value) for kind, value in named if value), *((EntryType.BIN, prefix) for prefix in bins)]


def override_of(hits: Collection[ListHit], status: TrustStatus) -> Override | None:
    """Return the decision of the block and the allow list and of the customer's own status, if there is one.

    An entry that names the buyer counts before one that names a group. Among networks, and among BINs, only the longest
    counts. Then a block counts before an allowance.
    """
    if not hits and status not in STATUS_DECISIONS:
        return None
    candidates = [(True, STATUS_DECISIONS[status], status.value)] if status in STATUS_DECISIONS else []
    deciding = [hit for hit in hits if hit.list in DECISIONS]
    longest = {kind: max(hit.length for hit in deciding if hit.type is kind) for kind in {hit.type for hit in deciding}}
    candidates += [
        (hit.type in PERSONAL, DECISIONS[hit.list], f"{hit.list}_list.{hit.type}")
        for hit in deciding
        if hit.length == longest[hit.type]
    ]
    if not candidates:
        return None
    _, decision, source = min(candidates, key=lambda each: (not each[0], each[1] is not Decision.BLOCK, each[2]))
    return Override(decision, source)
