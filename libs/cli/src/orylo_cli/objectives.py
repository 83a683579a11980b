"""The objectives, read from Prometheus. deploy/monitoring/prometheus/rules/slo.yml has the same expressions."""

from dataclasses import dataclass
from typing import Any

import aiohttp

from orylo_cli.embedded.errors import EmbeddedError

TIMEOUT = aiohttp.ClientTimeout(total=60)


@dataclass(frozen=True, slots=True)
class Objective:
    """`target` is the share of `events` that must be `good`. Both are PromQL selectors of counters."""

    name: str
    target: float
    good: str
    events: str


OBJECTIVES = (
    Objective(
        "webhooks",
        0.999,
        'orylo_webhooks_total{outcome=~"accepted|already_reported|ignored|quarantined|duplicate|conflict"}',
        'orylo_webhooks_total{outcome=~"accepted|already_reported|ignored|quarantined|duplicate|conflict|unavailable|'
        'rate_limited"}',
    ),
    Objective(
        "decisions",
        0.99,
        'orylo_message_handle_seconds_bucket{queue="detector", le="0.25"}',
        'orylo_message_handle_seconds_count{queue="detector"}',
    ),
    Objective(
        "conversions",
        0.99,
        'orylo_dispatch_sent_seconds_bucket{kind!="stripe", le="60.0"}',
        'orylo_dispatch_sent_seconds_count{kind!="stripe"}',
    ),
    Objective("dashboard", 0.99, 'orylo_api_requests_total{status!~"5.."}', "orylo_api_requests_total"),
)


@dataclass(frozen=True, slots=True)
class ObjectiveReport:
    """`achieved`, `budget_left` and `met` are None without events. A negative `budget_left` is a missed objective."""

    name: str
    target: float
    events: float
    achieved: float | None
    budget_left: float | None
    met: bool | None


async def read_objectives(prometheus: str, days: int) -> list[ObjectiveReport]:
    """Raises `EmbeddedError` if Prometheus does not answer."""
    async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
        return [
            report_of(
                each,
                good=await _increase(session, prometheus, each.good, days),
                events=await _increase(session, prometheus, each.events, days),
            )
            for each in OBJECTIVES
        ]


def report_of(objective: Objective, *, good: float, events: float) -> ObjectiveReport:
    if events <= 0:
        return ObjectiveReport(objective.name, objective.target, 0.0, None, None, None)
    achieved = min(good / events, 1.0)
    left = 1 - (1 - achieved) / (1 - objective.target)
    return ObjectiveReport(objective.name, objective.target, events, achieved, left, achieved >= objective.target)


async def _increase(session: aiohttp.ClientSession, prometheus: str, counter: str, days: int) -> float:
    query = {"query": f"sum(increase({counter}[{days}d]))"}
    try:
        async with session.get(f"{prometheus.rstrip('/')}/api/v1/query", params=query) as response:
            answer: dict[str, Any] = await response.json(content_type=None)
            result = answer["data"]["result"]
    except (aiohttp.ClientError, TimeoutError, ValueError, KeyError, TypeError) as error:
        raise EmbeddedError(f"Prometheus does not answer at {prometheus} ({type(error).__name__})") from error
    return float(result[0]["value"][1]) if result else 0.0
