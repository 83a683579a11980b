"""Calls of Stripe's API, each with its outcome."""

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import aiohttp

from orylo_common.stripe_keys import STRIPE_KEY
from orylo_dispatch.destinations.answers import read_object
from orylo_dispatch.destinations.stripe.answers import attempt_of
from orylo_dispatch.destinations.stripe.limits import API_VERSION, MAX_ANSWER_BYTES, TIMEOUT
from orylo_dispatch.destinations.stripe.request import StripeRequest
from orylo_dispatch.domain.attempt import AttemptOutcome, DeliveryAttempt

INCOMPLETE = DeliveryAttempt(
    AttemptOutcome.CONFIGURATION, "incomplete", "The key is not a restricted or secret key of Stripe (rk_…, sk_…)."
)
UNREACHABLE = DeliveryAttempt(AttemptOutcome.TRANSIENT, "unreachable", "Stripe could not be reached.")
NO_ANSWER = DeliveryAttempt(AttemptOutcome.UNKNOWN, "timeout", "Stripe did not answer in time.")
DISCONNECTED = DeliveryAttempt(
    AttemptOutcome.UNKNOWN, "disconnected", "The connection to Stripe broke before the answer."
)
NO_INTENT = DeliveryAttempt(
    AttemptOutcome.REFUSED, "no_intent", "Stripe knows no payment intent that paid the invoice. Refund it there."
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
        form = request.form
        if request.invoice is not None:
            attempt, listed = await self._call("GET", f"/v1/invoice_payments?invoice={request.invoice}&status=paid")
            if listed is None:
                return attempt
            intent = _intent_of(listed)
            if intent is None:
                return NO_INTENT
            form = {"payment_intent": intent, **form}
        attempt, _ = await self._call("POST", request.path, form, {"Idempotency-Key": request.idempotency_key})
        return attempt

    async def probe(self) -> DeliveryAttempt:
        """Read one refund and one intent, which changes nothing."""
        for path in PROBES:
            attempt, listed = await self._call("GET", path)
            if listed is None:
                return attempt
        return DeliveryAttempt(AttemptOutcome.DISPATCHED)

    async def _call(
        self, method: str, path: str, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[DeliveryAttempt, Mapping[str, Any] | None]:
        """Return the attempt, and the JSON object of a 200."""
        if not self._complete:
            return INCOMPLETE, None
        started = time.perf_counter()
        try:
            async with self._session.request(
                method,
                self._base_url + path,
                data=form,
                headers={**self._headers, **(headers or {})},
                timeout=TIMEOUT,
                allow_redirects=False,
            ) as response:
                answer = await read_object(response, max_bytes=MAX_ANSWER_BYTES)
                attempt = attempt_of(response.status, answer, response.headers)
                accepted = answer if response.status == 200 else None
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            attempt, accepted = UNREACHABLE, None
        except TimeoutError:
            attempt, accepted = NO_ANSWER, None
        except aiohttp.ClientError:
            attempt, accepted = DISCONNECTED, None
        return replace(attempt, duration=timedelta(seconds=time.perf_counter() - started)), accepted


def _intent_of(listed: Mapping[str, Any]) -> str | None:
    """Return the intent of the first payment in a list of an invoice's payments."""
    match listed.get("data"):
        case [{"payment": {"payment_intent": str(intent)}}, *_]:
            return intent
    return None
