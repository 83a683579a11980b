"""Each endpoint's responses, over HTTP."""

import asyncio
import re
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from orylo_api.http.pages import FILTER_LIMIT
from orylo_api.http.route import Route
from orylo_api.routes import ROUTES
from orylo_common.ids import uuid7
from orylo_common.messages import (
    ConversionDispatched,
    ConversionFailed,
    ConversionMatched,
    ConversionSuppressed,
    CustomerStatusSet,
    Decision,
    DisputeOpened,
    Match,
    PaymentCreated,
    PaymentFailed,
    PaymentSucceeded,
    TrustStatus,
    decode,
)
from tests.integration.api.conftest import Api, make_shop
from tests.unit.api.builders import after, conversion, detection, payment, replaced, trust_updated

pytestmark = pytest.mark.integration


@pytest.fixture
async def machine(api: Api) -> aiohttp.ClientSession:
    return api.client(api.a.bearer)


async def get(client: aiohttp.ClientSession, path: str, **query: Any) -> Any:
    async with client.get(path, params=query) as response:
        assert response.status == 200, await response.text()
        return await response.json()


async def refused(client: aiohttp.ClientSession, path: str, **query: Any) -> tuple[int, list[str]]:
    async with client.get(path, params=query) as response:
        assert response.content_type == "application/problem+json"
        body = await response.json()
        return response.status, [error["field"] for error in body["errors"] or []]


def of(api: Api, **changes: Any) -> dict[str, Any]:
    return {"tenant_id": api.a.tenant.id, **changes}


async def test_a_detection_has_the_fields_that_scripts_rely_on(api: Api, machine: aiohttp.ClientSession) -> None:
    made = detection(**of(api, occurred_at=after(0)))
    await api.project(made)

    found = await get(machine, f"/api/v1/detections/{made.detection_id}")

    assert found == (await get(machine, "/api/v1/detections", payment_id=made.payment_id))["items"][0]
    assert list(found) == [
        "id", "event_id", "payment_id", "payment_type", "gateway", "customer_id", "decision", "risk_score", "reasons",
        "points", "override", "rules", "detectors", "degraded", "amount_minor", "currency", "occurred_at", "created_at",
        "version", "replaces", "replaced_by",
    ]  # fmt: skip
    assert (found["decision"], found["risk_score"], found["reasons"]) == ("review", 55, ["velocity.card_1m"])
    assert found["points"] == [{"reason": "velocity.card_1m", "detector": "velocity", "points": 55, "figures": None}]
    assert found["override"] is None
    without = {"risk_score": 0, "decision": "allow"}
    assert found["detectors"] == [
        {"name": "velocity", "score": 55, "reasons": ["velocity.card_1m"], "duration_us": 900, "otherwise": without},
        {"name": "amount_anomaly", "score": 0, "reasons": [], "duration_us": 70, "otherwise": None},
    ]
    assert found["occurred_at"] == "2026-03-14T12:00:00.123456Z"


async def test_a_payment_has_one_current_decision_and_a_history(api: Api, machine: aiohttp.ClientSession) -> None:
    about = of(api, customer_id="cus_current", payment_id="stripe:pi_current")
    sale = payment(PaymentSucceeded, **about)
    first = detection(**about, decision=Decision.ALLOW, version=1)
    second = detection(**about, decision=Decision.BLOCK, version=3, replaces=replaced(first))
    other = detection(**about | {"payment_id": "stripe:pi_current_2"})
    # The newest decision is projected first.
    await api.project(sale, second, other)
    await api.project(first)

    async def listed(**query: Any) -> set[str]:
        page = await get(machine, "/api/v1/detections", customer_id="cus_current", limit=1, **query)
        ids = {each["id"] for each in page["items"]}
        return ids | (await listed(**{**query, "cursor": page["next_cursor"]}) if page["next_cursor"] else set())

    assert await listed() == {str(first.detection_id), str(second.detection_id), str(other.detection_id)}
    assert await listed(current="true") == {str(second.detection_id), str(other.detection_id)}
    assert await listed(current="false") == {str(first.detection_id)}
    assert await listed(current="true", decision="allow") == set()

    [newest, oldest] = sorted(
        (await get(machine, "/api/v1/detections", payment_id=sale.payment_id))["items"],
        key=lambda each: -int(each["version"]),
    )
    assert (newest["replaces"], newest["replaced_by"]) == (str(first.detection_id), None)
    assert (oldest["replaces"], oldest["replaced_by"]) == (None, str(second.detection_id))
    assert (await get(machine, f"/api/v1/detections/{first.detection_id}"))["replaced_by"] == str(second.detection_id)
    decision = (await get(machine, f"/api/v1/payments/{sale.payment_id}"))["decision"]
    assert decision == {
        "id": str(second.detection_id),
        "decision": "block",
        "risk_score": 55,
        "version": 3,
        "created_at": newest["created_at"],
    }


