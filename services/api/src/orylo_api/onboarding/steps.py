"""Tick the first steps by facts. No I/O."""

from orylo_api.onboarding.models import Onboarding, OnboardingChoices, OnboardingStep, StepState
from orylo_api.onboarding.queries import Facts


def onboarding(facts: Facts, choices: OnboardingChoices) -> Onboarding:
    states = [
        _state(OnboardingStep.GATEWAY, choices, facts.webhook_at is not None, _gateway_detail(facts)),
        _state(OnboardingStep.SALE, choices, facts.sale_at is not None, None),
        _state(OnboardingStep.META, choices, facts.conversion_at is not None, _meta_detail(facts)),
        _state(OnboardingStep.TRACKING, choices, facts.visit_at is not None, None),
        _state(OnboardingStep.TEAM, choices, facts.users > 1 and facts.second_factors > 0, _team_detail(facts)),
    ]
    times = {
        OnboardingStep.GATEWAY: facts.webhook_at,
        OnboardingStep.SALE: facts.sale_at,
        OnboardingStep.META: facts.conversion_at,
        OnboardingStep.TRACKING: facts.visit_at,
    }
    steps = [
        state.model_copy(
            update={
                "done_at": times.get(state.step),
                "payment_id": facts.sale_id if state.step is OnboardingStep.SALE else None,
            }
        )
        for state in states
    ]
    return Onboarding(steps=steps, done=sum(step.done for step in steps), dismissed=choices.dismissed)


def _state(step: OnboardingStep, choices: OnboardingChoices, done: bool, detail: str | None) -> StepState:
    return StepState(
        step=step, done=done, skipped=step in choices.skipped, done_at=None, detail=detail, payment_id=None
    )


def _gateway_detail(facts: Facts) -> str:
    if not facts.gateways:
        return "No gateway is set up."
    return f"Set up: {', '.join(facts.gateways)}."


def _meta_detail(facts: Facts) -> str:
    if facts.conversion_at is not None:
        return "A sale was reported."
    return "No sale was reported yet." if facts.destinations else "No destination is set up."


def _team_detail(facts: Facts) -> str:
    return f"Users: {facts.users}, with a second factor: {facts.second_factors}."
