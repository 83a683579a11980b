"""HTTPS behind proxies, and the security headers of responses."""

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer, make_mocked_request

from orylo_common.http.security_headers import SECURITY_HEADERS, add_security_headers, came_by_https


@pytest.mark.parametrize(
    ("forwarded", "proxies", "https"),
    [
        (None, 0, False),
        (None, 1, False),
        ("https", 1, True),
        ("HTTPS", 1, True),
        ("https, http", 2, True),
        ("http, https", 2, False),
        ("http", 1, False),
        # No proxy is trusted: any client could have set the header.
        ("https", 0, False),
    ],
)
def test_the_scheme_is_the_one_used_towards_a_trusted_proxy(forwarded: str | None, proxies: int, https: bool) -> None:
    headers = {} if forwarded is None else {"X-Forwarded-Proto": forwarded}
    assert came_by_https(make_mocked_request("GET", "/", headers=headers), proxies) is https


@pytest.mark.parametrize("https", [True, False])
def test_hsts_covers_subdomains_and_is_sent_by_https_only(https: bool) -> None:
    response = web.Response(headers={"Cross-Origin-Resource-Policy": "cross-origin"})
    add_security_headers(response, SECURITY_HEADERS, https=https)
    assert response.headers.get("Strict-Transport-Security") == (
        "max-age=31536000; includeSubDomains" if https else None
    )
    assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert response.headers["Server"] == "orylo"


async def test_no_response_names_the_servers_software_even_if_aiohttp_did_before() -> None:
    async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
        add_security_headers(response, SECURITY_HEADERS, https=False)

    app = web.Application()
    app.on_response_prepare.append(add_headers)
    async with TestClient(TestServer(app)) as client, client.get("/") as response:
        assert response.headers["Server"] == "orylo"
