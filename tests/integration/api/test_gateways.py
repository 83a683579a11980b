"""Gateways on the API: settings and secrets as the command writes them, health, and a sample through ingest."""

from typing import Any

import aiohttp
import orjson
import pytest

from tests.integration.api.test_webhooks import Shop, accept, refuse, shop
from tests.integration.ingest.running import Ingest
from tests.support.eventually import eventually
from tests.unit.ingest.given import stripe

__all__ = ["shop"]

pytestmark = pytest.mark.integration


async def send(
    client: aiohttp.ClientSession, method: str, path: str, body: Any = None, **headers: str
) -> tuple[int, dict[str, Any], Any]:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    async with client.request(method, f"/api/v1/gateways{path}", json=body, headers=given) as response:
        answer = await response.json(content_type=None)
        return response.status, answer, response.headers


async def test_every_gateway_is_listed_with_its_url_and_health(shop: Shop) -> None:
    await accept(shop, 1)
    await refuse(shop)

    async def counted() -> bool:
        _, listed, _ = await send(shop.owner, "GET", "")
        stripe = next(each for each in listed["items"] if each["name"] == "stripe")
        return bool(stripe["health"]["counts"]["accepted"] == 1 and stripe["health"]["counts"]["rejected"] == 1)

    await eventually(counted)
    _, listed, _ = await send(shop.owner, "GET", "")
    gateways = {each["name"]: each for each in listed["items"]}
    assert sorted(gateways) == ["hotmart", "kiwify", "perfectpay", "stripe"]
    assert gateways["stripe"]["configured"]
    assert gateways["stripe"]["url"] == "https://hooks.example.com/api/v1/webhooks/stripe/loja"
    assert gateways["stripe"]["reachable"]
    assert gateways["stripe"]["health"]["last_at"] is not None
    assert [secret["label"] for secret in gateways["stripe"]["secrets"]] == ["0"]
    assert not gateways["hotmart"]["configured"]
    assert gateways["hotmart"]["health"]["last_at"] is None
    assert "whsec" not in orjson.dumps(listed).decode()


async def test_a_gateway_is_set_up_with_its_first_secret_and_receives_webhooks(shop: Shop) -> None:
    assert (await send(shop.owner, "PUT", "/hotmart", {}))[0] == 422
    body = {"accept": ["live"], "secret": {"label": "march", "secret": " hottok-1234 "}}
    status, saved, _ = await send(shop.owner, "PUT", "/hotmart", body)
    assert (status, saved["configured"], saved["accept"]) == (200, True, ["live"])

    async def accepted() -> bool:
        answer = await shop.ingest.post(b"{}", gateway="hotmart", headers={"X-HOTMART-HOTTOK": "hottok-1234"})
        return answer.status == 202

    await eventually(accepted)
    status, saved, _ = await send(shop.owner, "PUT", "/hotmart", {"enabled": False})
    assert (status, saved["enabled"], saved["accept"]) == (200, False, ["live", "test"])
    lines = await shop.ingest.pool.fetch(
        "SELECT action, after FROM control.audit_log WHERE subject = 'gateway hotmart' ORDER BY at, id"
    )
    assert [line["action"] for line in lines] == ["gateway.set", "gateway.set"]
    assert lines[0]["after"]["secret_label"] == "march"
    assert "hottok-1234" not in orjson.dumps([dict(line) for line in lines]).decode()


async def test_a_change_of_a_gateway_that_has_changed_is_refused(shop: Shop) -> None:
    _, _, headers = await send(shop.owner, "GET", "/stripe")
    etag = headers["ETag"]
    await accept(shop, 1)
    assert (await send(shop.owner, "PUT", "/stripe", {"mode": "hmac"}, If_Match=etag))[0] == 200
    assert (await send(shop.owner, "PUT", "/stripe", {"mode": "native"}, If_Match=etag))[0] == 412
    _, shown, _ = await send(shop.owner, "GET", "/stripe")
    assert shown["mode"] == "hmac"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"allowed_networks": ["203.0.113.7/24"]}, "body.allowed_networks"),
        ({"allowed_networks": ["10"]}, "body.allowed_networks"),
        ({"timezone": "America/Sao_Paulo"}, "body.timezone"),
        ({"accept": []}, "body.accept"),
        ({"mode": "basic"}, "body.mode"),
        ({"secret": {"secret": "  abc  "}}, "body.secret.secret"),
        ({"accepts": ["live"]}, "body.accepts"),
    ],
)
async def test_values_that_ingest_could_not_use_are_refused(shop: Shop, body: dict[str, Any], field: str) -> None:
    status, problem, _ = await send(shop.owner, "PUT", "/stripe", body)
    assert status == 422
    assert [error["field"] for error in problem["errors"]] == [field]