async def test_a_list_entry_is_shown_as_an_override_also_in_the_customers_history(
    api: Api, machine: aiohttp.ClientSession
) -> None:
    made = detection(**of(api, customer_id="cus_listed", decision=Decision.BLOCK, override="blocked"))
    await api.project(made, trust_updated(**of(api, customer_id="cus_listed")))

    found = await get(machine, f"/api/v1/detections/{made.detection_id}")
    [entry] = [
        each for each in (await get(machine, "/api/v1/customers/cus_listed"))["history"] if each["kind"] == "detection"
    ]
    for shown in (found, entry):
        assert (shown["override"], shown["risk_score"]) == ("blocked", 55)
        assert sum(each["points"] for each in shown["points"]) == 55


async def test_a_decision_of_the_former_shape_is_shown_without_points(api: Api, machine: aiohttp.ClientSession) -> None:
    made = detection(**of(api, reasons=("list.blocked",), points=(), risk_score=100))
    await api.project(made)
    query = "UPDATE api.detections_view SET findings = findings - 'points' - 'override' WHERE id = $1"
    for stored_before in (False, True):
        if stored_before:
            await api.projector.execute(query, made.detection_id)
        found = await get(machine, f"/api/v1/detections/{made.detection_id}")
        assert (found["reasons"], found["points"], found["override"]) == (["list.blocked"], [], None)


async def test_pages_hold_everything_once_newest_first(api: Api, machine: aiohttp.ClientSession) -> None:
    customer = "cus_pages"
    made = [detection(**of(api, customer_id=customer)) for _ in range(23)]
    await api.project(*made)

    seen: list[str] = []
    query: dict[str, Any] = {"customer_id": customer, "limit": 5}
    while True:
        page = await get(machine, "/api/v1/detections", **query)
        seen += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        assert len(page["items"]) == 5
        query["cursor"] = page["next_cursor"]
        # New rows do not shift the pages.
        await api.project(detection(**of(api, customer_id=customer)))

    assert seen == [str(one.detection_id) for one in reversed(made)]


async def test_detections_are_filtered(api: Api, machine: aiohttp.ClientSession) -> None:
    customer = "cus_filters"
    made = {
        (decision, gateway, risk): detection(
            **of(api, customer_id=customer, decision=decision, gateway=gateway, risk_score=risk)
        )
        for decision in Decision
        for gateway in ("stripe", "hotmart")
        for risk in (10, 90)
    }
    await api.project(*made.values())
    ids = {str(one.detection_id): key for key, one in made.items()}

    async def keys(**query: Any) -> set[Any]:
        page = await get(machine, "/api/v1/detections", customer_id=customer, **query)
        return {ids[item["id"]] for item in page["items"]}

    assert await keys() == set(made)
    for decision in Decision:
        assert await keys(decision=decision.value) == {key for key in made if key[0] == decision}
    assert await keys(gateway="hotmart") == {key for key in made if key[1] == "hotmart"}
    assert await keys(min_risk=50) == {key for key in made if key[2] == 90}
    assert await keys(decision="block", gateway="stripe", min_risk=11) == {(Decision.BLOCK, "stripe", 90)}
    now = api.clock.now()
    assert await keys(**{"from": (now + timedelta(minutes=1)).isoformat()}) == set()
    assert await keys(to=(now + timedelta(minutes=1)).isoformat()) == set(made)


async def test_conditions_without_an_index_filter_page_by_page(api: Api, machine: aiohttp.ClientSession) -> None:
    """However rare the rows are: no page reads more than the limit, and the cursor continues."""
    await api.pool.execute(
        """
        INSERT INTO api.detections_view
        SELECT $1, gen_random_uuid(), 'e', 'stripe:p', 't', CASE WHEN n = 2 THEN 'rare' ELSE 'stripe' END, 'cus_sifted',
               'allow', 0, '{"reasons": [], "detectors": [], "degraded": []}', 1, 'BRL', now(),
               timestamptz '2001-01-01' + n * interval '1 second'
        FROM generate_series(1, $2) AS n
        """,
        api.a.tenant.id,
        2 * FILTER_LIMIT + 100,
    )
    query: dict[str, Any] = {"gateway": "rare", "to": "2002-01-01T00:00:00Z", "limit": 10}
    pages = []
    while "cursor" not in query or query["cursor"]:
        page = await get(machine, "/api/v1/detections", **query)
        pages.append(len(page["items"]))
        query["cursor"] = page["next_cursor"]

    assert pages == [0, 0, 1]


