"""Calls of Stripe's API, each with its outcome."""

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import aiohttp

from orylo_dispatch.destinations.answers import read_object
from orylo_dispatch.destinations.stripe.answers import attempt_of
from orylo_dispatch.destinations.stripe.limits import API_VERSION, MAX_ANSWER_BYTES, TIMEOUT
from orylo_dispatch.destinations.stripe.request import StripeRequest
from orylo_dispatch.domain.attempt import AttemptOutcome, DeliveryAttempt
from orylo_dispatch.domain.provider_key import STRIPE_KEY

INCOMPLETE = DeliveryAttempt(
    AttemptOutcome.CONFIGURATION, "incomplete", "The key is not a restricted or secret key of Stripe (rk_…, sk_…)."
)
# The smallest reads that need the permissions which the actions need.
PROBES = ("/v1/refunds?limit=1", "/v1/payment_intents?limit=1")


class StripeClient:
    """Calls one account with one key. Network errors are attempts, not exceptions."""

    def __init__(self, key: str, *, session: aiohttp.ClientSession, base_url: str) -> None:
        self._session = session
        self._base_url = base_url
        self._complete = STRIPE_KEY.fullmatch(key) is not None
        self._headers = {"Authorization": f"Bearer {key}", "Stripe-Version": API_VERSION}

    async def post(self, request: StripeRequest) -> DeliveryAttempt:
        headers = {"Idempotency-Key": request.idempotency_key}
        return await self._timed("POST", request.path, request.form, headers)

    async def probe(self) -> DeliveryAttempt:
        """Read one refund and one intent, which changes nothing."""
        for path in PROBES:
            attempt = await self._timed("GET", path, None, {})
            # A list has no id.
            if attempt.code != "unreadable":
                return attempt
        return DeliveryAttempt(AttemptOutcome.DISPATCHED)

    async def _timed(
        self, method: str, path: str, form: Mapping[str, str] | None, headers: Mapping[str, str]
    ) -> DeliveryAttempt:
        if not self._complete:
            return INCOMPLETE
        started = time.perf_counter()
        attempt = await self._call(method, self._base_url + path, form, headers)
        return replace(attempt, duration=timedelta(seconds=time.perf_counter() - started))

    async def _call(
        self, method: str, url: str, form: Mapping[str, str] | None, headers: Mapping[str, str]
    ) -> DeliveryAttempt:
        try:
            async with self._session.request(
                method,
                url,
                data=form,
                headers={**self._headers, **headers},
                timeout=TIMEOUT,
                allow_redirects=False,
            ) as response:
                answer = await read_object(response, max_bytes=MAX_ANSWER_BYTES)
                return attempt_of(response.status, answer, response.headers)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            return DeliveryAttempt(AttemptOutcome.TRANSIENT, "unreachable", "Stripe could not be reached.")
        except TimeoutError:
            return DeliveryAttempt(AttemptOutcome.UNKNOWN, "timeout", "Stripe did not answer in time.")
        except aiohttp.ClientError:
            return DeliveryAttempt(
                AttemptOutcome.UNKNOWN, "disconnected", "The connection to Stripe broke before the answer."
            )
