"""The state of a delivery before its first attempt."""

from typing import NamedTuple

from orylo_common.control.sections.dispatch import DispatchPolicy
from orylo_common.messages import Decision
from orylo_dispatch.domain.attempt import DeliveryState

# The reasons of `conversion.suppressed`.
BLOCKED, TEST = "blocked", "test"


class EventDecision(NamedTuple):
    """The newest decision on an event, with its version; None while there is none."""

    decision: Decision | None
    version: int


def initial_state(
    decision: Decision | None, *, is_test: bool, policy: DispatchPolicy
) -> tuple[DeliveryState, str | None]:
    """Return the state, and for a suppressed delivery the reason. A delivery is held until the detector decides."""
    if is_test:
        return DeliveryState.SUPPRESSED, TEST
    if decision is None:
        return DeliveryState.HELD, None
    if decision is Decision.BLOCK and not policy.send_blocked:
        return DeliveryState.SUPPRESSED, BLOCKED
    return DeliveryState.PENDING, None
