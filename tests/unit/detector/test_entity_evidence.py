"""The counts of entities depend neither on the order of messages nor on repetitions."""

from collections import Counter
from datetime import timedelta
from functools import reduce
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from orylo_common.messages import (
    DisputeLost,
    DisputeOpened,
    DisputeWon,
    FraudWarningReceived,
    PaymentEnriched,
    PaymentFact,
    PaymentSucceeded,
    PaymentVerdict,
    VerdictGiven,
)
from orylo_detector.domain.entities import entities_of, fortnight_of
from orylo_detector.domain.entity_evidence import EntityEvidence, difference
from tests.unit.detector.cases import NOW, TENANT, payment

PAYMENT_ID = "stripe:pi_1"


def fact(kind: type[PaymentFact], minute: int, **changes: object) -> PaymentFact:
    about = {"payment_id": PAYMENT_ID, "occurred_at": NOW + timedelta(minutes=minute)}
    return payment(kind, **about, **changes)


def judged(verdict: PaymentVerdict, minute: int) -> VerdictGiven:
    return VerdictGiven(
        message_id=UUID(int=minute),
        tenant_id=TENANT,
        correlation_id=UUID(int=minute),
        occurred_at=NOW + timedelta(minutes=minute),
        verdict_id=UUID(int=minute),
        payment_id=PAYMENT_ID,
        verdict=verdict,
        actor="ana",
    )


MINUTES = st.integers(0, 3)
ADDRESSES = st.sampled_from([None, "203.0.113.7", "198.51.100.7"])
PAID = fact(PaymentSucceeded, 1, ip=None, event_id="evt_1")
MESSAGES = st.lists(
    st.one_of(
        st.just(PAID),
        st.builds(fact, st.just(PaymentEnriched), MINUTES, ip=ADDRESSES),
        st.builds(fact, st.sampled_from([DisputeOpened, DisputeWon, DisputeLost]), MINUTES, dispute_id=st.just("dp_1")),
        st.builds(fact, st.just(FraudWarningReceived), MINUTES, warning_id=st.just("issfr_1")),
        st.builds(judged, st.sampled_from(PaymentVerdict), MINUTES),
    ),
    max_size=7,
)


def counted(messages: list[PaymentFact | VerdictGiven]) -> dict[tuple[int, int], tuple[int, int]]:
    """Add up the differences that the store would write, one message at a time."""
    payments: Counter[tuple[int, int]] = Counter()
    frauds: Counter[tuple[int, int]] = Counter()
    known = EntityEvidence()
    for message in messages:
        after = known.merged(EntityEvidence.of(message))  # type: ignore[arg-type]
        for key, (paid, fraudulent) in difference(known.contribution(), after.contribution()).items():
            payments[key] += paid
            frauds[key] += fraudulent
        known = after
    return {key: (payments[key], frauds[key]) for key in payments if payments[key] or frauds[key]}


@given(MESSAGES.flatmap(lambda known: st.tuples(st.just(known), st.permutations(known + known[:3]))))
def test_any_order_and_repetition_gives_the_same_counts(
    case: tuple[list[PaymentFact | VerdictGiven], list[PaymentFact | VerdictGiven]],
) -> None:
    messages, shuffled = case
    assert counted(messages) == counted(shuffled)


@given(MESSAGES)
def test_what_is_stored_is_read_back(messages: list[PaymentFact | VerdictGiven]) -> None:
    known = reduce(EntityEvidence.merged, map(EntityEvidence.of, messages), EntityEvidence())  # type: ignore[arg-type]
    evidence = {name: list(report) for name, report in known.evidence.items()} or None
    assert EntityEvidence.unpacked(known.fortnight, known.packed_entities(), evidence) == known  # type: ignore[arg-type]


def test_feedback_before_the_payment_counts_once_it_is_paid() -> None:
    lost = fact(DisputeLost, 5, dispute_id="dp_1")
    assert counted([lost]) == {}
    assert set(counted([lost, PAID]).values()) == {(1, 1)}


def test_an_entity_that_a_later_event_names_is_counted_and_the_payments_own_stays() -> None:
    enriched = fact(PaymentEnriched, 0, ip="203.0.113.7", products=[{"product_id": "other"}])
    (fortnight,) = {fortnight_of(NOW)}

    found = counted([enriched, PAID])

    own, later = entities_of(PAID), entities_of(enriched)
    assert found == {(key, fortnight): (1, 0) for key in (*own.values(), later["network"])}
