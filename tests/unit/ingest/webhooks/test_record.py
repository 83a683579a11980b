"""Every genuine webhook becomes a record, and every message of a record can be decoded."""

import time
from copy import deepcopy
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orylo_common.control.models import LiveMode
from orylo_common.messages import decode
from orylo_ingest.gateways import GATEWAYS
from orylo_ingest.gateways.port import UnprocessableEvent
from orylo_ingest.webhooks.event_ids import event_id_of
from orylo_ingest.webhooks.record import build_record, rebuild_record
from tests.unit.ingest.given import FIXTURES, RECEIVED_AT, TENANT, document_of, recorded_from, stripe

TELLING = ("4242424242424242", "a@b.cd", "+5511987650001", "sha256:" + "0" * 64, "1e400", "-1", "2026-03-10")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=20) | st.sampled_from(TELLING),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


def paths_in(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(found for key, value in inner for found in paths_in(value, (*path, key)))]


@settings(max_examples=400)
@given(st.data())
def test_any_value_at_any_path_gives_a_record(data: st.DataObject) -> None:
    fixture = data.draw(st.sampled_from(FIXTURES))
    document = document_of(fixture)
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(paths_in(document)[1:]))
        above = document
        for key in path[:-1]:
            above = above[key]
        if data.draw(st.booleans()):
            above[path[-1]] = data.draw(JSON)
        else:
            del above[path[-1]]

    record = recorded_from(fixture.partition("/")[0], document)

    assert record.status in ("published", "ignored", "quarantined")
    assert orjson.loads(record.payload) is not None
    assert not (record.reason or "").startswith("the adapter failed"), record.reason
    if record.outgoing is not None:
        assert decode(record.outgoing.body).type == record.outgoing.type


@settings(max_examples=200)
@given(st.sampled_from(list(GATEWAYS)), JSON)
def test_any_json_gives_a_record(gateway: str, document: Any) -> None:
    assert recorded_from(gateway, document).status in ("ignored", "quarantined")


def test_a_bug_in_an_adapter_keeps_the_webhook() -> None:
    class Broken(type(GATEWAYS["stripe"])):  # type: ignore[misc]
        def normalise(self, document: Any, received_at: Any, zone: Any = None) -> Any:
            raise ZeroDivisionError

        def person(self, document: Any) -> Any:
            raise KeyError("email")

    record = build_record(Broken(), TENANT, stripe("charge.succeeded"), RECEIVED_AT)
    assert record.status == "quarantined"
    assert record.reason == "the adapter failed (ZeroDivisionError)"
    assert b"mariana.souza" not in record.payload
    assert record.event_id == recorded_from("stripe", stripe("charge.succeeded")).event_id


def test_a_payment_whose_id_was_masked_is_quarantined() -> None:
    document = stripe("charge.succeeded")
    document["data"]["object"]["payment_intent"] = "4242424242424242"

    record = recorded_from("stripe", document)

    assert (record.status, record.reason) == ("quarantined", "an id looks like a card number")
    assert record.facts == ()
    assert b"4242424242424242" not in record.payload


@pytest.mark.parametrize("hidden", ["4242424242424242", "mariana.souza@example.com", "11 98765-0001", "the-hottok-1"])
@pytest.mark.parametrize("gateway", ["stripe", "hotmart", "kiwify", "perfectpay"])
def test_the_envelope_is_scrubbed_and_the_event_keeps_its_id(gateway: str, hidden: str) -> None:
    documents: dict[str, Any] = {
        "stripe": {"object": "event", "id": hidden, "type": hidden, "data": {"object": {}}},
        "hotmart": {"id": hidden, "event": hidden, "data": {}},
        "kiwify": {"order_id": hidden, "webhook_event_type": hidden, "Customer": {}},
        "perfectpay": {"code": hidden, "sale_status_enum": 99, "sale_status_enum_key": hidden, "customer": {}},
    }
    buyers: dict[str, Any] = {
        "stripe": ("data", {"object": {"customer_details": {"phone": "+5511987650001"}}}),
        "hotmart": ("data", {"buyer": {"checkout_phone": "+5511987650001"}}),
        "kiwify": ("Customer", {"mobile": "+5511987650001"}),
        "perfectpay": ("customer", {"phone_formated_ddi": "+5511987650001"}),
    }
    key, buyer = buyers[gateway]
    records = [
        recorded_from(gateway, {**documents[gateway], key: buyer, "n": n}, secrets=[b"the-hottok-1"]) for n in (1, 2)
    ]

    shown = f"{records[0]} {records[0].outgoing} {records[0].announcement}"
    assert hidden not in shown
    assert hidden.encode() not in records[0].payload
    # The second record is of the same event with another body.
    assert records[0].event_id == records[1].event_id


def test_a_replay_of_the_scrubbed_copy_gives_the_message_of_the_webhook() -> None:
    class NotYet(type(GATEWAYS["stripe"])):  # type: ignore[misc]
        def normalise(self, document: Any, received_at: Any, zone: Any = None) -> Any:
            raise UnprocessableEvent("not yet")

    quarantined = build_record(NotYet(), TENANT, stripe("charge.succeeded"), RECEIVED_AT)
    replayed = rebuild_record(GATEWAYS["stripe"], TENANT, orjson.loads(quarantined.payload), RECEIVED_AT)
    direct = recorded_from("stripe", stripe("charge.succeeded"))
    assert direct.outgoing is not None
    assert replayed.outgoing is not None
    assert orjson.loads(replayed.outgoing.body)["data"] == orjson.loads(direct.outgoing.body)["data"]


