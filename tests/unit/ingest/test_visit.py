from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from orylo_common.messages import ClickRecorded
from orylo_ingest.tracking.visit import Visit, click_recorded

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TENANT = UUID("01920000-0000-7000-8000-000000000001")
CLICK_ID = "oc_" + "a1B2" * 5 + "xy"


def recorded(**told: Any) -> ClickRecorded:
    visit = Visit.model_validate({"kind": "pageview", "click_id": CLICK_ID, **told})
    return click_recorded(visit, tenant_id=TENANT, ip="198.51.100.7", user_agent="Firefox", now=NOW)


def test_a_visit_becomes_a_click_with_what_matching_needs() -> None:
    click = recorded(fbc="fb.1.1763630000000.IwAR-x_Y", fbp="fb.1.1763630000000.42", utm_source="ig", fbclid="IwAR-x_Y")

    assert (click.click_id, click.kind, click.ip, click.user_agent) == (CLICK_ID, "pageview", "198.51.100.7", "Firefox")
    assert click.tracking.fbc == "fb.1.1763630000000.IwAR-x_Y"
    assert (click.tracking.fbp, click.tracking.utm_source) == ("fb.1.1763630000000.42", "ig")
    assert click.occurred_at == NOW


def test_a_leads_email_and_phone_leave_hashed() -> None:
    click = recorded(kind="lead", email=" Mariana.Souza@Example.com ", phone="+55 (11) 98765-0001")

    assert click.match_keys.email == sha256(b"mariana.souza@example.com").hexdigest()
    assert click.match_keys.phone == sha256(b"5511987650001").hexdigest()
    assert click.customer_id is not None
    assert "mariana" not in click.model_dump_json().lower()
    assert "98765" not in click.model_dump_json()


def test_addresses_lose_what_may_name_a_person() -> None:
    click = recorded(url="https://shop.example.com/p?email=a@b.co#a@b.co", referrer="https://mail.example.com/?q=name")

    assert (click.url, click.referrer) == ("https://shop.example.com/p", "https://mail.example.com/")


@pytest.mark.parametrize(
    ("clicked_at", "expected"),
    [
        (NOW - timedelta(days=2), NOW - timedelta(days=2)),
        (NOW + timedelta(hours=1), NOW),
        (NOW - timedelta(days=400), NOW),
    ],
    ids=["earlier", "a clock that is ahead", "older than its cookie can be"],
)
def test_a_visit_began_when_a_likely_clock_says(clicked_at: datetime, expected: datetime) -> None:
    assert recorded(clicked_at=int(clicked_at.timestamp() * 1000)).occurred_at == expected


@pytest.mark.parametrize(
    "wrong",
    [
        {"click_id": "oc_short"},
        {"click_id": CLICK_ID + "'--"},
        {"kind": "purchase"},
        {"fbc": "fb.1.1763630000000.fb.1.1763630000000.<x>"},
        {"utm_source": "x" * 501},
        {"clicked_at": -1},
    ],
    ids=str,
)
def test_what_the_script_does_not_send_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        recorded(**wrong)
