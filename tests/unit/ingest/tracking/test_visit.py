from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from orylo_common.hashing import token
from orylo_common.messages import CheckoutStarted, ClickRecorded, MatchKeys, Tracking, decode, encode
from orylo_ingest.tracking.visit import Visit, checkout_started, click_recorded, refused_visit

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TENANT = UUID("01920000-0000-7000-8000-000000000001")
CLICK_ID = "oc_" + "a1B2" * 5 + "xy"


def recorded(user_agent: str = "Firefox", **reported: Any) -> ClickRecorded:
    visit = Visit.model_validate({"kind": "pageview", "click_id": CLICK_ID, **reported})
    return click_recorded(visit, tenant_id=TENANT, ip="198.51.100.7", user_agent=user_agent, now=NOW)


def test_a_visit_becomes_a_click_with_what_matching_needs() -> None:
    click = recorded(fbc="fb.1.1763630000000.IwAR-x_Y", fbp="fb.1.1763630000000.42", utm_source="ig", fbclid="IwAR-x_Y")

    assert (click.click_id, click.kind, click.ip, click.user_agent) == (CLICK_ID, "pageview", "198.51.100.7", "Firefox")
    assert click.tracking.fbc == "fb.1.1763630000000.IwAR-x_Y"
    assert (click.tracking.fbp, click.tracking.utm_source) == ("fb.1.1763630000000.42", "ig")
    assert click.occurred_at == NOW


def test_the_email_and_phone_of_a_lead_are_hashed() -> None:
    click = recorded(kind="lead", email=" Mariana.Souza@Example.com ", phone="+55 (11) 98765-0001")

    assert click.match_keys.email == sha256(b"mariana.souza@example.com").hexdigest()
    assert click.match_keys.phone == sha256(b"5511987650001").hexdigest()
    assert click.customer_id is not None
    assert "mariana" not in click.model_dump_json().lower()
    assert "98765" not in click.model_dump_json()


def test_a_page_may_hand_over_a_phone_as_a_number() -> None:
    assert recorded(kind="lead", phone=5511987654321).match_keys == recorded(phone="+5511987654321").match_keys


def test_addresses_lose_the_parts_that_may_name_a_person() -> None:
    click = recorded(url="https://shop.example.com/p?email=a@b.co#a@b.co", referrer="https://mail.example.com/?q=name")

    assert (click.url, click.referrer) == ("https://shop.example.com/p", "https://mail.example.com/")


FREE = ("url", "referrer", "utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term", "user_agent")


@pytest.mark.parametrize("field", FREE)
@pytest.mark.parametrize(
    "hidden",
    [
        "mariana.souza@example.com",
        "mariana.souza%40example.com",
        "Mariana.Souza%2540Example.com",
        "4242 4242 4242 4242",
        "4242%204242%204242%204242",
        "4242\u20114242\u20114242\u20114242",
        "4242\x004242\x004242\x004242",
        "+55 (11) 98765-0001",
        "11987650001",
        "529.982.247-25",
    ],
)
def test_free_fields_lose_personal_data_and_cards(field: str, hidden: str) -> None:
    click = recorded(kind="lead", phone="+5511987650001", **{field: f"https://shop.example/u/{hidden}/x"})

    # The random id may contain any digits.
    encoded = encode(click).decode().lower().replace(str(click.message_id), "")
    assert [part for part in ("mariana", "souza", "4242", "98765", "52998", "529.982") if part in encoded] == []
    assert "/x" in encoded


def test_the_number_of_a_campaign_is_not_hashed_as_a_document() -> None:
    click = recorded(utm_campaign="52998224725", utm_term="of 52998224725", url="https://shop.example/u/52998224725")

    assert click.tracking.utm_campaign == "52998224725"
    assert (click.tracking.utm_term, click.url) == (
        "of [document]",
        "https://shop.example/u/[document]",
    )


def test_free_fields_without_personal_data_stay() -> None:
    reported = {field: f"https://shop.example/curso%20de%20{field}/x" for field in FREE}
    click = recorded(**reported)
    assert {field: getattr(click, field, None) or getattr(click.tracking, field, None) for field in FREE} == reported


def test_control_characters_are_left_out() -> None:
    controls = "".join(map(chr, [*range(32), *range(0x7F, 0xA0)]))
    click = recorded(
        user_agent=f"Fire{controls}\udcfffox",
        **{field: f"a{controls}b" for field in FREE if field != "user_agent"},
        email=f"a{controls}@b.cd",
    )
    assert (click.url, click.tracking.utm_source, click.user_agent) == ("ab", "ab", "Firefox")
    assert click.match_keys.email == token("a@b.cd").removeprefix("sha256:")
    assert decode(encode(click)) == click


