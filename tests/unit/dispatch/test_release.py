import pytest

from orylo_common.control.sections.dispatch import DispatchPolicy
from orylo_common.messages import Decision
from orylo_dispatch.domain.attempt import DeliveryState
from orylo_dispatch.domain.release import initial_state

POLICY = DispatchPolicy()


@pytest.mark.parametrize(
    ("decision", "state", "reason"),
    [
        (None, DeliveryState.HELD, None),
        (Decision.ALLOW, DeliveryState.PENDING, None),
        (Decision.REVIEW, DeliveryState.PENDING, None),
        (Decision.BLOCK, DeliveryState.SUPPRESSED, "blocked"),
    ],
)
def test_the_decision_releases_or_suppresses_a_delivery(
    decision: Decision | None, state: DeliveryState, reason: str | None
) -> None:
    assert initial_state(decision, is_test=False, policy=POLICY) == (state, reason)


def test_a_tenant_can_send_blocked_payments() -> None:
    policy = DispatchPolicy(send_blocked=True)

    assert initial_state(Decision.BLOCK, is_test=False, policy=policy) == (DeliveryState.PENDING, None)
    assert initial_state(None, is_test=False, policy=policy) == (DeliveryState.HELD, None)


@pytest.mark.parametrize("decision", [None, *Decision])
def test_a_test_event_is_always_suppressed(decision: Decision | None) -> None:
    policy = DispatchPolicy(send_blocked=True)

    assert initial_state(decision, is_test=True, policy=policy) == (DeliveryState.SUPPRESSED, "test")
