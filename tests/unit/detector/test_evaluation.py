"""The detector's private port decides on a payment before it is made, and names the rules that are true of it."""

from collections.abc import Awaitable, Callable
from typing import Any, cast

import asyncpg
import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from orylo_common.messages import DetectionCreated, PaymentCreated, RuleHit, encode
from orylo_detector.detectors import custom_rules
from orylo_detector.detectors.custom_rules import RuleBook
from orylo_detector.engine import Engine
from orylo_detector.evaluation import EvaluationEndpoint
from orylo_rules import RuleSet
from tests.unit.detector.cases import payment
from tests.unit.detector.test_custom_rules import BLOCK, UNHURRIED, Plane, points, rule
from tests.unit.detector.test_handlers import MemoryPayments, Policies

Decide = Callable[[PaymentCreated], Awaitable[DetectionCreated | None]]
EXPENSIVE, CHEAP = "payment.amount > 1.0", "payment.amount < 1.0"


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(custom_rules, "RuleSet", lambda rules: RuleSet(rules, time_limit=UNHURRIED))


async def record_nothing(payment: PaymentCreated) -> None:
    raise AssertionError("a trial records nothing")


async def respond(
    store: MemoryPayments, *rules: dict[str, Any], decide: Decide = record_nothing, **query: str
) -> dict[str, Any]:
    """Evaluate a payment that nothing is known of, on the endpoint. It reads no table for its response."""
    engine = Engine(rules=RuleBook(Plane(*rules)), time_limit=UNHURRIED)
    endpoint = EvaluationEndpoint(cast(asyncpg.Pool, None), decide, store, engine, Policies())
    app = web.Application()
    app.add_routes(endpoint.routes())
    async with TestClient(TestServer(app)) as client:
        fact = encode(payment(PaymentCreated, amount_minor=5000))
        response = await client.post("/evaluate", data=fact, params=query or {"dry_run": "true"})
        assert response.status == 200, await response.text()
        answer: dict[str, Any] = orjson.loads(await response.read())
        return answer


async def test_a_trial_names_the_rules_that_are_true_of_the_payment() -> None:
    raising = rule(points(10), EXPENSIVE, name="raising", mode="on")
    blocking = rule(BLOCK, EXPENSIVE, name="blocking", mode="shadow")
    answer = await respond(MemoryPayments(), raising, blocking, rule(BLOCK, CHEAP, name="cheap", mode="on"))

    hits = [RuleHit.model_validate(each) for each in answer["rules"]]
    assert [(hit.rule_id, hit.version, hit.name) for hit in hits] == [
        (each["id"], each["version"], each["name"]) for each in (raising, blocking)
    ]
    assert [(hit.mode, hit.action, hit.otherwise) for hit in hits] == [
        ("on", "add_points", "allow"),
        ("shadow", "block", "block"),
    ]
    assert {each["reason"]: each["points"] for each in answer["points"]}[f"custom_rules.{raising['id']}"] == 10
    assert (answer["decision"], answer["override"], answer["id"]) == ("allow", None, None)


async def test_a_rule_that_decides_is_named_with_the_decision_without_it() -> None:
    answer = await respond(MemoryPayments(), rule(BLOCK, EXPENSIVE))

    assert (answer["decision"], answer["override"]) == ("block", "rule")
    assert [(each["mode"], each["otherwise"]) for each in answer["rules"]] == [("on", "allow")]


async def test_no_rules_are_named_if_none_is_true() -> None:
    assert (await respond(MemoryPayments()))["rules"] == []
    assert (await respond(MemoryPayments(), rule(BLOCK, CHEAP)))["rules"] == []


async def test_the_response_is_the_decision_that_was_recorded() -> None:
    store = MemoryPayments()

    async def decide(payment: PaymentCreated) -> DetectionCreated:
        [detection] = await store.decide(payment)
        return detection

    answer = await respond(store, decide=decide, dry_run="")

    [detection] = [each.detection for each in store.recorded]
    assert detection is not None
    shown = detection.model_dump(mode="json", include=answer.keys() - {"id"})
    assert answer == {"id": str(detection.detection_id), **shown}
