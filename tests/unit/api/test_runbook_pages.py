"""A link in a notification opens the alarm's page, also on a phone."""

import re
from base64 import b64encode
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from orylo_api.http.dashboard import Dashboard
from orylo_api.http.runbooks import FILES, Runbooks

Client = TestClient[web.Request, web.Application]


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    app = web.Application()
    app.add_routes([*Runbooks().routes(), *Dashboard().routes()])
    async with TestClient(TestServer(app)) as client:
        yield client


async def shown(client: Client, path: str) -> str:
    async with client.get(path) as response:
        assert response.status == 200
        assert response.content_type == "text/html"
        return await response.text()


async def test_every_alarm_has_a_page(client: Client) -> None:
    alarms = [file.stem for file in FILES.glob("*/*.md")]
    index = await shown(client, "/runbooks")

    assert len(alarms) > 40
    for alarm in alarms:
        assert f'<a href="/runbooks/{alarm}">' in index
        assert f"<h1>{alarm}</h1>" in await shown(client, f"/runbooks/{alarm}")


async def test_links_between_pages_lead_to_pages(client: Client) -> None:
    page = await shown(client, "/runbooks/CircuitOpen")

    targets = re.findall(r'href="([^"]+)"', page)
    assert "/runbooks/DispatchDeliveriesLate" in targets
    for target in targets:
        await shown(client, target)


async def test_a_page_fits_a_phone_and_loads_nothing(client: Client) -> None:
    async with client.get("/runbooks/ServiceDown") as response:
        policy, page = response.headers["Content-Security-Policy"], await response.text()

    assert 'name="viewport" content="width=device-width' in page
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert b64encode(sha256(style.encode()).digest()).decode() in policy
    assert "unsafe" not in policy
    assert not re.search(r"<(script|img|link|iframe)", page)


async def test_text_that_looks_like_html_stays_text(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# Runbooks")
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "Odd.md").write_text("# Odd\n\n<script>alert(1)</script>\n\n[l](javascript:alert(1))\n")
    app = web.Application()
    app.add_routes(Runbooks(tmp_path).routes())

    async with TestClient(TestServer(app)) as client:
        page = await shown(client, "/runbooks/Odd")

    assert "<script" not in page
    assert 'href="javascript' not in page


@pytest.mark.parametrize("path", ["/runbooks/Unknown", "/runbooks/..%2f..%2fREADME", "/runbooks/README"])
async def test_other_names_are_not_found(client: Client, path: str) -> None:
    async with client.get(path) as response:
        assert response.status == 404
