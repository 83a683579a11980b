"""Browsers' figures become histograms by page. The label has no other values than the pages' ids."""

import pytest
from prometheus_client import REGISTRY

from orylo_api.web_vitals import endpoints
from orylo_common.ids import uuid7
from tests.integration.api.conftest import Api, make_shop

pytestmark = pytest.mark.integration


def count_of(vital: str, page: str) -> float:
    labels = {"vital": vital, "page": page}
    return REGISTRY.get_sample_value("orylo_web_vital_seconds_count", labels) or 0


async def test_a_report_is_counted_by_page(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "_pages", lambda: frozenset({"payments"}))
    client = api.client((await make_shop(api.pool, f"loja-{uuid7().hex}")).bearer)
    before = count_of("LCP", "payments"), count_of("LCP", "other")
    for page in ("payments", "ids-of-buyers"):
        report = {"page": page, "vitals": [{"name": "LCP", "value": 812.5}, {"name": "CLS", "value": 0.01}]}
        async with client.post("/api/v1/web-vitals", json=report) as response:
            assert (response.status, await response.read()) == (204, b"")

    assert (count_of("LCP", "payments"), count_of("LCP", "other")) == (before[0] + 1, before[1] + 1)
    assert count_of("LCP", "ids-of-buyers") == 0
