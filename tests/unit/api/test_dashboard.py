from functools import partial
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from orylo_api.http.dashboard import Dashboard
from orylo_api.http.middleware import handle_errors, secure_headers
from orylo_api.http.request_ids import identify_requests

PAGES = """{
    "overview": "/", "payments": "/payments", "payment": "/payments/:id", "problems": "/problems/:kind?",
    "account": "/account", "profile": "/settings/profile", "login": "/login"
}"""


@pytest.fixture
def built(tmp_path: Path) -> Path:
    for name, text in {
        "index.html": "<!doctype html>page",
        ".built": "sum",
        "favicon.svg": "<svg/>",
        "pages.json": PAGES,
        "assets/index-abc.js": "script",
        "assets/index-abc.js.gz": "gzipped",
        "assets/index-abc.js.br": "brotli",
        "docs/index.html": "<!doctype html>docs",
    }.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    return tmp_path


async def client_of(folder: Path) -> TestClient[web.Request, web.Application]:
    app = web.Application(middlewares=[identify_requests, handle_errors])
    app.on_response_prepare.append(partial(secure_headers, trusted_proxies=0))
    app.add_routes(Dashboard(folder).routes())
    return TestClient(TestServer(app), auto_decompress=False)


async def test_every_page_of_the_dashboard_is_the_same_file(built: Path) -> None:
    async with await client_of(built) as client:
        for path in (
            *("/", "/login", "/login/", "/?decision=block", "/account", "/settings/profile", "/problems"),
            *("/problems/quarantine", "/payments/stripe%3Api_1", "/payments/a%3Ab%2Fc.d%3Fe", "/payments/pi_1.2/"),
        ):
            response = await client.get(path)
            assert response.status == 200
            assert await response.text() == "<!doctype html>page"
            assert response.headers["Cache-Control"] == "no-cache"
            assert response.content_type == "text/html"
            again = await client.get(path, headers={"If-None-Match": response.headers["ETag"]})
            assert again.status == 304


async def test_an_unknown_path_is_not_found_and_serves_the_page_that_says_so(built: Path) -> None:
    async with await client_of(built) as client:
        for path in ("/feed", "/customers/cus_1", "/login/x", "/apis", "/settings", "/payments/a/b", "/payments//"):
            for known in ({}, {"If-None-Match": (await client.get("/")).headers["ETag"]}):
                response = await client.get(path, headers=known)
                assert (response.status, response.content_type) == (404, "text/html")
                assert await response.text() == "<!doctype html>page"


@pytest.mark.parametrize(
    ("accepted", "body", "coding"),
    [
        ("gzip, br", b"brotli", "br"),
        ("gzip;q=0.8", b"gzipped", "gzip"),
        ("gzip;q=0, identity", b"script", None),
        ("", b"script", None),
    ],
)
async def test_hashed_files_are_kept_for_a_year(built: Path, accepted: str, body: bytes, coding: str | None) -> None:
    async with await client_of(built) as client:
        response = await client.get("/assets/index-abc.js", headers={"Accept-Encoding": accepted})
        assert await response.read() == body
        assert response.headers.get("Content-Encoding") == coding
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert response.content_type in {"text/javascript", "application/javascript"}


@pytest.mark.parametrize(
    "path",
    [
        "/assets/gone.js",
        "/.built",
        "/logo.png",
        "/assets/../../pyproject.toml",
        "/%2e%2e/secret.txt",
        "/api/v1/x",
        "/api",
    ],
)
async def test_unknown_files_and_api_paths_do_not_serve_the_page(built: Path, path: str) -> None:
    async with await client_of(built) as client:
        response = await client.get(path)
        assert response.status == 404
        assert response.content_type == "application/problem+json"


async def test_the_api_reference_is_served_under_the_same_content_security_policy(built: Path) -> None:
    async with await client_of(built) as client:
        response = await client.get("/api/docs")
        assert await response.text() == "<!doctype html>docs"
        page = await client.get("/")
        policies = {each.headers["Content-Security-Policy"] for each in (response, page)}
        assert len(policies) == 1
        assert "unsafe" not in policies.pop()


async def test_without_a_build_the_page_says_how_to_build(tmp_path: Path) -> None:
    async with await client_of(tmp_path / "static") as client:
        assert "make web" in await (await client.get("/")).text()