def test_an_events_id_depends_only_on_the_gateway_and_its_id() -> None:
    event = stripe("charge.succeeded")
    assert recorded_from("stripe", event).event_id == event_id_of("stripe", event["id"])
    assert event_id_of("stripe", "evt_1") != event_id_of("hotmart", "evt_1")
    assert event_id_of("stripe", "evt_1").version == 5


def test_the_number_of_pending_deliveries_does_not_change_the_body() -> None:
    first, again = stripe("charge.succeeded"), stripe("charge.succeeded")
    again["pending_webhooks"] = 7
    assert recorded_from("stripe", first).body_sha256 == recorded_from("stripe", again).body_sha256
    other = stripe("charge.succeeded", amount=1)
    assert recorded_from("stripe", other).body_sha256 != recorded_from("stripe", stripe("charge.succeeded")).body_sha256


LIVE, TEST = frozenset[LiveMode]({"live"}), frozenset[LiveMode]({"test"})


@pytest.mark.parametrize(("livemode", "mode"), [(True, LIVE), (False, TEST)])
def test_a_gateway_accepts_only_its_configured_modes(livemode: bool, mode: frozenset[LiveMode]) -> None:
    for name in ("charge.succeeded", "customer.created", "thin_event"):
        event = stripe(name) if name != "thin_event" else document_of("stripe/thin_event.json")
        event["livemode"] = livemode
        refused = recorded_from("stripe", deepcopy(event), accept=(LIVE | TEST) - mode)
        assert refused.status == "ignored"
        assert refused.reason == f"{'live' if livemode else 'test'} mode, which this gateway does not accept"
        assert (refused.outgoing, refused.announcement) == (None, None)
        assert recorded_from("stripe", deepcopy(event), accept=mode).status == recorded_from("stripe", event).status


@pytest.mark.parametrize("fixture", ["hotmart/v2_panel_test_event.json", "kiwify/panel_test_order_approved.json"])
def test_a_panels_test_button_counts_as_test_mode(fixture: str) -> None:
    gateway = fixture.partition("/")[0]
    assert recorded_from(gateway, document_of(fixture), accept=LIVE).status == "ignored"
    record = recorded_from(gateway, document_of(fixture), accept=TEST)
    assert record.outgoing is not None
    assert orjson.loads(record.outgoing.body)["data"]["test"] is True
    sale = fixture.replace("panel_test_event", "purchase_approved").replace("panel_test_order_approved", "pix_created")
    assert recorded_from(gateway, document_of(sale), accept=TEST).status == "ignored"


def test_flags_in_a_body_are_ignored() -> None:
    event = stripe("payment_intent.succeeded")
    event["orylo"] = {"flags": {"disposable_email": True, "phone_country": "XX"}}
    record = recorded_from("stripe", event)
    assert orjson.loads(record.payload)["orylo"]["flags"]["disposable_email"] is False
    assert b"XX" not in record.payload


def test_a_conflict_has_a_separate_id_and_no_message() -> None:
    record = recorded_from("stripe", stripe("charge.succeeded"))
    conflict = record.as_conflict()
    assert (conflict.status, conflict.outgoing, conflict.facts) == ("conflict", None, ())
    assert conflict.event_id != record.event_id
    assert conflict.event_id == record.as_conflict().event_id


MEGABYTE = 1_000_000
HOSTILE = {
    "cards": ["4242 4242 4242 4242 x " * 180] * (MEGABYTE // 4000),
    "digits": ["4 " * 2000] * (MEGABYTE // 4000),
    "spaced": ["4  " * 1300] * (MEGABYTE // 4000),
    "emails": ["a@b.cd " * 570] * (MEGABYTE // 4000),
    "percents": ["%2525" * 800] * (MEGABYTE // 4000),
    "encoded": ["%34%32%34%32+" * 300] * (MEGABYTE // 4000),
    "escapes": ["4\n\t" * 1300] * (MEGABYTE // 4000),
    "foreign": ["\uff14\u2011" * 650] * (MEGABYTE // 4000),
    "nearly_known": ["MARIANA SOUZ" * 300, "98765000" * 500] * (MEGABYTE // 8000),
    "at_signs": ["@" + "a" * 3900] * (MEGABYTE // 4000),
    "dots": ["a@" + "b." * 1900] * (MEGABYTE // 4000),
    "keys": {f"email{number}": "x" for number in range(MEGABYTE // 16)},
    "names": [{"name": "é!" * 1900}] * (MEGABYTE // 5700),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_no_body_of_allowed_size_takes_long(kind: str) -> None:
    buyer = {
        "name": "Mariana Souza",
        "phone": "+5511987650001",
        "tax_ids": [{"type": "br_cpf", "value": "11144477735"}],
    }
    started = time.process_time()
    recorded_from(
        "stripe", {"metadata": HOSTILE[kind], "data": {"object": {"customer_details": buyer}}}, secrets=[b"secrets"]
    )
    # It takes a second at most; a quadratic search would take minutes.
    assert time.process_time() - started < 15


@pytest.mark.parametrize("amount", [-1, 2**60, True, None, "x", 1.5])
def test_an_invalid_amount_is_quarantined(amount: Any) -> None:
    assert recorded_from("stripe", stripe("payment_intent.created", amount=amount)).status == "quarantined"
