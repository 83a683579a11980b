"""The report of the objectives, from a Prometheus that answers with given increases."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml
from aiohttp import web
from aiohttp.test_utils import TestServer

from orylo_cli.embedded.errors import EmbeddedError
from orylo_cli.objectives import OBJECTIVES, Objective, read_objectives, report_of

RULES = Path(__file__).parents[3] / "deploy/monitoring/prometheus/rules/slo.yml"
TARGET = Objective("webhooks", 0.999, "good", "events")


@pytest.mark.parametrize(
    ("good", "events", "achieved", "left", "met"),
    [
        (10_000, 10_000, 1.0, 1.0, True),
        (9_995, 10_000, 0.9995, 0.5, True),
        (9_980, 10_000, 0.998, -1.0, False),
        # Extrapolation may find more good events than events.
        (10_001, 10_000, 1.0, 1.0, True),
    ],
)
def test_the_budget_left_is_what_the_misses_do_not_use(
    good: float, events: float, achieved: float, left: float, met: bool
) -> None:
    report = report_of(TARGET, good=good, events=events)

    assert report.achieved == pytest.approx(achieved)
    assert report.budget_left == pytest.approx(left)
    assert report.met is met


def test_without_events_there_is_no_verdict() -> None:
    assert report_of(TARGET, good=0, events=0).met is None


def test_the_report_and_the_alerts_have_the_same_objectives() -> None:
    rules = yaml.safe_load(RULES.read_text())["groups"][0]["rules"]
    budgets = {
        rule["labels"]["slo"]: float(re.findall(r"[\d.]+", rule["expr"])[0])
        for rule in rules
        if rule.get("record") == "slo:error_budget:ratio"
    }
    events = {
        rule["labels"]["slo"]: rule["expr"].strip() for rule in rules if rule.get("record") == "slo:events:increase1h"
    }

    assert budgets == {each.name: pytest.approx(1 - each.target) for each in OBJECTIVES}
    assert events == {each.name: f"sum(increase({each.events}[1h]))" for each in OBJECTIVES}


@pytest.fixture
async def prometheus() -> AsyncIterator[str]:
    async def query(request: web.Request) -> web.Response:
        asked = request.query["query"]
        assert asked.endswith("[7d]))")
        if "dispatch" in asked:
            return web.json_response({"data": {"result": []}})
        missed = 20 if "accepted" in asked and "unavailable" not in asked else 0
        return web.json_response({"data": {"result": [{"metric": {}, "value": [0, str(10_000 - missed)]}]}})

    app = web.Application()
    app.router.add_get("/api/v1/query", query)
    async with TestServer(app) as server:
        yield str(server.make_url(""))


async def test_the_report_is_read_from_prometheus(prometheus: str) -> None:
    reports = await read_objectives(prometheus, 7)

    assert {report.name: report.met for report in reports} == {
        "webhooks": False,
        "decisions": True,
        "conversions": None,
        "dashboard": True,
    }


async def test_an_absent_prometheus_is_named() -> None:
    with pytest.raises(EmbeddedError, match=r"^Prometheus does not answer at http://127.0.0.1:1 "):
        await read_objectives("http://127.0.0.1:1", 30)
