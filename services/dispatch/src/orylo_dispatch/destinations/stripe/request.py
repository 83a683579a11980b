"""An action as a request to Stripe."""

import re
from dataclasses import asdict, dataclass
from typing import Self

import orjson

from orylo_common.messages import ProviderAction
from orylo_dispatch.delivery.sink import Fault
from orylo_dispatch.domain.action import ActionRequest

_INTENT = re.compile(r"pi_\w{1,200}", re.ASCII)
_CHARGE = re.compile(r"(?:ch|py)_\w{1,200}", re.ASCII)
_INVOICE = re.compile(r"in_\w{1,200}", re.ASCII)

UNKNOWN_OBJECT = Fault(
    "unknown_object",
    "Stripe reported the payment without an id that can be used. Cancel or refund it there.",
)


@dataclass(frozen=True, slots=True)
class StripeRequest:
    """A POST. Of two with the same `idempotency_key`, Stripe carries out the first and repeats its answer.

    With an `invoice`, the form lacks the intent that paid it.
    """

    path: str
    form: dict[str, str]
    idempotency_key: str
    invoice: str | None = None

    @classmethod
    def decode(cls, body: bytes) -> Self:
        return cls(**orjson.loads(body))

    def encode(self) -> bytes:
        return orjson.dumps(asdict(self))


def request_for(asked: ActionRequest) -> StripeRequest | Fault:
    """Return the request, which depends on nothing but the action's ids, so that a repeat has the same parameters.

    A refund has no amount: Stripe then refunds what has not been refunded yet. It has no `reason` either, because
    `fraudulent` would add the card and the email to the account's block lists at Stripe.
    """
    provider_id = asked.payment_id.partition(":")[2]
    # After a person's redrive, the answer to the first request must not be repeated.
    key = f"orylo-{asked.action_id}" + (f"-{asked.redrives}" if asked.redrives else "")
    is_intent = _INTENT.fullmatch(provider_id)
    if asked.action == ProviderAction.CANCEL:
        if not is_intent:
            return UNKNOWN_OBJECT
        return StripeRequest(f"/v1/payment_intents/{provider_id}/cancel", {"cancellation_reason": "fraudulent"}, key)
    form = {"metadata[orylo_action]": str(asked.action_id), "metadata[orylo_cause]": "blocked"}
    if _INVOICE.fullmatch(provider_id):
        return StripeRequest("/v1/refunds", form, key, invoice=provider_id)
    if not is_intent and not _CHARGE.fullmatch(provider_id):
        return UNKNOWN_OBJECT
    return StripeRequest("/v1/refunds", {"payment_intent" if is_intent else "charge": provider_id, **form}, key)
