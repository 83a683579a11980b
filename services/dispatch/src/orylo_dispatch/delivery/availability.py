"""The rules by which a destination stops and resumes: its state after a batch, and when it may be called."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from orylo_common.control import Destination
from orylo_common.messages import DestinationStatus
from orylo_dispatch.domain.attempt import AttemptOutcome, DeliveryAttempt

ON_HOLD_OUTCOMES = frozenset({AttemptOutcome.TOKEN, AttemptOutcome.CONFIGURATION})
# The code of a destination whose access token no master key decrypts.
UNDECRYPTABLE = "token_undecryptable"
ANSWERED_OUTCOMES = frozenset({AttemptOutcome.DISPATCHED, AttemptOutcome.REFUSED})


@dataclass(frozen=True, slots=True)
class DestinationState:
    """Why a destination's deliveries wait. `code` is the destination's own; `reason` is a sentence for people.

    No call is made before `next_attempt_at`; without one, the circuit breaker decides. `configured_at` is the
    `updated_at` of the configuration that the state is about.
    """

    status: DestinationStatus
    since: datetime
    kind: str
    configured_at: datetime
    code: str | None = None
    reason: str | None = None
    next_attempt_at: datetime | None = None

    def is_paused(self, now: datetime) -> bool:
        return self.next_attempt_at is not None and now < self.next_attempt_at

    def is_outdated(self, destination: Destination) -> bool:
        """Return whether the destination was changed or its token became readable since: it is tried at once."""
        return destination.updated_at > self.configured_at or (self.code == UNDECRYPTABLE and bool(destination.secret))


def state_after(
    attempts: Sequence[DeliveryAttempt | None],
    destination: Destination,
    *,
    circuit_open: bool,
    now: datetime,
    probe_every: timedelta,
) -> DestinationState | None:
    """Return the state that the attempts of a batch show; `None` if they show none, such as a single timeout."""
    made = [attempt for attempt in attempts if attempt is not None]
    for attempt in made:
        if attempt.outcome in ON_HOLD_OUTCOMES:
            return _stopped(DestinationStatus.ON_HOLD, attempt, destination, now, now + probe_every)
    for attempt in made:
        if attempt.outcome is AttemptOutcome.THROTTLED and attempt.retry_after is not None:
            return _stopped(DestinationStatus.THROTTLED, attempt, destination, now, now + attempt.retry_after)
    if circuit_open and made:
        return _stopped(DestinationStatus.UNAVAILABLE, made[-1], destination, now, None)
    if any(attempt.outcome in ANSWERED_OUTCOMES for attempt in made):
        return DestinationState(DestinationStatus.ACTIVE, now, destination.kind, destination.updated_at)
    return None


def undecryptable(destination: Destination, *, now: datetime, probe_every: timedelta) -> DestinationState:
    """Return the state of a destination whose access token no master key decrypts."""
    return DestinationState(
        DestinationStatus.ON_HOLD,
        now,
        destination.kind,
        destination.updated_at,
        UNDECRYPTABLE,
        "No master key decrypts the stored token. Start Orylo with the key that encrypted it, or enter it again.",
        now + probe_every,
    )


def resumed(state: DestinationState, now: datetime) -> DestinationState:
    """Return the state of a destination that is sent to again."""
    return DestinationState(DestinationStatus.ACTIVE, now, state.kind, state.configured_at)


def must_be_stored(known: DestinationState | None, observed: DestinationState) -> bool:
    """Return whether `observed` has to be stored. A longer pause of a throttled destination has to be."""
    if known is None:
        return observed.status is not DestinationStatus.ACTIVE
    if observed.status is not known.status:
        return True
    return observed.status is DestinationStatus.THROTTLED and observed.next_attempt_at != known.next_attempt_at


def _stopped(
    status: DestinationStatus,
    attempt: DeliveryAttempt,
    destination: Destination,
    now: datetime,
    next_attempt_at: datetime | None,
) -> DestinationState:
    return DestinationState(
        status, now, destination.kind, destination.updated_at, attempt.code, attempt.reason, next_attempt_at
    )
