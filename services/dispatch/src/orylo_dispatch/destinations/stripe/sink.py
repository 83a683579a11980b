"""Stripe's API as a `Sink` of actions on blocked payments."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import aiohttp

from orylo_common.control import Destination
from orylo_common.control.sections.actions import ActionMode
from orylo_common.resilience.retry import RetryPolicy
from orylo_common.stripe_keys import is_live
from orylo_dispatch.delivery.sink import Fault
from orylo_dispatch.destinations.stripe.client import StripeClient
from orylo_dispatch.destinations.stripe.limits import BATCH, DEDUPE_WINDOW
from orylo_dispatch.destinations.stripe.request import StripeRequest, request_for
from orylo_dispatch.domain.action import ActionRequest
from orylo_dispatch.domain.attempt import AttemptOutcome, DeliveryAttempt

SWITCHED_OFF = Fault("switched_off", "The settings no longer ask for it.")
OTHER_MODE = Fault("other_mode", "The payment and the key belong to different modes of Stripe: live and test.")
# The answers after which the rest of a batch is not tried.
STOPPING = frozenset(AttemptOutcome) - {AttemptOutcome.DISPATCHED, AttemptOutcome.REFUSED}


class StripeActions:
    """One account with one key. Its payloads are `ActionRequest`s. `mode_of` returns a tenant's setting."""

    batch_size = BATCH
    dedupe_window = DEDUPE_WINDOW

    def __init__(
        self,
        destination: Destination,
        *,
        session: aiohttp.ClientSession,
        base_url: str,
        mode_of: Callable[[UUID], ActionMode],
        retries: RetryPolicy = RetryPolicy(cap=timedelta(minutes=5)),  # noqa: B008  frozen
    ) -> None:
        self.retries = retries
        self._mode_of = mode_of
        self._is_live = is_live(destination.secret)
        self._client = StripeClient(destination.secret, session=session, base_url=base_url)

    def encode(self, payload: Any, *, now: datetime) -> bytes | Fault:
        asked: ActionRequest = payload
        if self._mode_of(asked.tenant_id) not in (ActionMode.BOTH, asked.action):
            return SWITCHED_OFF
        if self._is_live is (not asked.livemode):
            return OTHER_MODE
        request = request_for(asked)
        return request if isinstance(request, Fault) else request.encode()

    async def deliver(
        self, bodies: Sequence[bytes], *, may_continue: Callable[[], bool]
    ) -> Sequence[DeliveryAttempt | None]:
        attempts: list[DeliveryAttempt | None] = []
        for body in bodies:
            if attempts and not may_continue():
                break
            attempt = await self._client.post(StripeRequest.decode(body))
            attempts.append(attempt)
            if attempt.outcome in STOPPING:
                break
        return attempts + [None] * (len(bodies) - len(attempts))

    async def probe(self) -> DeliveryAttempt:
        return await self._client.probe()

    async def quality(self) -> None:
        """Return None: Stripe matches nothing."""

    async def token_expires_at(self) -> datetime | None:
        """Return None: a key of Stripe works until it is revoked."""
        return None
