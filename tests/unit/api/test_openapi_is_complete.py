"""Every route is documented: summary, description, tag, parameters, examples and problems."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import Field

from orylo_api.call import Call
from orylo_api.http.examples import ExampleComposer
from orylo_api.http.fields import RequestPart, ResponseBody
from orylo_api.http.openapi import build_document
from orylo_api.http.preconditions import shown_at
from orylo_api.http.problem_examples import EXAMPLES
from orylo_api.http.problems import PROBLEMS
from orylo_api.http.route import ANYONE, Media, Route
from orylo_api.routes import ROUTES

DOCUMENT = build_document(ROUTES)
SCHEMAS = DOCUMENT["components"]
NAMES = [f"{route.method} {route.path}" for route in ROUTES]


def contents(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each body of the request and of the successful responses."""
    if "requestBody" in operation:
        yield from ((f"request {media}", each) for media, each in operation["requestBody"]["content"].items())
    for status, response in operation["responses"].items():
        yield from ((f"response {status}", each) for each in response.get("content", {}).values())


def gaps(route: Route, document: dict[str, Any]) -> list[str]:
    """Name each piece that the document lacks for a route."""
    operation = document["paths"][route.path][route.method.lower()]
    examples = ExampleComposer(document["components"]["schemas"])
    missing = [name for name in ("summary", "description") if not getattr(route, name).strip()]
    missing += [
        f"tag {tag}: add it to TAGS in http/openapi_parts.py"
        for tag in operation["tags"]
        if tag not in {each["name"] for each in document["tags"]}
    ]
    for parameter in operation["parameters"]:
        name = f"{parameter['in']} parameter {parameter['name']}"
        if not parameter.get("description"):
            missing.append(f"{name}: description=… of its field")
        model = {"path": route.path_values, "query": route.query}.get(parameter["in"])
        if model is not None:
            examples.of(parameter["schema"], f"{model.__name__}.{parameter['name']}")
    for place, content in contents(operation):
        if "example" not in content:
            missing.append(f"{place}: a model for the response")
        if "$ref" in content["schema"]:
            examples.of(content["schema"], place)
    missing += [
        f"{field}: examples=[…] of its field, or a value for the name in http/examples.py"
        for field in sorted(examples.missing)
    ]
    unknown = {str(status) for status in route.errors} - set(document["components"]["responses"])
    return missing + [f"{status}: add it to PROBLEMS in http/openapi_parts.py" for status in sorted(unknown)]


@pytest.mark.parametrize("route", ROUTES, ids=NAMES)
def test_the_route_is_documented(route: Route) -> None:
    assert not gaps(route, DOCUMENT)


@pytest.mark.parametrize("route", ROUTES, ids=NAMES)
def test_the_examples_are_valid(route: Route) -> None:
    operation = DOCUMENT["paths"][route.path][route.method.lower()]
    for place, content in contents(operation):
        whole = {**content["schema"], "components": SCHEMAS}
        problems = [
            f"{list(each.path)}: {each.message}" for each in Draft202012Validator(whole).iter_errors(content["example"])
        ]
        assert not problems, place
    if route.body is not None:
        route.body.model_validate_json(json.dumps(operation["requestBody"]["content"]["application/json"]["example"]))
    for place, model in (("path", route.path_values), ("query", route.query)):
        values = {each["name"]: each["example"] for each in operation["parameters"] if each["in"] == place}
        if model is not None:
            model.model_validate_json(json.dumps(values))


@pytest.mark.parametrize("route", ROUTES, ids=NAMES)
def test_the_path_has_the_parameters_that_are_read(route: Route) -> None:
    names = set(re.findall(r"{(\w+)}", route.path))
    assert names == (set(route.path_values.model_fields) if route.path_values else set())


@pytest.mark.parametrize(
    "route", [route for route in ROUTES if route.edits], ids=lambda each: f"{each.method} {each.path}"
)
def test_what_is_edited_can_be_read_at_its_path(route: Route) -> None:
    """Otherwise a client cannot get an ETag for `If-Match`."""
    assert shown_at(route.path, ROUTES) is not None


POSTS = [route for route in ROUTES if route.method == "POST"]


@pytest.mark.parametrize("route", POSTS, ids=lambda each: each.path)
def test_a_post_takes_an_idempotency_key_unless_its_response_is_secret_or_a_file(route: Route) -> None:
    assert route.takes_idempotency_key == (
        route.permission is not ANYONE and not route.private and route.media is Media.JSON
    )


def test_a_problem_has_an_example_of_each_code() -> None:
    assert {code for _, code, _ in PROBLEMS.values()} <= {each.code for each in EXAMPLES}
    assert {str(each.status.value) for each in EXAMPLES} == DOCUMENT["components"]["responses"].keys()
    for status, response in DOCUMENT["components"]["responses"].items():
        content = response["content"]["application/problem+json"]
        for example in content["examples"].values():
            whole = {**content["schema"], "components": SCHEMAS}
            assert Draft202012Validator(whole).is_valid(example["value"])
            assert str(example["value"]["status"]) == status


class BareQuery(RequestPart):
    colour: str | None = None


class BareResponse(ResponseBody):
    shade: str
    tint: str = Field(examples=["light"])


async def show_bare(call: Call[None, None, None]) -> BareResponse:
    raise NotImplementedError


def test_the_check_names_each_missing_piece() -> None:
    bare = Route("GET", "/api/v1/bare", show_bare, ANYONE, "", query=BareQuery, response=BareResponse)
    assert gaps(bare, build_document([bare])) == [
        "summary",
        "description",
        "tag bare: add it to TAGS in http/openapi_parts.py",
        "query parameter colour: description=… of its field",
        "BareQuery.colour: examples=[…] of its field, or a value for the name in http/examples.py",
        "BareResponse.shade: examples=[…] of its field, or a value for the name in http/examples.py",
    ]
