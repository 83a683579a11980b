"""Each response has the id of its request, and so have problems and log lines."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from structlog.contextvars import get_contextvars, merge_contextvars

from orylo_api.access.identity import Principal
from orylo_api.errors import Invalid
from orylo_api.http.middleware import handle_errors
from orylo_api.http.problem_details import ProblemDetails
from orylo_api.http.problems import UNAVAILABLE
from orylo_api.http.request_ids import HEADER, add_request_id, identify_requests, log_caller
from orylo_common.control.models import Role, Tenant
from orylo_common.errors import TransientError
from orylo_common.http.problems import HTTPProblem
from orylo_common.ids import uuid7

ERRORS = {
    "invalid": Invalid("some values are invalid", []),
    "transient": TransientError("the service ingest cannot be reached"),
    "unavailable": HTTPProblem(UNAVAILABLE),
    "bug": ZeroDivisionError("division by zero"),
}

CALLER = Principal("user", uuid7(), "ana@shop.example", Role.OWNER, Tenant(uuid7(), "shop", "Shop"))

Client = TestClient[web.Request, web.Application]


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async def fail(request: web.Request) -> web.Response:
        raise ERRORS[request.match_info["error"]]

    async def answer(request: web.Request) -> web.Response:
        return web.json_response({"logged": get_contextvars()["request_id"]})

    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        return response

    app = web.Application(middlewares=[identify_requests, handle_errors])
    app.on_response_prepare.append(add_request_id)
    app.add_routes([web.get("/fails/{error}", fail), web.get("/answer", answer), web.get("/stream", stream)])
    async with TestClient(TestServer(app)) as client:
        yield client


@pytest.mark.parametrize("path", [*(f"/fails/{name}" for name in ERRORS), "/nothing"])
async def test_each_problem_has_the_id_of_the_header(client: Client, path: str) -> None:
    async with client.get(path) as response:
        problem = ProblemDetails.model_validate(await response.json())

    assert problem.request_id == response.headers[HEADER]
    assert UUID(problem.request_id).version == 7


async def test_a_method_that_a_path_does_not_have_is_a_problem_with_an_id(client: Client) -> None:
    async with client.delete("/answer") as response:
        assert (await response.json())["request_id"] == response.headers[HEADER]


@pytest.mark.parametrize("name", ["transient", "unavailable", "bug"])
async def test_an_error_of_the_server_is_logged_with_the_id(client: Client, name: str) -> None:
    with structlog.testing.capture_logs(processors=[merge_contextvars]) as lines:
        async with client.get(f"/fails/{name}") as response:
            assert response.status >= 500

    assert [line["request_id"] for line in lines] == [response.headers[HEADER]]


async def test_each_request_of_a_connection_has_an_id_of_its_own(client: Client) -> None:
    ids = []
    for _ in range(2):
        # A client's own id is not taken.
        async with client.get("/answer", headers={HEADER: "chosen"}) as response:
            assert await response.json() == {"logged": response.headers[HEADER]}
            ids.append(response.headers[HEADER])

    assert len({*ids, "chosen"}) == 3
    assert "request_id" not in get_contextvars()


async def test_log_lines_name_the_caller_of_their_own_request() -> None:
    async def answer(request: web.Request) -> web.Response:
        if "known" in request.query:
            log_caller(CALLER)
        return web.json_response({name: get_contextvars()[name] for name in ("caller", "tenant_id")})

    app = web.Application(middlewares=[identify_requests])
    app.add_routes([web.get("/", answer)])
    async with TestClient(TestServer(app)) as client:
        logged = [await (await client.get(path)).json() for path in ("/?known", "/")]

    assert logged == [
        {"caller": f"user:{CALLER.id}", "tenant_id": str(CALLER.tenant.id)},
        {"caller": "unknown", "tenant_id": None},
    ]


async def test_a_stream_has_the_id_too(client: Client) -> None:
    async with client.get("/stream") as response:
        assert UUID(response.headers[HEADER])
