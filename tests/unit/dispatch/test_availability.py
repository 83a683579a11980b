"""A destination's state follows from the answers to a batch."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from orylo_common.control import Destination
from orylo_common.messages import DestinationStatus
from orylo_dispatch.delivery.availability import DestinationState, must_be_stored, resumed, state_after
from orylo_dispatch.domain.attempt import AttemptOutcome, DeliveryAttempt
from tests.unit.dispatch.cases import PAID_AT, TENANT

NOW = PAID_AT + timedelta(hours=1)
PROBE_EVERY = timedelta(minutes=5)
DESTINATION = Destination(UUID(int=1), TENANT, "meta", "main", {"pixel_id": "1"}, "token", True, PAID_AT)

SENT = DeliveryAttempt(AttemptOutcome.DISPATCHED)
REFUSED = DeliveryAttempt(AttemptOutcome.REFUSED, "100/2804003", "The payment is older than 7 days.", answered=True)
EXPIRED = DeliveryAttempt(AttemptOutcome.TOKEN, "190/463", "The token has expired. Create a new token.", answered=True)
NO_PIXEL = DeliveryAttempt(AttemptOutcome.CONFIGURATION, "100/33", "The dataset does not exist.", answered=True)
LIMITED = DeliveryAttempt(
    AttemptOutcome.THROTTLED, "4", "Meta is limiting the rate of calls.", retry_after=timedelta(minutes=2)
)
TIMEOUT = DeliveryAttempt(AttemptOutcome.UNKNOWN, "timeout", "Meta did not answer in time.")


def observe(*attempts: DeliveryAttempt | None, circuit_open: bool = False) -> DestinationState | None:
    return state_after(attempts, DESTINATION, circuit_open=circuit_open, now=NOW, probe_every=PROBE_EVERY)


@pytest.mark.parametrize("refusal", [EXPIRED, NO_PIXEL])
def test_a_refused_token_or_configuration_puts_the_destination_on_hold(refusal: DeliveryAttempt) -> None:
    # Splitting a batch may send a part of it before the refusal.
    for attempts in ([refusal, refusal], [SENT, refusal, None], [LIMITED, refusal]):
        state = observe(*attempts)
        assert state is not None
        assert (state.status, state.since, state.configured_at) == (DestinationStatus.ON_HOLD, NOW, PAID_AT)
        assert (state.code, state.reason, state.next_attempt_at) == (refusal.code, refusal.reason, NOW + PROBE_EVERY)
        assert state.is_paused(NOW + timedelta(minutes=4))
        assert not state.is_paused(NOW + PROBE_EVERY)


def test_throttling_pauses_the_destination_for_as_long_as_it_asks() -> None:
    state = observe(SENT, LIMITED, None)
    assert state is not None
    assert (state.status, state.next_attempt_at) == (DestinationStatus.THROTTLED, NOW + timedelta(minutes=2))


def test_throttling_without_a_time_pauses_only_the_deliveries() -> None:
    assert observe(replace(LIMITED, retry_after=None)) is None


def test_only_an_open_circuit_makes_the_destination_unavailable() -> None:
    assert observe(TIMEOUT) is None
    state = observe(None, TIMEOUT, circuit_open=True)
    assert state is not None
    assert (state.status, state.code, state.next_attempt_at) == (DestinationStatus.UNAVAILABLE, "timeout", None)
    assert not state.is_paused(NOW)


@pytest.mark.parametrize("attempts", [[SENT], [REFUSED], [REFUSED, TIMEOUT, None]])
def test_an_answer_makes_the_destination_active(attempts: Sequence[DeliveryAttempt | None]) -> None:
    state = observe(*attempts)
    assert state is not None
    assert state.status is DestinationStatus.ACTIVE


def test_a_batch_that_was_not_tried_shows_nothing() -> None:
    assert observe(None, None, circuit_open=True) is None
    assert observe() is None


def test_only_a_change_of_the_status_or_of_a_throttled_pause_is_stored() -> None:
    active, hold, limited, away = observe(SENT), observe(EXPIRED), observe(LIMITED), observe(TIMEOUT, circuit_open=True)
    assert active
    assert hold
    assert limited
    assert away
    assert not must_be_stored(None, active)
    for known in (hold, limited, away):
        assert must_be_stored(None, known)
        assert must_be_stored(known, active)
        later = replace(known, since=NOW + PROBE_EVERY, code="another")
        assert not must_be_stored(known, later)
    assert must_be_stored(limited, replace(limited, next_attempt_at=NOW + timedelta(hours=1)))
    assert must_be_stored(away, hold)
    assert resumed(hold, NOW + PROBE_EVERY).reason is None


def test_a_state_is_outdated_once_the_destination_is_changed() -> None:
    hold = observe(EXPIRED)
    assert hold is not None
    assert not hold.is_outdated(DESTINATION)
    assert hold.is_outdated(replace(DESTINATION, updated_at=PAID_AT + timedelta(microseconds=1)))
    # A replica that has not read the change yet does not end the hold on the new configuration.
    assert not hold.is_outdated(replace(DESTINATION, updated_at=PAID_AT - timedelta(minutes=1)))
