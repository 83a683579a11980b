"""A customer's score by cause, corrections, and statuses that end."""

from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from orylo_common.control.models import Role
from orylo_common.messages import CausePoints, CustomerStatusSet, CustomerTrustCorrected, TrustStatus, decode
from orylo_common.postgres.outbox_bodies import decompress
from tests.integration.api.conftest import Api
from tests.integration.api.test_endpoints import get, of
from tests.unit.api.builders import trust_updated

pytestmark = pytest.mark.integration

END = datetime(2031, 1, 2, 3, 4, 5, tzinfo=UTC)
REQUESTED = "SELECT body FROM api.outbox UNION ALL SELECT body FROM bus.messages"


@pytest.fixture
async def machine(api: Api) -> aiohttp.ClientSession:
    return api.client(api.a.bearer)


async def post(client: aiohttp.ClientSession, path: str, body: Any, **headers: str) -> tuple[int, Any]:
    async with client.post(path, json=body, headers=headers) as response:
        return response.status, await response.json()


async def requested(api: Api, kind: type[Any], customer_id: str) -> list[Any]:
    bodies = [bytes(row["body"]) for row in await api.pool.fetch(REQUESTED)]
    messages = {message.message_id: message for message in (decode(decompress(body)) for body in bodies)}
    return [each for each in messages.values() if isinstance(each, kind) and each.customer_id == customer_id]


def update(api: Api, customer_id: str, **changes: Any) -> Any:
    return trust_updated(**of(api, customer_id=customer_id, **changes))


async def test_the_causes_add_up_to_the_score_before_it_is_limited(api: Api, machine: aiohttp.ClientSession) -> None:
    causes = (CausePoints(cause="clean_payment", points=8), CausePoints(cause="dispute_opened", points=-100))
    newest = update(api, "cus_causes", version=2, score_before=58, score_after=0, start=50, causes=causes)
    await api.project(newest, update(api, "cus_causes", version=1, score_after=58))

    assert await get(machine, "/api/v1/customers/cus_causes/score") == {
        "customer_id": "cus_causes",
        "trust_score": 0,
        "start": 50,
        "causes": [{"cause": "dispute_opened", "points": -100}, {"cause": "clean_payment", "points": 8}],
        "total": -42,
        "version": 2,
        "status": "neutral",
        "status_expires_at": None,
    }


async def test_a_score_of_an_earlier_version_is_split_by_its_changes(api: Api, machine: aiohttp.ClientSession) -> None:
    await api.project(
        update(api, "cus_earlier", version=1, score_before=50, score_after=52),
        update(api, "cus_earlier", version=2, score_before=52, score_after=2, cause="dispute_opened"),
        update(api, "cus_earlier", version=3, score_before=2, score_after=4),
    )

    found = await get(machine, "/api/v1/customers/cus_earlier/score")
    assert (found["start"], found["total"], found["trust_score"]) == (50, 4, 4)
    assert found["causes"] == [{"cause": "dispute_opened", "points": -50}, {"cause": "clean_payment", "points": 4}]


async def test_another_tenants_customer_has_no_score_and_cannot_be_corrected(api: Api) -> None:
    await api.project(update(api, "cus_foreign"))
    stranger = api.client(api.b.bearer)

    async with stranger.get("/api/v1/customers/cus_foreign/score") as response:
        assert response.status == 404
    status, _ = await post(
        stranger, "/api/v1/customers/cus_foreign/corrections", {"points": 5, "reason": "a good customer"}
    )
    assert status == 404
    assert await requested(api, CustomerTrustCorrected, "cus_foreign") == []


async def test_a_correction_is_published_once_and_audited(api: Api) -> None:
    await api.project(update(api, "cus_correct"))
    analyst = api.client((await api.user(api.a, Role.ANALYST, "analyst-trust@a.example")).bearer)
    path, body = "/api/v1/customers/cus_correct/corrections", {"points": -20, "reason": "disputed by mistake"}

    answers = [await post(analyst, path, body, **{"Idempotency-Key": "correct-1"}) for _ in range(2)]

    assert answers[0] == answers[1]
    status, accepted = answers[0]
    assert (status, accepted["points"], accepted["reason"]) == (202, -20, "disputed by mistake")
    [message] = await requested(api, CustomerTrustCorrected, "cus_correct")
    assert (str(message.correction_id), message.points) == (accepted["correction_id"], -20)
    line = await api.pool.fetchrow("SELECT * FROM control.audit_log WHERE subject = 'customer cus_correct'")
    assert line is not None
    assert (line["action"], line["before"]) == ("customer.correct_trust", {"trust_score": 52})
    assert (line["after"]["points"], line["after"]["reason"]) == (-20, "disputed by mistake")


async def test_a_correction_by_nothing_or_by_a_viewer_is_refused(api: Api, machine: aiohttp.ClientSession) -> None:
    await api.project(update(api, "cus_refused"))
    path = "/api/v1/customers/cus_refused/corrections"
    viewer = api.client((await api.user(api.a, Role.VIEWER, "viewer-trust@a.example")).bearer)

    status, problem = await post(machine, path, {"points": 0, "reason": "none"})
    assert (status, [each["field"] for each in problem["errors"]]) == (422, ["body.points"])
    assert (await post(machine, path, {"points": 101, "reason": "too many"}))[0] == 422
    assert (await post(viewer, path, {"points": 1, "reason": "not allowed"}))[0] == 403
    assert await requested(api, CustomerTrustCorrected, "cus_refused") == []


async def test_a_status_may_end_at_a_time_in_the_future(api: Api, machine: aiohttp.ClientSession) -> None:
    await api.project(update(api, "cus_until"))
    path, body = "/api/v1/customers/cus_until/status", {"status": "blocked", "reason": "chargeback"}

    status, accepted = await post(machine, path, {**body, "expires_at": END.isoformat()})
    assert (status, accepted["expires_at"]) == (202, "2031-01-02T03:04:05Z")
    [message] = await requested(api, CustomerStatusSet, "cus_until")
    assert (message.status, message.expires_at) == ("blocked", END)
    line = await api.pool.fetchrow("SELECT after FROM control.audit_log WHERE subject = 'customer cus_until'")
    assert line is not None
    assert line["after"] == {**body, "expires_at": "2031-01-02T03:04:05Z"}

    past = (api.clock.now() - timedelta(seconds=1)).isoformat()
    status, problem = await post(machine, path, {**body, "expires_at": past})
    assert (status, [each["field"] for each in problem["errors"]]) == (422, ["body.expires_at"])


async def test_a_customer_shows_when_the_status_ends_until_it_has(api: Api, machine: aiohttp.ClientSession) -> None:
    blocked = {"status": TrustStatus.BLOCKED, "cause": "status_set", "status_expires_at": END}
    expired = {"status": TrustStatus.NEUTRAL, "cause": "status_expired"}
    await api.project(update(api, "cus_ends", version=1, **blocked))
    shown = await get(machine, "/api/v1/customers/cus_ends")
    assert (shown["status"], shown["status_expires_at"]) == ("blocked", "2031-01-02T03:04:05Z")

    await api.project(update(api, "cus_ends", version=2, **expired), update(api, "cus_ends", version=1, **blocked))
    shown = await get(machine, "/api/v1/customers/cus_ends")
    assert (shown["status"], shown["status_expires_at"]) == ("neutral", None)
    assert shown["history"][0]["cause"] == "status_expired"
