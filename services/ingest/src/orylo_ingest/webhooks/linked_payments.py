"""Find the payment of an event that knows it by one of two ids. No I/O."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from orylo_ingest.gateways.port import PaymentLink
from orylo_ingest.webhooks.pairs import Pair, nearest


@dataclass(slots=True)
class LinkedPayment:
    """A payment that is known by the id of its charge, of its invoice, or by both. `ids.name` is its payment id."""

    tenant_id: UUID
    match_key: str | None
    ids: Pair
    attempts: list[Pair] = field(default_factory=list)

    def attempt(self, link: PaymentLink) -> tuple[str | None, bool]:
        """Return the name under which the link's declined attempt is reported, and whether that has to be stored."""
        charge, invoice, times = link.charge_attempt, link.invoice_attempt, link.charged_at[-1:]
        if charge is None and invoice is None:
            return None, False
        known = next((pair for pair in self.attempts if pair.is_named(charge, invoice)), None)
        attempt = known or nearest(self.attempts, charge, invoice, times)
        if attempt is None:
            attempt = Pair(charge or invoice or "", None, None, [])
            self.attempts.append(attempt)
        return attempt.name, attempt.add(charge, invoice, times)


class LinkedPayments:
    """The payments that a batch of links may be about, by each of their ids and by match key."""

    def __init__(self, payments: Iterable[LinkedPayment]) -> None:
        self._by_id: dict[tuple[UUID, str | None], LinkedPayment] = {}
        self._alike: dict[tuple[UUID, str | None], list[LinkedPayment]] = {}
        for payment in payments:
            self._add(payment)

    def resolve(self, tenant_id: UUID, link: PaymentLink) -> tuple[LinkedPayment | None, bool]:
        """Return the link's payment, and whether it is new or has changed. None if no other event knows it yet."""
        payment = self._named(tenant_id, link) or self._nearest(tenant_id, link)
        if payment is None:
            if not may_be_linked(link):
                return None, False
            payment = LinkedPayment(tenant_id, link.match_key, Pair(_own_id(link), None, None, []))
            self._alike.setdefault((tenant_id, link.match_key), []).append(payment)
        # An id that another payment has already was reported before the two were known to be one.
        charge, invoice = (
            given if (tenant_id, given) not in self._by_id else None for given in (link.charge_id, link.invoice_id)
        )
        changed = payment.ids.add(charge, invoice, link.charged_at)
        self._add_ids(payment)
        return payment, changed

    def _named(self, tenant_id: UUID, link: PaymentLink) -> LinkedPayment | None:
        return self._by_id.get((tenant_id, link.charge_id)) or self._by_id.get((tenant_id, link.invoice_id))

    def _nearest(self, tenant_id: UUID, link: PaymentLink) -> LinkedPayment | None:
        alike = self._alike.get((tenant_id, link.match_key), []) if link.match_key else []
        found = nearest([each.ids for each in alike], link.charge_id, link.invoice_id, link.charged_at)
        return next((payment for payment in alike if payment.ids is found), None)

    def _add(self, payment: LinkedPayment) -> None:
        self._alike.setdefault((payment.tenant_id, payment.match_key), []).append(payment)
        self._add_ids(payment)

    def _add_ids(self, payment: LinkedPayment) -> None:
        for known in (payment.ids.charge, payment.ids.invoice):
            if known:
                self._by_id[payment.tenant_id, known] = payment


def may_be_linked(link: PaymentLink) -> bool:
    """Return whether events may follow that know the payment, or the attempt, by its other id."""
    return any((link.invoice_id, link.match_key, link.charge_attempt, link.invoice_attempt))


def _own_id(link: PaymentLink) -> str:
    return link.charge_id or link.invoice_id or ""
