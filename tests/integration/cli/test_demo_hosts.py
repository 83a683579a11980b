"""Web pages reach neither a demo under a foreign name nor the controls of the fake Meta."""

import aiohttp
import pytest

from orylo_cli.demo.fake_meta import run_fake_meta
from tests.integration.api.conftest import running_api

pytestmark = pytest.mark.integration


@pytest.mark.parametrize(("demo", "status"), [(True, 421), (False, 401)])
async def test_a_demo_answers_to_loopback_names_only(postgres_dsn: str, demo: bool, status: int) -> None:
    body = {"email": "a@b.example", "password": "x"}
    async with (
        running_api(postgres_dsn, api_loopback_names_only=demo) as (url, _, _),
        aiohttp.ClientSession(url) as http,
    ):
        async with http.post("/api/v1/auth/login", json=body, headers={"Host": "rebound.evil.test"}) as response:
            assert response.status == status
            assert response.content_type == "application/problem+json"
        async with http.post("/api/v1/auth/login", json=body) as response:
            assert response.status == 401
        async with http.get("/", headers={"Host": "rebound.evil.test"}) as response:
            assert (response.status == 421) == demo


@pytest.mark.parametrize("path", ["mode", "reset"])
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://evil.test"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "rebound.evil.test"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({}, 200),
    ],
)
async def test_a_page_cannot_control_the_fake_meta(path: str, headers: dict[str, str], status: int) -> None:
    async with run_fake_meta() as meta, aiohttp.ClientSession() as http:
        sent = {"Content-Type": "application/json", **headers}
        async with http.post(f"{meta.base_url}/__control/{path}", data=b'{"mode": "down"}', headers=sent) as response:
            assert response.status == status


async def test_a_rebound_name_cannot_read_the_fake_metas_report() -> None:
    async with run_fake_meta() as meta, aiohttp.ClientSession() as http:
        async with http.get(f"{meta.base_url}/__control", headers={"Host": "rebound.evil.test"}) as response:
            assert response.status == 403
        async with http.get(f"{meta.base_url}/__control") as response:
            assert response.status == 200
