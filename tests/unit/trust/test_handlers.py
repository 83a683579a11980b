from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from orylo_common.broker.ports import Outgoing
from orylo_common.control.sections.trust import TrustPolicy
from orylo_common.messages import (
    CustomerStatusSet,
    PaymentCreated,
    PaymentFact,
    PaymentSucceeded,
    ProviderAction,
    ProviderActionChanged,
    ProviderActionStatus,
    TrustStatus,
)
from orylo_trust.domain.account import Standing
from orylo_trust.domain.ledger import EntryCause
from orylo_trust.handlers import excuse_refund, post_fact, set_status
from orylo_trust.posting import Posting, PostingResult
from tests.unit.trust.test_ledger import NOW, fact

POLICY = TrustPolicy(start=60, clean_payment=3)


class Plane:
    def settings(self, tenant_id: UUID, model: type[TrustPolicy], /) -> TrustPolicy:
        return POLICY


class MemoryLedger:
    """A ledger in which every posting changes its customer; also the bus and the cache that hear of it."""

    def __init__(self) -> None:
        self.postings: list[Posting] = []
        self.offered: list[Outgoing] = []
        self.forgotten: list[str] = []
        self.repeat = False

    async def add(self, posting: Posting) -> PostingResult:
        self.postings.append(posting)
        if self.repeat:
            return PostingResult()
        return PostingResult(
            frozenset({posting.customer_key}), (Outgoing(posting.message_id, "trust.updated.v1", b""),)
        )

    def offer(self, messages: Sequence[Outgoing]) -> None:
        self.offered += messages

    def forget(self, tenant_id: UUID, customer_id: str) -> None:
        self.forgotten.append(customer_id)

    async def get(self, tenant_id: UUID, customer_id: str) -> Standing | None:
        raise NotImplementedError

    async def put(self, tenant_id: UUID, customer_id: str, standing: Standing) -> None:
        raise NotImplementedError


async def post(ledger: MemoryLedger, paid: PaymentFact) -> None:
    await post_fact(paid, plane=Plane(), ledger=ledger, offer=ledger.offer, cache=ledger)


async def test_a_fact_is_posted_with_the_points_of_the_tenants_policy() -> None:
    ledger, paid = MemoryLedger(), fact(PaymentSucceeded)
    await post(ledger, paid)

    [posting] = ledger.postings
    assert (posting.tenant_id, posting.customer_id, posting.start) == (paid.tenant_id, "cus_1", 60)
    assert [(entry.cause, entry.source_id, entry.points) for entry in posting.entries] == [
        (EntryCause.CLEAN_PAYMENT, "stripe:pi_1", 3)
    ]


async def test_a_committed_change_is_offered_to_the_bus_and_dropped_from_the_cache() -> None:
    ledger = MemoryLedger()
    await post(ledger, fact(PaymentSucceeded))
    assert [message.message_id for message in ledger.offered] == [ledger.postings[0].message_id]
    assert ledger.forgotten == ["cus_1"]

    ledger.repeat = True
    await post(ledger, fact(PaymentSucceeded))
    assert len(ledger.offered) == len(ledger.forgotten) == 1


async def test_a_sale_without_a_customer_is_posted_and_names_no_payer() -> None:
    ledger = MemoryLedger()
    ledger.repeat = True
    await post(ledger, fact(PaymentSucceeded, customer_id=None))

    [posting] = ledger.postings
    assert (posting.customer_id, posting.is_payment, posting.names_payer) == (None, True, False)


async def test_a_fact_without_entries_is_not_posted() -> None:
    ledger = MemoryLedger()
    await post(ledger, fact(PaymentCreated))
    await post(ledger, fact(PaymentSucceeded, customer_id=None, amount_minor=0))
    await post(ledger, fact(PaymentSucceeded, customer_id=None, test=True))

    assert ledger.postings == []


async def test_a_status_is_posted_with_its_actor_reason_and_time() -> None:
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
    await set_status(change, plane=Plane(), ledger=ledger, offer=ledger.offer, cache=ledger)

    [posting] = ledger.postings
    assert posting.status_change is not None
    assert (posting.status_change.status, posting.status_change.actor, posting.status_change.set_at) == (
        "blocked",
        "ana",
        now,
    )


@pytest.mark.parametrize(
    ("action", "status", "posts"),
    [
        (ProviderAction.REFUND, ProviderActionStatus.DONE, True),
        (ProviderAction.REFUND, ProviderActionStatus.PENDING, False),
        (ProviderAction.REFUND, ProviderActionStatus.FAILED, False),
        (ProviderAction.CANCEL, ProviderActionStatus.DONE, False),
    ],
)
async def test_only_a_refund_that_the_platform_made_is_excused(
    action: ProviderAction, status: ProviderActionStatus, posts: bool
) -> None:
    ledger = MemoryLedger()
    ledger.repeat = True
    changed = ProviderActionChanged(
        message_id=uuid4(),
        tenant_id=uuid4(),
        correlation_id=uuid4(),
        occurred_at=NOW,
        action_id=uuid4(),
        revision=1,
        payment_id="stripe:pi_1",
        gateway="stripe",
        action=action,
        status=status,
        detection_id=uuid4(),
        decision_version=1,
        decided_by="risk",
        amount_minor=1000,
        currency="BRL",
        attempts=1,
    )
    await excuse_refund(changed, plane=Plane(), ledger=ledger, offer=ledger.offer, cache=ledger)
    assert bool(ledger.postings) is posts
