"""The API's calls to other services' private ports."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from http import HTTPStatus

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from orylo_api.errors import Conflict, NotFound
from orylo_api.private_port import PrivatePort
from orylo_common.errors import TransientError
from orylo_common.http.problems import HTTPProblem, Problem

LIMIT = timedelta(seconds=2)
UNKNOWN = Problem(HTTPStatus.NOT_FOUND, "not_found", "The webhook does not exist.")
TAKEN = Problem(HTTPStatus.CONFLICT, "not_resendable", "Its event arrived before.")


@asynccontextmanager
async def answering(response: web.Response) -> AsyncIterator[PrivatePort]:
    async def answer(request: web.Request) -> web.Response:
        return response

    app = web.Application()
    app.router.add_route("*", "/path", answer)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        yield PrivatePort(session, "ingest", f"{server.make_url('/')}", "ORYLO_INGEST_PRIVATE_URL")


async def test_a_json_answer_is_returned() -> None:
    async with answering(web.json_response({"items": [1]})) as port:
        assert await port.call("GET", "/path", {"limit": "1"}, limit=LIMIT) == {"items": [1]}


@pytest.mark.parametrize(("problem", "error"), [(UNKNOWN, NotFound), (TAKEN, Conflict)])
async def test_a_refusal_keeps_the_reason_and_the_code_of_the_service(
    problem: Problem, error: type[NotFound | Conflict]
) -> None:
    async with answering(problem.response()) as port:
        with pytest.raises(error, match=problem.detail.removesuffix(".")) as raised:
            await port.call("POST", "/path", limit=LIMIT)

    assert raised.value.code == problem.code


@pytest.mark.parametrize(
    "response",
    [
        web.Response(status=404, text="404: Not Found"),
        web.Response(text="<html>"),
        web.Response(status=400),
        web.Response(status=503),
    ],
    ids=["a route that the service lacks", "no JSON", "400", "503"],
)
async def test_any_other_answer_is_worth_a_retry(response: web.Response) -> None:
    async with answering(response) as port:
        with pytest.raises(TransientError, match="the service ingest cannot be reached"):
            await port.call("GET", "/path", limit=LIMIT)


async def test_a_service_without_an_address_is_reported_to_the_operator() -> None:
    async with aiohttp.ClientSession() as session:
        port = PrivatePort(session, "detector", None, "ORYLO_DETECTOR_URL")
        with pytest.raises(HTTPProblem) as raised:
            await port.call("GET", "/path", limit=LIMIT)

    assert (raised.value.problem.status, raised.value.problem.code) == (503, "detector_not_configured")
    assert "ORYLO_DETECTOR_URL" in raised.value.problem.detail
