"""The traffic of `orylo simulate` is repeatable, well formed, and signed as the gateways sign it."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import orjson
import pytest
import stripe

from orylo_cli.simulate.buyers import buyer, cpf
from orylo_cli.simulate.requests import SimulatedGateway, SimulatedRequest
from orylo_cli.simulate.scenario import Scenario
from orylo_common.webhook_signing import WebhookSigner

EPOCH = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
STRIPE = WebhookSigner("stripe", "whsec_simulated")
HOTMART = WebhookSigner("hotmart", "hottok-simulated")
BOTH: Mapping[SimulatedGateway, WebhookSigner] = {"stripe": STRIPE, "hotmart": HOTMART}


def requests(
    number: int,
    *,
    seed: int = 7,
    epoch: datetime = EPOCH,
    rate: float = 50.0,
    signers: Mapping[SimulatedGateway, WebhookSigner] = BOTH,
) -> list[SimulatedRequest]:
    scenario = Scenario(seed=seed, epoch=epoch, rate=rate, tenant="demo", signers=signers)
    return list(islice(scenario.requests(), number))


def webhooks(sent: list[SimulatedRequest], gateway: SimulatedGateway) -> list[dict[str, Any]]:
    return [orjson.loads(request.body) for request in sent if request.path == f"/api/v1/webhooks/{gateway}/demo"]


def test_the_same_seed_gives_the_same_bytes() -> None:
    assert requests(2_000) == requests(2_000)


def test_another_seed_gives_other_people() -> None:
    def emails(seed: int) -> set[str]:
        return {event["data"]["buyer"]["email"] for event in webhooks(requests(2_000, seed=seed), "hotmart")}

    assert emails(1).isdisjoint(emails(2))


def test_a_later_run_with_the_same_seed_has_new_purchases_of_the_same_people() -> None:
    first = webhooks(requests(2_000), "hotmart")
    second = webhooks(requests(2_000, epoch=EPOCH + timedelta(hours=1)), "hotmart")

    assert {event["id"] for event in first}.isdisjoint(event["id"] for event in second)
    assert [event["data"]["buyer"] for event in first] == [event["data"]["buyer"] for event in second]


def test_every_stripe_request_passes_the_official_verification(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = [request for request in requests(2_000) if "/stripe/" in request.path]

    for request in sent:
        moment = EPOCH.timestamp() + request.offset_s
        monkeypatch.setattr("stripe._webhook.time.time", lambda moment=moment: moment)
        event = stripe.Webhook.construct_event(request.body, request.headers["Stripe-Signature"], STRIPE.secret)
        assert event.id.startswith("evt_")
    assert len(sent) > 500


def test_hotmart_requests_carry_the_token_in_the_header_and_nowhere_else() -> None:
    sent = [request for request in requests(2_000) if "/hotmart/" in request.path]

    assert {request.headers["X-HOTMART-HOTTOK"] for request in sent} == {HOTMART.secret}
    assert not any(HOTMART.secret.encode() in request.body for request in sent)


def test_hmac_mode_signs_the_raw_body() -> None:
    signer = WebhookSigner("hotmart", "shared", mode="hmac")

    headers = signer.headers(b"{}", 0)

    assert headers["X-Signature"] == "sha256=4c053bf942c3ef31b83886f65ce5a58e1bc228427db9e9de6a2a4b9bddf9c69e"
    assert "X-HOTMART-HOTTOK" not in headers


def test_requests_are_due_at_a_constant_rate() -> None:
    offsets = [request.offset_s for request in requests(500, rate=20.0)]

    assert offsets == pytest.approx([slot / 20.0 for slot in range(500)])


def test_events_are_dated_just_before_they_are_sent() -> None:
    lags = [
        EPOCH.timestamp() + request.offset_s - orjson.loads(request.body)["created"]
        for request in requests(5_000)
        if "/stripe/" in request.path
    ]
    # If two events change places, one of them is sent slightly before its time.
    assert sorted(lags)[len(lags) // 20] >= 0
    assert min(lags) > -30
    assert max(lags) < 60


def test_the_scenario_contains_every_kind_of_event() -> None:
    sent = requests(20_000)
    stripe_types = Counter(event["type"] for event in webhooks(sent, "stripe"))
    hotmart_events = Counter(event["event"] for event in webhooks(sent, "hotmart"))

    assert set(stripe_types) >= {
        "payment_intent.created",
        "payment_intent.requires_action",
        "payment_intent.succeeded",
        "payment_intent.payment_failed",
        "payment_intent.canceled",
        "charge.succeeded",
        "charge.failed",
        "charge.refunded",
        "charge.dispute.created",
        "charge.dispute.closed",
        "radar.early_fraud_warning.created",
    }
    assert set(hotmart_events) == {
        "PURCHASE_APPROVED",
        "PURCHASE_BILLET_PRINTED",
        "PURCHASE_CANCELED",
        "PURCHASE_CHARGEBACK",
        "PURCHASE_COMPLETE",
        "PURCHASE_EXPIRED",
        "PURCHASE_PROTEST",
        "PURCHASE_REFUNDED",
    }


def test_some_deliveries_are_repeated_or_out_of_order() -> None:
    events = webhooks(requests(20_000), "stripe")
    ids = Counter(event["id"] for event in events)
    paid_before_begun = 0
    seen: set[str] = set()
    for event in events:
        intent = event["data"]["object"]
        if event["type"] == "charge.succeeded":
            seen.add(intent["payment_intent"])
        elif event["type"] == "payment_intent.succeeded" and intent["id"] not in seen:
            paid_before_begun += 1

    assert 0.01 < (len(events) - len(ids)) / len(events) < 0.06
    assert paid_before_begun > 0


def test_some_buyers_purchase_again() -> None:
    # Every purchase paid by card has one approval.
    approved = [event for event in webhooks(requests(20_000), "hotmart") if event["event"] == "PURCHASE_APPROVED"]
    purchases = {event["data"]["purchase"]["transaction"]: event["data"]["buyer"]["email"] for event in approved}

    assert Counter(purchases.values()).most_common(1)[0][1] >= 3


def test_card_testing_tries_many_cards_from_one_address() -> None:
    failed = [
        event["data"]["object"] for event in webhooks(requests(2_000), "stripe") if event["type"] == "charge.failed"
    ]
    cards: dict[str, set[str]] = {}
    for charge in failed:
        card = charge["payment_method_details"]["card"]["fingerprint"]
        cards.setdefault(charge["metadata"]["client_ip"], set()).add(card)

    assert max(map(len, cards.values())) >= 8


def test_clicks_come_before_the_purchases_that_carry_them() -> None:
    clicked: set[str] = set()
    carried = 0
    for request in requests(5_000):
        body = orjson.loads(request.body)
        if request.kind == "visit":
            clicked.add(body["click_id"])
        elif "/stripe/" in request.path:
            click_id = body["data"]["object"].get("metadata", {}).get("click_id")
            if click_id is not None:
                assert click_id in clicked
                carried += 1
    assert carried > 500


def test_a_gateway_without_a_signer_is_left_out() -> None:
    sent = requests(1_000, signers={"hotmart": HOTMART})

    assert not webhooks(sent, "stripe")
    assert webhooks(sent, "hotmart")


def test_a_scenario_needs_a_gateway() -> None:
    with pytest.raises(ValueError, match="no gateway"):
        requests(1, signers={})


@pytest.mark.parametrize(("base", "expected"), [(111444777, "11144477735"), (529982247, "52998224725")])
def test_a_cpf_has_its_check_digits(base: int, expected: str) -> None:
    assert cpf(base) == expected


def test_buyers_are_only_on_reserved_domains_and_addresses() -> None:
    for number in range(500):
        person = buyer(1, number)
        assert person.email.endswith(("@example.com", "@example.org", "@example.net"))
        assert person.email.isascii()
        assert person.ip.startswith("2001:db8:")