async def test_a_secret_is_rotated_and_the_needed_one_is_not_retired_by_accident(shop: Shop) -> None:
    status, problem, _ = await send(shop.owner, "POST", "/stripe/secrets/0/retire", {})
    assert (status, problem["code"]) == (409, "secret_in_use")
    new = {"label": "2026-03", "secret": "whsec_new_one"}
    status, added, _ = await send(shop.owner, "POST", "/stripe/secrets", new)
    assert (status, added["label"], added["last_used_at"]) == (201, "2026-03", None)
    assert (await send(shop.owner, "POST", "/stripe/secrets", new))[1]["code"] == "label_taken"

    await shop.ingest.pool.execute("UPDATE control.gateway_secrets SET last_used_at = now() WHERE label = '0'")
    status, problem, _ = await send(shop.owner, "POST", "/stripe/secrets/0/retire", {})
    assert (status, problem["code"]) == (409, "secret_in_use")

    async def accepted() -> bool:
        answer = await shop.ingest.stripe(orjson.dumps(stripe("charge.succeeded")), secret="whsec_new_one")
        return answer.status in (200, 202)

    await eventually(accepted)
    await shop.ingest.pool.execute("UPDATE control.gateway_secrets SET last_used_at = now() WHERE label = '2026-03'")
    status, left, _ = await send(shop.owner, "POST", "/stripe/secrets/0/retire", {})
    assert (status, [each["label"] for each in left["items"]]) == (200, ["2026-03"])
    assert (await send(shop.owner, "POST", "/stripe/secrets/0/retire", {}))[0] == 404
    status, left, _ = await send(shop.owner, "POST", "/stripe/secrets/2026-03/retire", {"force": True})
    assert (status, left["items"]) == (200, [])


async def test_a_sample_takes_the_path_of_every_webhook_and_counts_nowhere(shop: Shop) -> None:
    status, outcome, _ = await send(shop.owner, "POST", "/stripe/sample")
    assert (status, outcome["status"], outcome["state"]) == (200, 202, "accepted")
    assert outcome["payment_id"].startswith("stripe:pi_sample_")
    await eventually(lambda: bool(shop.ingest.published.messages))
    (message,) = shop.ingest.published.messages
    assert message.model_dump()["test"] is True
    assert str(message.model_dump()["event_id"]) == outcome["webhook_id"]

    await shop.ingest.configure(allowed_networks=("203.0.113.0/24",))

    async def refused() -> bool:
        _, outcome, _ = await send(shop.owner, "POST", "/stripe/sample")
        return bool((outcome["status"], outcome["code"]) == (401, "address_not_allowed"))

    await eventually(refused)
    status, problem, _ = await send(shop.owner, "POST", "/kiwify/sample")
    assert (status, problem["code"]) == (409, "no_secret")


async def test_statistics_are_by_hour_and_bounded(shop: Shop) -> None:
    await accept(shop, 1)

    async def counted() -> bool:
        _, stats, _ = await send(shop.owner, "GET", "/stripe/stats")
        return bool(sum(hour["counts"]["accepted"] for hour in stats["hours"]) == 1)

    await eventually(counted)
    span = "?from=2026-01-01T00:00:00Z&to=2026-03-01T00:00:00Z"
    assert (await send(shop.owner, "GET", f"/stripe/stats{span}"))[0] == 422
    assert (await send(shop.owner, "GET", "/stripe/stats?from=2020-01-01T00:00:00Z"))[0] == 422
    assert (await send(shop.owner, "GET", "/paypal/stats"))[0] == 404


async def test_no_other_tenant_and_no_viewer_changes_a_gateway(shop: Shop, postgres_dsn: str) -> None:
    _, shown, _ = await send(shop.other, "GET", "/stripe")
    assert not shown["configured"]
    assert (await send(shop.other, "GET", "/stripe/secrets"))[1]["items"] == []
    status, problem, _ = await send(shop.other, "POST", "/stripe/secrets/0/retire", {"force": True})
    assert (status, problem["code"]) == (409, "gateway_not_configured")
    assert (await send(shop.other, "POST", "/stripe/sample"))[1]["code"] == "no_secret"
    for method, path, body in (
        ("PUT", "/stripe", {}),
        ("POST", "/stripe/secrets", {"secret": "whsec_viewer"}),
        ("POST", "/stripe/secrets/0/retire", {}),
        ("POST", "/stripe/sample", None),
    ):
        assert (await send(shop.viewer, method, path, body))[0] == 403
    rows = await _rows_without_a_tenant(shop.ingest)
    assert rows == (0, 0)


async def _rows_without_a_tenant(ingest: Ingest) -> tuple[int, int]:
    async with ingest.pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL ROLE orylo_api")
        return (
            await connection.fetchval("SELECT count(*) FROM control.gateways"),
            await connection.fetchval("SELECT count(*) FROM control.gateway_secrets"),
        )