def test_a_long_user_agent_is_cut() -> None:
    assert recorded(user_agent="x" * 10_000).user_agent == "x" * 500


@pytest.mark.parametrize(
    "odd",
    [
        {"fbc": "fb.1.1763630000000.fb.1.1763630000000.<x>"},
        {"fbc": "fb.1.1763630000000.a@b.cd"},
        {"fbc": 7},
        {"fbp": "none"},
        {"fbp": "fb.1.1763630000000.4242424242424242"},
        {"fbp": "x" * 3000},
        {"fbclid": "a b"},
        {"fbclid": "mariana@example.com"},
        {"fbclid": "4242424242424242"},
        {"fbclid": "x" * 501},
        {"fbclid": ["x"]},
    ],
    ids=str,
)
def test_an_invalid_identifier_is_dropped_and_the_visit_kept(odd: dict[str, Any]) -> None:
    good = {"fbc": "fb.2.1763630000000.IwAR-x_Y", "fbp": "fb.2.1763630000000.42", "fbclid": "IwAR-x_Y"}
    click = recorded(**good | odd)
    (name,) = odd
    assert {key: getattr(click.tracking, key) for key in good} == good | {name: None}


def test_a_checkout_is_also_published_as_a_checkout() -> None:
    click = recorded(kind="checkout", email="a@b.cd", fbp="fb.1.1763630000000.42")
    checkout = checkout_started(click)
    assert isinstance(decode(encode(checkout)), CheckoutStarted)
    assert (checkout.checkout_id, checkout.gateway, checkout.occurred_at) == (CLICK_ID, "page", NOW)
    assert (checkout.tracking, checkout.match_keys, checkout.ip) == (click.tracking, click.match_keys, click.ip)
    assert (checkout.correlation_id, checkout.causation_id) == (click.message_id, click.message_id)
    assert checkout.message_id != click.message_id


@pytest.mark.parametrize("consent", [True, None])
def test_a_visit_carries_the_consent_that_its_page_reports(consent: bool | None) -> None:
    read = decode(encode(recorded(consent=consent)))
    assert isinstance(read, ClickRecorded)
    assert read.consent is consent


@pytest.mark.parametrize("kind", ["pageview", "checkout", "lead"])
def test_a_refused_visit_identifies_neither_the_visitor_nor_the_visit(kind: str) -> None:
    values = {
        "click_id": CLICK_ID,
        "url": "https://shop.example.com/p",
        "fbclid": "IwAR-x_Y",
        "fbp": "fb.1.1763630000000.42",
        "utm_source": "instagram-story",
        "email": "a@b.cd",
    }
    visit = Visit.model_validate({"kind": kind, "consent": False, **values})

    click = refused_visit(visit, tenant_id=TENANT, now=NOW)

    assert (click.kind, click.consent, click.occurred_at) == (kind, False, NOW)
    assert click.click_id != refused_visit(visit, tenant_id=TENANT, now=NOW).click_id
    kept = click.model_dump_json() + checkout_started(click).model_dump_json()
    assert not [value for value in values.values() if value in kept]
    assert (click.tracking, click.match_keys, click.customer_id, click.ip) == (Tracking(), MatchKeys(), None, None)


@pytest.mark.parametrize(
    ("clicked_at", "expected"),
    [
        (NOW - timedelta(days=2), NOW - timedelta(days=2)),
        (NOW + timedelta(hours=1), NOW),
        (NOW - timedelta(days=400), NOW),
    ],
    ids=["earlier", "a clock that is ahead", "older than its cookie can be"],
)
def test_an_unlikely_time_is_replaced_by_that_of_arrival(clicked_at: datetime, expected: datetime) -> None:
    assert recorded(clicked_at=int(clicked_at.timestamp() * 1000)).occurred_at == expected


@pytest.mark.parametrize(
    "wrong",
    [
        {"click_id": "oc_short"},
        {"click_id": CLICK_ID + "'--"},
        {"click_id": CLICK_ID + "\n"},
        {"click_id": "oc_4242424242424242abcdef"},
        {"kind": "purchase"},
        {"utm_source": "x" * 501},
        {"clicked_at": -1},
    ],
    ids=str,
)
def test_values_that_the_script_does_not_send_are_rejected(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        recorded(**wrong)
