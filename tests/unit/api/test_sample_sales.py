import re

import pytest

from orylo_api.onboarding.sample_sales import SAMPLE_SALES, SampleSale, sample_messages
from orylo_common.control.sections.detection import DetectionPolicy
from orylo_common.sample_webhooks import SAMPLE_PAYMENTS
from tests.unit.api.builders import NOON, TENANT


@pytest.mark.parametrize("sale", SAMPLE_SALES, ids=lambda sale: str(sale.number))
def test_the_risk_of_a_sample_sale_leads_to_its_decision(sale: SampleSale) -> None:
    policy = DetectionPolicy()
    risk = sum(points for _, points in sale.points)
    assert sale.decision == ("block" if risk >= policy.block_at else "review" if risk >= policy.review_at else "allow")


def test_sample_sales_are_marked_and_already_past() -> None:
    messages = list(sample_messages(TENANT, NOON))
    assert {detection.decision for _, detection in messages} == {"allow", "review", "block"}
    for payment, detection in messages:
        assert re.search(SAMPLE_PAYMENTS, payment.payment_id)
        assert payment.test
        assert not payment.livemode
        assert detection.test
        assert payment.occurred_at < NOON
        assert detection.payment_id == payment.payment_id
