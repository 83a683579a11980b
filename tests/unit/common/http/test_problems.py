"""Error responses follow RFC 9457."""

from datetime import timedelta
from http import HTTPStatus

import orjson
import pytest

from orylo_common.http.problems import Problem


def test_a_problem_names_its_type_status_and_code() -> None:
    response = Problem(HTTPStatus.CONFLICT, "in_use", "The name is in use.", members={"names": ["a"]}).response()

    assert response.status == 409
    assert response.content_type == "application/problem+json"
    assert isinstance(response.body, bytes)
    assert orjson.loads(response.body) == {
        "type": "urn:orylo:problem:in_use",
        "title": "Conflict",
        "status": 409,
        "code": "in_use",
        "detail": "The name is in use.",
        "names": ["a"],
    }


@pytest.mark.parametrize(("wait_s", "header"), [(0.0, "1"), (0.2, "1"), (1.0, "1"), (1.1, "2"), (30.0, "30")])
def test_retry_after_is_in_whole_seconds_and_never_too_early(wait_s: float, header: str) -> None:
    problem = Problem(HTTPStatus.TOO_MANY_REQUESTS, "slow_down", "Later.", retry_after=timedelta(seconds=wait_s))

    assert problem.response().headers["Retry-After"] == header


def test_given_headers_are_added() -> None:
    response = Problem(HTTPStatus.METHOD_NOT_ALLOWED, "method", "No.").response({"Allow": "GET"})

    assert response.headers["Allow"] == "GET"
