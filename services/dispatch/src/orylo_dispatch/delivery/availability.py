"""The availability of a destination, which may be throttled, or on hold until a person changes it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from orylo_common.clock import Clock
from orylo_dispatch.delivery.sink import DestinationKey
from orylo_dispatch.domain.attempt import AttemptOutcome, DeliveryAttempt
from orylo_dispatch.metrics import ON_HOLD

log = structlog.get_logger(__name__)

ON_HOLD_OUTCOMES = frozenset({AttemptOutcome.TOKEN, AttemptOutcome.CONFIGURATION})


class Availability:
    """Tracks one destination. While it is on hold, it is probed every `probe_every`."""

    def __init__(self, key: DestinationKey, *, probe_every: timedelta, clock: Clock) -> None:
        self._key = key
        self._probe_every = probe_every
        self._clock = clock
        self._paused_until: datetime | None = None
        self.on_hold = False

    @property
    def is_paused(self) -> bool:
        return self._paused_until is not None and self._clock.now() < self._paused_until

    def observe(self, attempts: Sequence[DeliveryAttempt | None]) -> None:
        """Pause the destination if an attempt was throttled, or shows that the token or the configuration is wrong."""
        for attempt in attempts:
            if attempt is None:
                continue
            if attempt.outcome in ON_HOLD_OUTCOMES:
                self.pause_until_probe()
                self._hold(attempt)
                return
            if attempt.outcome is AttemptOutcome.THROTTLED and attempt.retry_after is not None:
                self._paused_until = self._clock.now() + attempt.retry_after
                return

    def pause_until_probe(self) -> None:
        self._paused_until = self._clock.now() + self._probe_every

    def reset(self) -> None:
        """Send again at once: the destination was changed, or a probe succeeded."""
        self._paused_until = None
        self.release()

    def release(self) -> None:
        """End the hold."""
        if self.on_hold:
            self.on_hold = False
            self._report("dispatch.destination_resumed")

    def _hold(self, attempt: DeliveryAttempt) -> None:
        if not self.on_hold:
            self.on_hold = True
            self._report("dispatch.destination_on_hold", attempt)

    def _report(self, event: str, attempt: DeliveryAttempt | None = None) -> None:
        tenant_id, destination_id = self._key
        ON_HOLD.labels(str(destination_id)).set(self.on_hold)
        log.warning(
            event,
            tenant_id=str(tenant_id),
            destination_id=str(destination_id),
            code=attempt and attempt.code,
            reason=attempt and attempt.reason,
        )
