from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orylo_common.control.sections.detection import CardTestingLimit, DetectionPolicy, Entity
from orylo_common.messages import Decision, PaymentFact, PaymentFailed
from orylo_detector.detectors import card_testing
from orylo_detector.domain.features import FeatureMissing, Features
from orylo_detector.domain.finding import Finding
from orylo_detector.domain.velocity import UNKNOWN_CARD, PaymentAttempt, card_identity, entities_of, microseconds
from orylo_detector.engine import Engine
from tests.unit.detector.cases import NOW, features, payment

POLICY = DetectionPolicy()
MINUTE = timedelta(minutes=1)


def log(
    count: int,
    *,
    declined: bool = False,
    cards: int = 0,
    amount_minor: int = 10_000,
    currency: str = "BRL",
    every: timedelta = MINUTE,
) -> list[PaymentAttempt]:
    """Build attempts with `cards` different cards in turn, the last one at `NOW`."""
    return [
        PaymentAttempt(
            microseconds(NOW - number * every),
            amount_minor,
            currency.encode(),
            declined,
            f"{declined}{number}".encode(),
            f"card{number % cards:04d}".encode() if cards else UNKNOWN_CARD,
        )
        for number in range(count)
    ]


def assess(entity: Entity, attempts: list[PaymentAttempt], fact: PaymentFact | None = None) -> Finding:
    return card_testing.assess(fact or payment(), features({entity: attempts}), POLICY)


@pytest.mark.parametrize("entity", ["customer", "device"])
def test_a_buyer_who_tries_some_cards_scores_nothing(entity: Entity) -> None:
    assert assess(entity, log(4, declined=True, cards=3) + log(1)) == Finding()


@pytest.mark.parametrize("entity", ["customer", "device"])
def test_many_declines_of_one_buyer_score_whether_or_not_the_gateway_identifies_the_card(entity: Entity) -> None:
    for cards in (0, 1):
        finding = assess(entity, log(5, declined=True, cards=cards))
        assert finding == Finding({f"card_testing.{entity}.1h.declines": 62})


def test_many_cards_of_one_buyer_score_even_if_all_are_accepted() -> None:
    assert assess("customer", log(6, cards=4)) == Finding({"card_testing.customer.1h.cards": 66})


def test_many_small_amounts_score_and_only_count_against_a_small_payment() -> None:
    small = log(8, amount_minor=500)

    assert assess("customer", small, payment(amount_minor=500)).codes == ("card_testing.customer.1h.small",)
    assert assess("customer", small, payment(amount_minor=10_000)) == Finding()
    assert assess("customer", small, payment(amount_minor=500, currency="JPY")) == Finding()


def test_a_try_that_is_reported_when_it_starts_and_when_it_is_declined_counts_once() -> None:
    both = log(5, amount_minor=500) + log(4, amount_minor=500, declined=True)

    assert assess("customer", both, payment(amount_minor=500)) == Finding()


def test_buyers_who_share_an_address_score_nothing() -> None:
    assert assess("ip", log(9, declined=True, cards=9) + log(12, cards=12)) == Finding()


def test_many_declines_from_one_address_score() -> None:
    assert assess("ip", log(25, declined=True, cards=25)).codes == (
        "card_testing.ip.1h.declines",
        "card_testing.ip.1h.cards",
    )


def test_a_slow_tester_exceeds_the_limit_of_a_day() -> None:
    slow = log(10, declined=True, cards=10, every=timedelta(hours=2))

    assert assess("customer", slow).codes == ("card_testing.customer.24h.cards", "card_testing.customer.24h.declines")


def test_one_card_that_is_tried_often_is_left_to_velocity() -> None:
    assert assess("card", log(50, declined=True, cards=1)) == Finding()


@pytest.mark.parametrize("method", ["pix", "boleto", "paypal"])
def test_a_payment_by_another_method_tests_no_card(method: str) -> None:
    assert assess("customer", log(50, declined=True), payment(payment_method=method)) == Finding()


def test_a_declined_renewal_tests_no_card() -> None:
    renewal = payment(PaymentFailed, subscription={"renewal": True})

    assert assess("customer", log(50, declined=True), renewal) == Finding()


def test_attempts_after_the_payment_do_not_count() -> None:
    late = payment(occurred_at=NOW - timedelta(hours=1))

    assert assess("customer", log(20, declined=True), late) == Finding()


def test_without_attempts_the_detector_reports_a_missing_feature() -> None:
    with pytest.raises(FeatureMissing):
        card_testing.assess(payment(), Features(None, None, {}), POLICY)


def test_the_limits_are_the_tenants() -> None:
    strict = DetectionPolicy(card_testing={"ip": {"24h": CardTestingLimit(declines=1)}})
    known = features({"ip": log(2, declined=True, cards=2), "customer": log(50, declined=True)})

    assert card_testing.assess(payment(), known, strict) == Finding({"card_testing.ip.24h.declines": 100})


async def test_a_tester_is_blocked_even_if_velocity_has_no_limits() -> None:
    engine = Engine(time_limit=timedelta(minutes=1))
    known = features({"customer": log(9, declined=True)})
    fact = payment(PaymentFailed, gateway="hotmart", card=None, ip=None)

    assert (await engine.decide(fact, known, DetectionPolicy(velocity={}))).decision is Decision.BLOCK


def test_cards_are_distinguished_by_fingerprint_or_by_brand_and_last_digits() -> None:
    assert card_identity(payment(card={"fingerprint": "fp_1", "brand": "visa", "last4": "4242"})) == "fp_1"
    assert card_identity(payment(card={"brand": "visa", "last4": "4242"})) == "visa 4242"
    # PerfectPay names the brand only.
    assert card_identity(payment(card={"brand": "visa"})) is None
    assert card_identity(payment(card=None)) is None


def test_last_digits_are_no_entity_because_many_cards_share_them() -> None:
    assert "card" not in dict(entities_of(payment(card={"brand": "visa", "last4": "4242"})))


def test_a_panels_test_event_is_no_attempt() -> None:
    assert entities_of(payment(test=True)) == []


ATTEMPT = st.builds(
    PaymentAttempt,
    st.integers(0, 100_000).map(lambda age_s: microseconds(NOW - timedelta(seconds=age_s))),
    st.sampled_from([100, 50_000]),
    st.sampled_from([b"BRL", b"USD"]),
    st.booleans(),
    st.binary(min_size=8, max_size=8),
    st.sampled_from([UNKNOWN_CARD, *(f"card{number:04d}".encode() for number in range(20))]),
)


@given(st.lists(ATTEMPT, max_size=40), ATTEMPT, st.sampled_from(["customer", "ip", "device"]))
def test_another_attempt_never_lowers_the_score_and_the_order_does_not_count(
    attempts: list[PaymentAttempt], more: PaymentAttempt, entity: Entity
) -> None:
    small = payment(amount_minor=500)

    assert assess(entity, attempts, small).score <= assess(entity, [*attempts, more], small).score <= 100
    assert assess(entity, attempts[::-1], small) == assess(entity, attempts, small)