async def test_a_customer_is_shown_with_their_history(api: Api, machine: aiohttp.ClientSession) -> None:
    customer = "cus_history"
    paid = of(api, customer_id=customer, payment_id="stripe:pi_history")
    await api.project(
        payment(PaymentCreated, **paid, occurred_at=after(0)),
        payment(PaymentSucceeded, **paid, occurred_at=after(1)),
        trust_updated(**of(api, customer_id=customer, occurred_at=after(2))),
        payment(DisputeOpened, **paid, occurred_at=after(3)),
        trust_updated(
            **of(api, customer_id=customer, occurred_at=after(4), version=2, score_before=52, score_after=2),
            cause="dispute_opened",
        ),
        detection(**paid),
    )

    found = await get(machine, f"/api/v1/customers/{customer}")

    assert (found["id"], found["trust_score"], found["status"]) == (customer, 2, "neutral")
    assert [entry["kind"] for entry in found["history"]] == ["detection", "trust", "payment", "trust"]
    assert found["history"][2]["state"] == "disputed"
    assert found["history"][1]["cause"] == "dispute_opened"
    listed = await get(machine, "/api/v1/customers", max_trust=2)
    assert customer in {item["id"] for item in listed["items"]}


async def test_customers_are_filtered_by_status(api: Api, machine: aiohttp.ClientSession) -> None:
    await api.project(
        trust_updated(**of(api, customer_id="cus_blocked", status=TrustStatus.BLOCKED)),
        trust_updated(**of(api, customer_id="cus_neutral")),
    )
    for status in ("blocked", "neutral"):
        page = await get(machine, "/api/v1/customers", status=status)
        ids = {item["id"] for item in page["items"]}
        assert ids & {"cus_blocked", "cus_neutral"} == {f"cus_{status}"}


async def test_customers_are_found_by_their_ids(api: Api, machine: aiohttp.ClientSession) -> None:
    await api.project(*(trust_updated(**of(api, customer_id=f"cus_ids_{number}")) for number in range(3)))

    page = await get(machine, "/api/v1/customers", ids="cus_ids_0,cus_ids_2,cus_unheard_of")

    assert {item["id"] for item in page["items"]} == {"cus_ids_0", "cus_ids_2"}
    async with machine.get("/api/v1/customers", params={"ids": ",".join(["cus_x"] * 101)}) as response:
        assert response.status == 422


async def test_a_payment_is_shown_in_its_current_state(api: Api, machine: aiohttp.ClientSession) -> None:
    async with machine.get("/api/v1/payments/hotmart:HP-2") as response:
        assert response.status == 404

    await api.project(payment(PaymentSucceeded, **of(api, payment_id="hotmart:HP-2", gateway="hotmart")))
    found = await get(machine, "/api/v1/payments/hotmart:HP-2")
    assert (found["state"], found["amount_minor"], found["card_last4"]) == ("succeeded", 1250, "4242")
    assert found["products"] == ["Course"]


async def test_a_conversion_has_the_fields_that_scripts_rely_on(api: Api, machine: aiohttp.ClientSession) -> None:
    made = {
        "pending": conversion(ConversionMatched, **of(api)),
        "dispatched": conversion(ConversionDispatched, **of(api)),
        "failed": conversion(ConversionFailed, **of(api)),
        "suppressed": conversion(ConversionSuppressed, **of(api)),
    }
    await api.project(*made.values())

    for status, one in made.items():
        page = await get(machine, "/api/v1/conversions", status=status, destination="meta")
        (found,) = (item for item in page["items"] if item["id"] == str(one.conversion_id))
        assert found == await get(machine, f"/api/v1/conversions/{one.conversion_id}")
        assert found["match"] == {
            "method": "click_id",
            "confidence": 0.99,
            "click_id": "clk_1",
            "tried": [],
            "utm": {"source": "facebook", "campaign": "black-friday"},
        }
        assert {"id", "event_id", "payment_id", "destination", "status", "match", "attempts"} <= set(found)
    assert (await get(machine, "/api/v1/conversions", destination="nowhere"))["items"] == []


