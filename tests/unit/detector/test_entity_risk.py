"""Fraud rates of products, affiliates, networks, email domains and card countries."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orylo_common.control.sections.detection import DetectionPolicy, RiskEntity
from orylo_common.messages import PaymentSucceeded
from orylo_detector.detectors import entity_risk
from orylo_detector.domain.entities import (
    EPOCH,
    FORTNIGHT,
    EntityCounts,
    EntityHistory,
    EntityRate,
    entities_of,
    fortnight_of,
    network_of,
    shrunk_rate,
    weighed,
)
from orylo_detector.domain.features import FeatureMissing, Features
from orylo_detector.domain.finding import Finding
from tests.unit.detector.cases import NOW, payment

TODAY, POLICY = fortnight_of(NOW), DetectionPolicy()
# 1 % of the tenant's payments.
TENANT = EntityCounts.of([(TODAY, 10_000, 100)])


def counts(frauds: int, payments: int, ago: int = 0) -> EntityCounts:
    return EntityCounts.of([(TODAY - ago, payments, frauds)])


def assess(policy: DetectionPolicy = POLICY, **entities: EntityHistory) -> Finding:
    known: dict[RiskEntity, EntityHistory] = {"tenant": TENANT, **entities}  # type: ignore[dict-item]
    return entity_risk.assess(payment(), Features({}, None, {}, entities=known), policy)


def test_a_reason_states_how_many_payments_its_score_comes_from() -> None:
    found = assess(product=counts(3, 41))

    # (3 + 20 * 1 %) / (41 + 20), of 30 %.
    assert found.reasons == {"entity_risk.product": 17}
    assert found.figures == {"entity_risk.product": {"frauds": 3, "payments": 41}}


@pytest.mark.parametrize(
    ("frauds", "payments", "score"),
    [
        (0, 3, None),
        # One fraud can happen to any product.
        (1, 1, None),
        # 2 of 2 is far from certain.
        (2, 2, 33),
        (2, 300, None),
        (10, 1000, None),
        (30, 100, 84),
        (100, 200, 100),
    ],
)
def test_few_payments_prove_little_and_an_ordinary_rate_nothing(frauds: int, payments: int, score: int | None) -> None:
    expected = {} if score is None else {"entity_risk.network": score}
    assert assess(network=counts(frauds, payments)).reasons == expected


def test_old_frauds_weigh_less_than_recent_ones() -> None:
    recent, old = (
        assess(affiliate=EntityCounts.of([(TODAY, 100, 0 if ago else 20), (TODAY - 2, 100, 20 if ago else 0)])).reasons[
            "entity_risk.affiliate"
        ]
        for ago in (False, True)
    )
    assert recent > 1.5 * old


def test_a_count_halves_with_each_half_life() -> None:
    middle = EPOCH + (TODAY + 0.5) * FORTNIGHT
    for halvings in range(4):
        rate = counts(8, 80).rate(middle + halvings * timedelta(days=60), 60)
        assert (rate.payments, rate.frauds) == (80, 8)
        assert rate.weighted_payments == pytest.approx(80 / 2**halvings)
        assert rate.weighted_frauds == pytest.approx(8 / 2**halvings)


def test_a_count_never_weighs_more_than_its_payments() -> None:
    """A payment may be decided on before the middle of its fortnight, or late with an old time."""
    rate = counts(8, 80, ago=-1).rate(NOW, 60)
    assert (rate.weighted_payments, rate.weighted_frauds) == (80, 8)


@given(st.integers(0, 50), st.integers(0, 500), st.floats(0.001, 0.1), st.integers(1, 1000))
def test_the_shrunk_rate_lies_between_the_entitys_own_and_the_tenants(
    frauds: int, honest: int, base: float, prior: int
) -> None:
    payments = frauds + honest
    rate = shrunk_rate(EntityRate(payments, frauds, payments, frauds), base, prior)
    own = frauds / payments if payments else base
    assert min(own, base) - 1e-9 <= rate <= max(own, base) + 1e-9


def test_every_parameter_belongs_to_the_tenant() -> None:
    product = counts(3, 41)
    assert assess(POLICY.model_copy(update={"entity_min_frauds": 4}), product=product).reasons == {}
    assert assess(POLICY.model_copy(update={"entity_min_lift": 10}), product=product).reasons == {}
    assert assess(POLICY.model_copy(update={"entity_prior_payments": 1}), product=product).score == 24
    assert assess(POLICY.model_copy(update={"entity_full_rate": 0.06}), product=product).score == 87
    old = counts(3, 41, ago=4)
    assert assess(POLICY.model_copy(update={"entity_half_life_days": 7}), product=old).reasons == {}
    assert assess(POLICY.model_copy(update={"entity_half_life_days": 365}), product=old).reasons != {}


def test_a_tenant_without_payments_has_the_rate_of_a_usual_shop() -> None:
    features = Features({}, None, {}, entities={"product": counts(2, 2)})
    assert entity_risk.assess(payment(), features, POLICY).score == 32
    assert entity_risk.tenant_rate(EntityRate()) == 0.005


def test_the_detector_is_left_out_without_the_counts() -> None:
    with pytest.raises(FeatureMissing):
        entity_risk.assess(payment(), Features({}, None, {}), POLICY)


def test_weighed_counts_find_the_same_and_entities_without_fraud_are_left_out() -> None:
    known: dict[RiskEntity, EntityHistory] = {"tenant": TENANT, "product": counts(3, 41), "network": counts(0, 9)}
    once = weighed(known, NOW, POLICY.entity_half_life_days)

    assert set(once) == {"tenant", "product"}
    # An enrichment may be decided on later, with the same rates.
    assert weighed(once, NOW + timedelta(days=9), POLICY.entity_half_life_days) == once
    assert entity_risk.assess(payment(), Features({}, None, {}, entities=once), POLICY) == assess(product=counts(3, 41))


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.0/24"),
        ("::ffff:203.0.113.7", "203.0.113.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("2001:0:0:2::3", "2001::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("203.0.113.07", None),
        ("203.0.113.7\x00", None),
        ("unknown", None),
        ("203.0.113.7:443", None),
    ],
)
def test_a_network_is_a_24_or_a_48(address: str, network: str | None) -> None:
    assert network_of(address) == network


def test_a_payment_names_its_entities() -> None:
    full = payment(
        affiliate_id="aff_1", customer_flags={"email_domain_hash": "ab" * 32}, card={"country": "br", "bin": "424242"}
    )
    assert set(entities_of(full)) == {
        "tenant",
        "product",
        "affiliate",
        "network",
        "email_domain",
        "card_country",
        "bin",
    }
    assert entities_of(full)["card_country"] == entities_of(payment(card={"country": "BR"}))["card_country"]
    assert set(entities_of(payment(ip=None, card=None, products=[]))) == {"tenant"}


def test_the_address_of_a_renewal_is_the_gateways_and_counts_for_no_network() -> None:
    assert "network" not in entities_of(payment(PaymentSucceeded, subscription={"renewal": True}))
