from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError

from orylo_api.errors import TooManyVitals
from orylo_api.web_vitals.limit import REPORTS_PER_MINUTE, VitalsLimit
from orylo_api.web_vitals.models import MAX_VITALS, WebVitalsBody

NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
ANA, BIA = uuid4(), uuid4()
LCP = {"name": "LCP", "value": 812.5}


def send(limit: VitalsLimit, user: UUID, now: datetime, times: int) -> None:
    for _ in range(times):
        limit.count(user, now)


def test_a_user_may_send_a_number_of_reports_in_a_minute() -> None:
    limit = VitalsLimit()
    send(limit, ANA, NOW, REPORTS_PER_MINUTE)
    with pytest.raises(TooManyVitals):
        limit.count(ANA, NOW)

    send(limit, BIA, NOW, REPORTS_PER_MINUTE)
    send(limit, ANA, NOW + timedelta(minutes=1), REPORTS_PER_MINUTE)


@pytest.mark.parametrize(
    "body",
    [
        {"page": "/payments/stripe:pi_1", "vitals": [LCP]},
        {"page": "ana@shop.example", "vitals": [LCP]},
        {"page": "payments", "vitals": []},
        {"page": "payments", "vitals": [LCP] * (MAX_VITALS + 1)},
        {"page": "payments", "vitals": [{"name": "FPS", "value": 60}]},
        {"page": "payments", "vitals": [{"name": "LCP", "value": -1}]},
        {"page": "payments", "vitals": [{"name": "LCP", "value": float("inf")}]},
        {"page": "payments", "vitals": [LCP], "url": "https://shop.example/"},
    ],
)
def test_a_report_has_only_ids_of_pages_and_bounded_figures(body: object) -> None:
    with pytest.raises(ValidationError):
        WebVitalsBody.model_validate(body)