async def test_conversions_are_listed_by_gateway_match_and_cause(api: Api) -> None:
    shop = await make_shop(api.pool, f"loja-{uuid7().hex}")
    machine = api.client(shop.bearer)

    def of_shop(**changes: Any) -> dict[str, Any]:
        return {"tenant_id": shop.tenant.id, "conversion_id": uuid7(), **changes}

    email = Match(method="email", confidence=0.85, click_id="clk_2")
    made = {
        "token": conversion(ConversionFailed, **of_shop(payment_id="stripe:1", match=email)),
        "old": conversion(ConversionFailed, **of_shop(payment_id="hotmart:1", code=None, reason="too old" + "x" * 300)),
        "blocked": conversion(ConversionSuppressed, **of_shop(payment_id="hotmart:stripe:2")),
    }
    await api.project(*made.values())

    async def listed(**query: Any) -> set[str]:
        found = {each["id"] for each in (await get(machine, "/api/v1/conversions", **query))["items"]}
        return {name for name, one in made.items() if str(one.conversion_id) in found}

    assert await listed(gateway="hotmart") == {"old", "blocked"}
    assert await listed(gateway="hotmart,stripe") == set(made)
    assert await listed(method="email,phone") == {"token"}
    assert await listed(cause="190") == {"token"}
    assert await listed(cause="Meta refused the token") == set()
    assert await listed(cause=("too old" + "x" * 300)[:200]) == {"old"}
    assert await listed(cause="blocked", gateway="hotmart", method="click_id") == {"blocked"}
    async with machine.get("/api/v1/conversions", params={"method": "guess"}) as response:
        assert response.status == 422


async def test_the_overview_adds_up_what_happened(api: Api) -> None:
    shop = await make_shop(api.pool, f"loja-{uuid7().hex}")
    machine, now = api.client(shop.bearer), api.clock.stop()

    def now_of(**changes: Any) -> dict[str, Any]:
        return {"tenant_id": shop.tenant.id, "occurred_at": now, **changes}

    await api.project(
        payment(PaymentSucceeded, **now_of(payment_id="stripe:1", amount_minor=700)),
        payment(PaymentSucceeded, **now_of(payment_id="stripe:2", amount_minor=900, currency="USD")),
        payment(PaymentSucceeded, **now_of(payment_id="stripe:3", occurred_at=now - timedelta(days=3))),
        payment(PaymentFailed, **now_of(payment_id="stripe:4")),
        detection(**now_of(decision=Decision.BLOCK, payment_id="stripe:4")),
        conversion(ConversionDispatched, **now_of()),
    )

    found = await get(machine, "/api/v1/overview", timezone="America/Sao_Paulo")

    day, week = found["last_24h"], found["last_7d"]
    assert day["counts"]["payments_succeeded"] == 2
    assert week["counts"]["payments_succeeded"] == 3
    assert day["counts"]["detections_block"] == day["counts"]["conversions_dispatched"] == 1
    assert {sums["currency"]: sums["succeeded_minor"] for sums in day["amounts"]} == {"BRL": 700, "USD": 900}
    assert {sums["currency"]: sums["blocked_minor"] for sums in day["amounts"]} == {"BRL": 1250, "USD": 0}
    for covered, points in (("1h", 60), ("24h", 24), ("7d", 168), ("30d", 30)):
        series = (await get(machine, "/api/v1/overview", range=covered))["series"]
        assert len(series["points"]) == points
        assert series["points"][-1]["counts"]["payments_failed"] == 1
    assert (await refused(machine, "/api/v1/overview", timezone="Mars/Olympus")) == (422, ["query.timezone"])


async def test_failed_conversions_are_counted_as_they_are_listed(api: Api) -> None:
    """A conversion that was delivered later is not counted, whatever the order of messages."""
    machine, ids = api.client(api.b.bearer), [uuid7() for _ in range(4)]
    of_b: dict[str, Any] = {"tenant_id": api.b.tenant.id}
    early, late = [
        [conversion(kind, **of_b, conversion_id=conversion_id) for conversion_id in ids]
        for kind in (ConversionFailed, ConversionDispatched)
    ]
    await api.project(early[0], early[1], late[2])
    await api.project(late[1], early[2], early[3])
    async with machine.get("/api/v1/dead-letters?state=open") as response:
        dead = next(one for one in (await response.json())["items"] if one["subject"] == early[0].payment_id)
    async with machine.post(f"/api/v1/dead-letters/{dead['id']}/discard", json={"reason": "pixel deleted"}) as response:
        assert response.status == 200

    overview = await get(machine, "/api/v1/overview")
    listed = await get(machine, "/api/v1/conversions", status="failed")
    assert {item["id"] for item in listed["items"]} == {str(ids[0]), str(ids[3])}
    assert overview["last_7d"]["counts"]["conversions_failed"] == 2
    assert sum(point["counts"]["conversions_failed"] for point in overview["series"]["points"]) == 2


