"""The first steps are ticked by facts, and by no choice of a user."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from orylo_api.onboarding.models import OnboardingChoices, OnboardingStep
from orylo_api.onboarding.queries import Facts
from orylo_api.onboarding.steps import onboarding

AT = datetime(2026, 3, 10, 12, tzinfo=UTC)
NOTHING = Facts((), None, None, None, 0, None, None, 1, 0)


def done(facts: Facts, choices: OnboardingChoices | None = None) -> list[str]:
    return [step.step.value for step in onboarding(facts, choices or OnboardingChoices()).steps if step.done]


@pytest.mark.parametrize(
    ("facts", "ticked"),
    [
        (NOTHING, []),
        (replace(NOTHING, gateways=("stripe",)), []),
        (replace(NOTHING, webhook_at=AT), ["gateway"]),
        (replace(NOTHING, sale_at=AT, sale_id="stripe:pi_1"), ["sale"]),
        (replace(NOTHING, destinations=1), []),
        (replace(NOTHING, conversion_at=AT), ["meta"]),
        (replace(NOTHING, visit_at=AT), ["tracking"]),
        (replace(NOTHING, users=3), []),
        (replace(NOTHING, second_factors=1), []),
        (replace(NOTHING, users=2, second_factors=1), ["team"]),
    ],
)
def test_each_step_is_ticked_by_its_fact(facts: Facts, ticked: list[str]) -> None:
    assert done(facts) == ticked


def test_no_choice_ticks_a_step() -> None:
    choices = OnboardingChoices(dismissed=True, skipped=list(OnboardingStep))
    assert done(NOTHING, choices) == []
    shown = onboarding(NOTHING, choices)
    assert (shown.done, shown.dismissed) == (0, True)
    assert all(step.skipped for step in shown.steps)


def test_the_first_sale_leads_to_its_payment() -> None:
    steps = onboarding(replace(NOTHING, sale_at=AT, sale_id="stripe:pi_1"), OnboardingChoices()).steps
    assert [(step.payment_id, step.done_at) for step in steps if step.step is OnboardingStep.SALE] == [
        ("stripe:pi_1", AT)
    ]
