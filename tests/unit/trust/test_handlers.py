from datetime import UTC, datetime
from uuid import UUID, uuid4

from orylo_common.control.sections.trust import TrustPolicy
from orylo_common.messages import CustomerStatusSet, PaymentCreated, PaymentSucceeded, TrustStatus
from orylo_trust.domain.ledger import Cause
from orylo_trust.handlers import post_fact, set_status
from orylo_trust.posting import Posting
from tests.unit.trust.test_ledger import fact

POINTS = TrustPolicy(start=60, clean_payment=3)


class Plane:
    def settings(self, tenant_id: UUID, model: type[TrustPolicy], /) -> TrustPolicy:
        return POINTS


class MemoryLedger:
    def __init__(self) -> None:
        self.postings: list[Posting] = []

    async def post(self, posting: Posting) -> None:
        self.postings.append(posting)


async def test_a_fact_is_posted_with_the_tenants_points() -> None:
    ledger, paid = MemoryLedger(), fact(PaymentSucceeded)
    await post_fact(paid, plane=Plane(), ledger=ledger)

    [posting] = ledger.postings
    assert (posting.tenant_id, posting.customer_id, posting.start) == (paid.tenant_id, "cus_1", 60)
    assert [(entry.cause, entry.source_id, entry.points) for entry in posting.entries] == [
        (Cause.CLEAN_PAYMENT, "stripe:pi_1", 3)
    ]


async def test_a_payment_of_nobody_and_a_fact_without_a_cause_are_done() -> None:
    ledger = MemoryLedger()
    await post_fact(fact(PaymentSucceeded, customer_id=None), plane=Plane(), ledger=ledger)
    await post_fact(fact(PaymentCreated), plane=Plane(), ledger=ledger)

    assert ledger.postings == []


async def test_a_status_is_posted_with_who_set_it_why_and_when() -> None:
    ledger, now = MemoryLedger(), datetime(2026, 5, 10, tzinfo=UTC)
    change = CustomerStatusSet(
        message_id=uuid4(),
        tenant_id=uuid4(),
        correlation_id=uuid4(),
        occurred_at=now,
        customer_id="cus_1",
        status=TrustStatus.BLOCKED,
        actor="ana",
        reason="chargebacks",
    )
    await set_status(change, plane=Plane(), ledger=ledger)

    [posting] = ledger.postings
    assert posting.status_change is not None
    assert (posting.status_change.status, posting.status_change.actor, posting.status_change.set_at) == (
        "blocked",
        "ana",
        now,
    )