async def test_setting_a_status_is_published_and_audited(api: Api) -> None:
    await api.project(payment(PaymentCreated, **of(api, customer_id="cus_status")))
    browser = await api.sign_in(api.a)
    subscription = await api.broker.subscribe("trust", prefetch=10)
    body = {"status": "blocked", "reason": "stolen card"}

    async with browser.post("/api/v1/customers/cus_status/status", json=body) as response:
        assert response.status == 202
        accepted = await response.json()

    found: list[CustomerStatusSet] = []
    while not found:
        deliveries = await subscription.receive(10, timedelta(seconds=45))
        assert deliveries
        await subscription.ack(deliveries)
        # The API may still publish what earlier tests caused.
        messages = [decode(delivery.body) for delivery in deliveries]
        found = [each for each in messages if isinstance(each, CustomerStatusSet) and each.customer_id == "cus_status"]
    await subscription.close()
    (message,) = found
    assert (message.status, message.reason) == ("blocked", "stolen card")
    assert message.tenant_id == api.a.tenant.id
    assert accepted["actor"] == api.a.owner
    line = await api.pool.fetchrow("SELECT * FROM control.audit_log ORDER BY id DESC LIMIT 1")
    assert line is not None
    assert (line["actor"], line["action"], line["subject"]) == (
        api.a.owner, "customer.set_status", "customer cus_status"
    )  # fmt: skip
    assert (line["before"], line["after"]["status"]) == ({"status": "neutral"}, "blocked")
    assert line["address"] == "127.0.0.1"

    reported = {"status": TrustStatus.BLOCKED, "cause": "status_set", "actor": message.actor, "reason": message.reason}
    await api.project(trust_updated(**of(api, customer_id="cus_status", **reported)))
    history = (await get(browser, "/api/v1/customers/cus_status"))["history"]
    (entry,) = (entry for entry in history if entry["kind"] == "trust")
    assert (entry["cause"], entry["actor"], entry["reason"]) == ("status_set", api.a.owner, "stolen card")


async def test_a_post_repeated_with_its_key_takes_effect_once(api: Api, machine: aiohttp.ClientSession) -> None:
    await api.project(payment(PaymentCreated, **of(api, customer_id="cus_idem")))
    path, headers = "/api/v1/customers/cus_idem/status", {"Idempotency-Key": f"key-{uuid7()}"}
    body = {"status": "blocked", "reason": "twice"}

    async def send(body: dict[str, str]) -> tuple[int, bytes, bool]:
        async with machine.post(path, json=body, headers=headers) as response:
            return response.status, await response.read(), "Idempotency-Replayed" in response.headers

    answers = await asyncio.gather(*(send(body) for _ in range(8)))

    assert {(status, answer) for status, answer, _ in answers} == {(202, answers[0][1])}
    assert sorted(replayed for _, _, replayed in answers) == [False] + [True] * 7
    changes = await api.pool.fetchval("SELECT count(*) FROM control.audit_log WHERE subject = 'customer cus_idem'")
    assert changes == 1
    assert (await send({**body, "reason": "another"}))[0] == 409
    async with api.client(api.b.bearer).post(path, json=body, headers=headers) as response:
        assert response.status == 404, "another tenant's key of the same name is another key"


async def test_a_failed_post_does_not_use_up_its_idempotency_key(api: Api, machine: aiohttp.ClientSession) -> None:
    path, headers = "/api/v1/customers/cus_later/status", {"Idempotency-Key": f"key-{uuid7()}"}
    body = {"status": "blocked", "reason": "early"}
    async with machine.post(path, json=body, headers=headers) as response:
        assert response.status == 404
    await api.project(payment(PaymentCreated, **of(api, customer_id="cus_later")))
    async with machine.post(path, json=body, headers=headers) as response:
        assert response.status == 202


