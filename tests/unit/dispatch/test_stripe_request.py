"""Actions as requests to Stripe."""

from dataclasses import replace
from uuid import UUID

import pytest

from orylo_common.messages import ProviderAction
from orylo_common.stripe_keys import is_live
from orylo_dispatch.delivery.sink import Fault
from orylo_dispatch.destinations.stripe.request import StripeRequest, request_for
from orylo_dispatch.domain.action import ActionRequest, action_id
from tests.unit.dispatch.cases import TENANT

REFUND = ActionRequest(
    action_id(TENANT, "stripe:pi_1", ProviderAction.REFUND), TENANT, "stripe:pi_1", ProviderAction.REFUND, True, 0
)
CANCEL = replace(REFUND, action=ProviderAction.CANCEL)


def request(asked: ActionRequest) -> StripeRequest:
    made = request_for(asked)
    assert isinstance(made, StripeRequest)
    return made


def test_a_refund_of_an_intent_or_a_charge_has_no_amount() -> None:
    of_intent, of_charge = request(REFUND), request(replace(REFUND, payment_id="stripe:ch_1"))

    assert (of_intent.path, of_intent.form["payment_intent"]) == ("/v1/refunds", "pi_1")
    assert of_charge.form["charge"] == "ch_1"
    assert "amount" not in of_intent.form


def test_a_cancellation_names_the_intent() -> None:
    assert request(CANCEL).path == "/v1/payment_intents/pi_1/cancel"


@pytest.mark.parametrize("payment_id", ["stripe:cs_1", "stripe:pi_1/../x", "stripe:pi_é", "stripe:"])
def test_what_is_no_intent_or_charge_is_left_to_a_person(payment_id: str) -> None:
    assert isinstance(request_for(replace(REFUND, payment_id=payment_id)), Fault)


def test_a_charge_without_an_intent_cannot_be_cancelled() -> None:
    assert isinstance(request_for(replace(CANCEL, payment_id="stripe:ch_1")), Fault)


def test_the_key_depends_on_tenant_payment_action_and_redrives_only() -> None:
    other_tenant = UUID(int=2)
    ids = [
        action_id(TENANT, "stripe:pi_1", ProviderAction.REFUND),
        action_id(TENANT, "stripe:pi_1", ProviderAction.CANCEL),
        action_id(TENANT, "stripe:pi_2", ProviderAction.REFUND),
        action_id(other_tenant, "stripe:pi_1", ProviderAction.REFUND),
    ]

    assert len(set(ids)) == 4
    # Pinned: another id would be another refund to Stripe.
    assert request(REFUND).idempotency_key == f"orylo-{ids[0]}" == "orylo-a39cea79-d7c0-5e74-9bb7-cdd25ffe7f4a"
    assert request(replace(REFUND, redrives=1)).idempotency_key == f"orylo-{ids[0]}-1"


def test_a_request_survives_the_queue() -> None:
    assert StripeRequest.decode(request(REFUND).encode()) == request(REFUND)


@pytest.mark.parametrize(
    ("key", "live"),
    [
        ("rk_live_1a", True),
        ("sk_live_1a", True),
        ("rk_test_1a", False),
        ("pk_live_1a", None),
        ("", None),
        ("rk_live_", None),
    ],
)
def test_a_key_says_its_mode(key: str, live: bool | None) -> None:
    assert is_live(key) is live
