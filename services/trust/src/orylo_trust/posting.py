"""A posting: the changes that one message asks for in one customer's account."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from orylo_common.broker.ports import Outgoing
from orylo_common.control.sections.trust import TrustPolicy
from orylo_trust.domain.account import StatusChange
from orylo_trust.domain.ledger import EntryCause, LedgerEntry
from orylo_trust.domain.people import AliasKind, MergeDecision
from orylo_trust.domain.reversals import Reversal

DEFAULT_LIMITS = TrustPolicy()

CustomerKey = tuple[UUID, str]
PaymentKey = tuple[UUID, str]


@dataclass(frozen=True, slots=True)
class Link:
    """Customers that share an alias: a phone, a document or a payment."""

    alias_id: str
    kind: AliasKind
    customers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """Whether a paid payment is blocked, by the decision with this version. The highest version counts."""

    version: int
    in_effect: bool


@dataclass(frozen=True, slots=True)
class Posting:
    """The changes, and what their announcement has to carry.

    `customer_id` is the customer that the message names. Attribution replaces it with the payment's customer, and adds
    the entries that depend on earlier reports of the payment. If `moved_from` is set, the entries are in the ledger
    already and belonged to that customer until now.
    """

    tenant_id: UUID
    customer_id: str | None
    start: int
    message_id: UUID
    correlation_id: UUID
    occurred_at: datetime
    entries: tuple[LedgerEntry, ...] = ()
    payment_id: str = ""
    event_id: str | None = None
    status_change: StatusChange | None = None
    # When the status that expires was to end.
    expiry: datetime | None = None
    # The user who asked for the change, and why.
    actor: str | None = None
    reason: str | None = None
    traceparent: str | None = None
    moved_from: str | None = None
    reversal: Reversal | None = None
    block: Block | None = None
    links: tuple[Link, ...] = ()
    # The customer that a later event of the payment names.
    enriched_customer_id: str | None = None
    decision: MergeDecision | None = None
    # The tenant's limits of merging customers.
    limits: TrustPolicy = DEFAULT_LIMITS

    @property
    def customer_key(self) -> CustomerKey:
        """Raises `ValueError` for a posting without a customer, which cannot be written."""
        if self.customer_id is None:
            raise ValueError("the posting has no customer")
        return self.tenant_id, self.customer_id

    @property
    def payment_key(self) -> PaymentKey:
        return self.tenant_id, self.payment_id

    @property
    def is_payment(self) -> bool:
        return any(entry.cause is EntryCause.CLEAN_PAYMENT for entry in self.entries)

    @property
    def names_payer(self) -> bool:
        """Return whether this is a sale with its customer. The buyer of other sales may become known later."""
        return self.is_payment and self.customer_id is not None


@dataclass(frozen=True, slots=True)
class PostingResult:
    """The accounts that a posting changed, and the messages that announce the changes."""

    customers: frozenset[CustomerKey] = frozenset()
    announced: tuple[Outgoing, ...] = ()
