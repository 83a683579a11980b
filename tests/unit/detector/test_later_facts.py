"""A payment is decided again when a later event brings facts that change its decision."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

from orylo_common.control.sections.detection import Entity
from orylo_common.messages import (
    Decision,
    PaymentBlocked,
    PaymentBlockLifted,
    PaymentCreated,
    PaymentEnriched,
    PaymentFact,
    PaymentFailed,
    PaymentSucceeded,
    TrustStatus,
    decode,
)
from orylo_detector.domain.features import CustomerHistory, Features
from orylo_detector.domain.known_payment import DecidablePayment
from orylo_detector.domain.velocity import PaymentAttempt
from orylo_detector.ports import Reading
from tests.unit.detector.cases import NOW, REGULAR, attempts, payment
from tests.unit.detector.test_handlers import MemoryPayments

ID = "stripe:pi_1"
BARE: dict[str, Any] = {"payment_id": ID, "customer_id": None, "ip": None, "card": None, "products": []}
FULL: dict[str, Any] = {"payment_id": ID, "occurred_at": NOW + timedelta(seconds=2)}

Event = DecidablePayment | PaymentEnriched


class Shop(MemoryPayments):
    """Knows customers by their ids, and an attack by its card."""

    def __init__(self, customers: dict[str, CustomerHistory]) -> None:
        super().__init__()
        self.customers = customers
        self.without_attempts = False

    async def read(self, payment: PaymentFact) -> Reading:
        _, known = await super().read(payment)
        card = payment.card.fingerprint if payment.card else None
        attempted: dict[Entity, list[PaymentAttempt]] = {}
        if card:
            attempted["card"] = attempts(20 if card == "fp_attack" else 1)
        customer = self.customers.get(payment.customer_id, CustomerHistory()) if payment.customer_id else None
        return Reading(Features(None if self.without_attempts else attempted, customer, {}, None, entities={}), known)


async def test_a_later_event_that_names_a_blocked_customer_replaces_the_decision() -> None:
    store = Shop({"cus_1": replace(REGULAR, status=TrustStatus.BLOCKED)})
    sale, later = payment(**BARE), payment(PaymentEnriched, **FULL)
    first, second = await store.decide(sale, later)

    assert (first.decision, first.replaces) == (Decision.ALLOW, None)
    assert (second.decision, second.override) == (Decision.BLOCK, "blocked")
    assert second.version > first.version
    assert second.replaces is not None
    assert (second.replaces.detection_id, second.replaces.decision) == (first.detection_id, Decision.ALLOW)
    # It is still the decision on the sale, at its time; the later event led to it.
    assert (second.event_id, second.payment_type, second.occurred_at) == (sale.event_id, sale.type, sale.occurred_at)
    assert (second.causation_id, second.customer_id) == (later.message_id, "cus_1")
    [block] = [
        each for each in map(decode, (message.body for message in store.announced)) if isinstance(each, PaymentBlocked)
    ]
    assert (block.customer_id, block.version) == ("cus_1", second.version)


async def test_a_block_is_lifted_once_the_buyer_is_known_to_be_trusted() -> None:
    store = Shop({"cus_1": replace(REGULAR, status=TrustStatus.ALLOWLISTED)})
    blocked = payment(**BARE | {"card": {"fingerprint": "fp_attack"}})
    first, second = await store.decide(blocked, payment(PaymentEnriched, **FULL))

    assert (first.decision, second.decision) == (Decision.BLOCK, Decision.ALLOW)
    block, lifted = [decode(each.body) for each in store.announced if "block" in each.type]
    assert isinstance(block, PaymentBlocked)
    assert isinstance(lifted, PaymentBlockLifted)
    assert lifted.version > block.version


async def test_an_event_that_adds_nothing_reads_no_features_of_the_payment_and_is_not_recorded() -> None:
    store = Shop({"cus_1": REGULAR})
    later = payment(PaymentEnriched, **FULL)
    decisions = await store.decide(payment(payment_id=ID), later, later)

    assert len(decisions) == len(store.recorded) == 1
    assert len(store.read_facts) == 3


async def test_facts_that_do_not_change_the_decision_are_remembered_without_a_decision() -> None:
    store = Shop({"cus_1": REGULAR})
    [only] = await store.decide(payment(payment_id=ID, products=[]), payment(PaymentEnriched, **FULL))

    assert only.version == 1
    assert [bool(each.messages) for each in store.recorded] == [True, False]
    merged = store.payments[ID].payment
    assert merged is not None
    assert [product.product_id for product in merged.products] == ["course"]


async def test_a_payment_is_decided_with_the_history_that_it_is_not_part_of_itself() -> None:
    store = Shop({"cus_1": CustomerHistory()})
    [first] = await store.decide(payment(payment_id=ID, products=[]))
    assert "trust_history.new_customer" in first.reasons

    # The customer has paid by now: this payment.
    store.customers["cus_1"] = CustomerHistory(payments=1, first_paid_at=NOW)
    assert await store.decide(payment(PaymentEnriched, **FULL)) == [first]


async def test_a_customer_who_was_blocked_meanwhile_is_blocked_when_the_payment_is_decided_again() -> None:
    store = Shop({"cus_1": REGULAR})
    await store.decide(payment(payment_id=ID, products=[]))
    store.customers["cus_1"] = replace(REGULAR, status=TrustStatus.BLOCKED)
    _, second = await store.decide(payment(PaymentEnriched, **FULL))

    assert (second.decision, second.override) == (Decision.BLOCK, "blocked")


async def test_a_decision_that_lacks_a_detector_replaces_another_only_if_it_is_more_severe() -> None:
    attacked = payment(**BARE | {"card": {"fingerprint": "fp_attack"}})
    for status, decisions in ((TrustStatus.NEUTRAL, 1), (TrustStatus.BLOCKED, 2)):
        store = Shop({"cus_1": replace(REGULAR, status=status)})
        [first] = await store.decide(attacked)
        assert first.decision is Decision.BLOCK
        store.without_attempts = True
        store.payments[ID] = replace(
            store.payments[ID],
            decided=replace(store.payments[ID].decided, decision=Decision.REVIEW),  # type: ignore[type-var]
        )
        assert len(await store.decide(payment(PaymentEnriched, **FULL))) == decisions


async def test_the_start_of_a_payment_that_is_reported_late_is_not_decided_on() -> None:
    store = Shop({"cus_1": REGULAR})
    early = payment(PaymentCreated, payment_id=ID, occurred_at=NOW - timedelta(minutes=1))
    decisions = await store.decide(payment(payment_id=ID), early)

    assert [each.payment_type for each in decisions] == ["payment.succeeded.v1"]
    # The attempt is counted all the same.
    assert early in store.read_facts


async def test_a_declined_attempt_that_is_reported_late_is_decided_on_once_and_replaces_nothing() -> None:
    store = Shop({"cus_1": REGULAR})
    early = payment(PaymentFailed, payment_id=ID, occurred_at=NOW - timedelta(minutes=1))
    sale = payment(payment_id=ID)
    current, late = await store.decide(sale, early, sale, early)

    assert (late.event_id, late.late, late.version, late.replaces) == (early.event_id, True, 0, None)
    assert (current.late, current.version) == (False, 1)
    decided = store.payments[ID].decided
    assert decided is not None
    assert decided.detection_id == current.detection_id


async def test_every_stage_and_every_declined_attempt_is_decided_on_and_replaces_the_one_before() -> None:
    store = Shop({"cus_1": REGULAR})
    decisions = await store.decide(
        payment(PaymentCreated, payment_id=ID),
        payment(PaymentFailed, payment_id=ID, occurred_at=NOW + timedelta(seconds=1)),
        payment(PaymentFailed, payment_id=ID, occurred_at=NOW + timedelta(seconds=2)),
        payment(PaymentSucceeded, payment_id=ID, occurred_at=NOW + timedelta(seconds=3)),
    )

    assert [each.version for each in decisions] == [1, 2, 3, 4]
    assert [each.replaces and each.replaces.detection_id for each in decisions] == [
        None,
        *(each.detection_id for each in decisions[:-1]),
    ]


async def test_any_order_and_duplication_of_a_payments_events_gives_the_same_payment_and_decision() -> None:
    events: list[Event] = [
        payment(PaymentCreated, **BARE | {"user_agent": "Firefox", "occurred_at": NOW - timedelta(seconds=9)}),
        payment(PaymentFailed, **BARE | {"card": {"fingerprint": "fp_declined"}, "occurred_at": NOW}),
        payment(**BARE | {"occurred_at": NOW + timedelta(seconds=1)}),
        payment(PaymentEnriched, **FULL | {"card": {"fingerprint": "fp_attack"}, "ip": None}),
        payment(PaymentEnriched, **FULL | {"customer_id": "cus_2", "occurred_at": NOW + timedelta(seconds=3)}),
    ]
    customers = {"cus_1": replace(REGULAR, disputes=1), "cus_2": replace(REGULAR, status=TrustStatus.BLOCKED)}
    outcomes = set()
    for order in permutations(events):
        store = Shop(customers)
        last = max(await store.decide(*order, *order), key=lambda each: each.version)
        known = store.payments[ID]
        assert known.decided is not None
        assert known.decided.detection_id == last.detection_id
        outcomes.add((known.payment, last.event_id, last.decision, last.risk_score, last.points, last.customer_id))

    [(merged, event_id, decision, *_)] = outcomes
    assert event_id == events[2].event_id
    assert decision is Decision.BLOCK
    assert merged is not None
    assert (merged.customer_id, merged.ip, merged.card and merged.card.fingerprint) == (
        "cus_1",
        "203.0.113.7",
        "fp_attack",
    )


async def test_a_payment_that_another_replica_changed_meanwhile_is_read_again() -> None:
    store = Shop({"cus_1": replace(REGULAR, status=TrustStatus.BLOCKED)})
    other = Shop({"cus_1": replace(REGULAR, status=TrustStatus.BLOCKED)})
    await other.decide(payment(PaymentEnriched, **FULL))
    read = store.read

    async def read_then_change(payment: PaymentFact) -> Reading:
        reading = await read(payment)
        store.payments.setdefault(ID, other.payments[ID])
        return reading

    store.read = read_then_change  # type: ignore[method-assign]
    [decision] = await store.decide(payment(**BARE))
    assert (decision.decision, decision.customer_id) == (Decision.BLOCK, "cus_1")