async def test_an_unchanged_response_is_not_sent_again(api: Api, machine: aiohttp.ClientSession) -> None:
    made = detection(**of(api))
    await api.project(made)
    path = f"/api/v1/detections/{made.detection_id}"
    async with machine.get(path) as response:
        etag = response.headers["ETag"]

    async with machine.get(path, headers={"If-None-Match": f'"other", W/{etag}'}) as response:
        assert (response.status, await response.read()) == (304, b"")
    async with machine.get(path, headers={"If-None-Match": '"other"'}) as response:
        assert response.status == 200


async def test_validation_errors_name_the_fields(api: Api, machine: aiohttp.ClientSession) -> None:
    path = "/api/v1/detections"
    assert await refused(machine, path, limit=0, min_risk=101) == (422, ["query.limit", "query.min_risk"])
    assert await refused(machine, path, desicion="block") == (422, ["query.desicion"])
    assert await refused(machine, path, decision="maybe") == (422, ["query.decision"])
    for cursor in ("AAAA", "WyJhIiwiYiJd", "bnVsbA", "W10"):
        assert await refused(machine, path, cursor=cursor) == (422, ["query.cursor"])
    assert await refused(machine, path, **{"from": "0001-01-01T00:00:00+14:00"}) == (422, ["query.from"])
    async with machine.get(f"{path}?limit=1&limit=2") as response:
        assert (await response.json())["errors"] == [{"field": "query.limit", "message": "is given twice"}]

    status_path = "/api/v1/customers/cus_x/status"
    async with machine.post(status_path, json={"status": "gone", "extra": 1}) as response:
        fields = {error["field"] for error in (await response.json())["errors"]}
        assert fields == {"body.status", "body.reason", "body.extra"}
    async with machine.post(status_path, data=b"{", headers={"Content-Type": "application/json"}) as response:
        assert (response.status, (await response.json())["type"]) == (400, "urn:orylo:problem:unreadable")
    async with machine.post(status_path, json={"status": "blocked", "reason": "a\x00b"}) as response:
        assert response.status == 422
    async with machine.post(status_path, data=b"x" * 100_000, headers={"Content-Type": "application/json"}) as response:
        assert response.status == 413
        assert (await response.json())["detail"] == "The body may have at most 65536 bytes."


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/api", 404),
        ("GET", "/api/v1/detections/not-an-id", 404),
        ("GET", "/api/v1/customers/%00", 404),
        ("DELETE", "/api/v1/detections", 405),
        ("GET", "/api/v1/auth/login", 405),
        ("POST", "/elsewhere", 405),
    ],
)
async def test_every_error_is_a_problem(
    api: Api, machine: aiohttp.ClientSession, method: str, path: str, status: int
) -> None:
    async with machine.request(method, path) as response:
        problem = await response.json(content_type="application/problem+json")
        assert (response.status, problem["status"]) == (status, status)
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        assert ("Allow" in response.headers) == (status == 405)
        assert problem["detail"]


def matches(template: str, path: str) -> bool:
    return re.fullmatch(re.sub(r"\{[a-z_]+\}", "[^/]+", template), path) is not None


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
async def test_each_path_accepts_exactly_its_methods(api: Api, machine: aiohttp.ClientSession, route: Route) -> None:
    path = route.path.replace("{gateway}", "stripe").replace("{label}", "main")
    path = re.sub(r"\{[a-z_]+\}", "stripe:nothing", path)
    # `/detections/evaluate` is also the path of a detection with this id.
    accepted = {method for each in ROUTES if matches(each.path, path) for method in each.methods}
    allowed = ", ".join(sorted(accepted | {"OPTIONS"}))
    for method, status in (("PROPFIND", 405), ("OPTIONS", 204)):
        async with machine.request(method, path) as response:
            assert (response.status, response.headers["Allow"]) == (status, allowed)
    if "HEAD" in route.methods:
        async with machine.get(path) as asked, machine.head(path) as response:
            assert (response.status, await response.read()) == (asked.status, b"")
            assert response.headers.get("ETag") == asked.headers.get("ETag")


async def test_requests_are_counted_by_template(api: Api, machine: aiohttp.ClientSession) -> None:
    await get(machine, "/api/v1/detections")
    async with machine.get("/api/v1/customers/cus_nobody") as response:
        assert response.status == 404
    metrics = await (await machine.get("/metrics")).text()
    assert 'route="/api/v1/customers/{id}",status="404"' in metrics
    assert "cus_nobody" not in metrics
