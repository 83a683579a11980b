"""The OpenAPI document, made from the route table and its models."""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from orylo_api.access.roles import ALLOWED, Permission
from orylo_api.customers.models import TrustChange
from orylo_api.http.problem_details import ProblemDetails
from orylo_api.http.route import Media, Route

Schema = dict[str, Any]

REFERENCE = "#/components/schemas/{model}"

DESCRIPTION = """\
Errors are `application/problem+json` (RFC 9457). Lists are `{"items", "next_cursor"}`: pass `next_cursor` back as
`cursor` until it is null.

People sign in at `/api/v1/auth/login` and are known by cookies; every POST then needs the header `X-CSRF-Token` with
the value of the cookie `orylo_csrf`. Machines send `Authorization: Bearer <api key>`.
"""

STREAM_DESCRIPTION = """\
`detection.created` carries a Detection, `trust.updated` a TrustChange, `conversion.dispatched` and `conversion.failed`
a Conversion, `dead_letter.created` a DeadLetterSummary, each as JSON in `data`. A client that was away goes on where
it left off by `Last-Event-ID`, for as long as events are kept (15 minutes). `ready` comes first where nothing is
resumed; `reset` says instead that events are missing, and that what is shown should be read anew.
"""

PROBLEMS = {
    "400": "The request cannot be read",
    "401": "Nobody is signed in, or the key is not known",
    "403": "The role may not do this, or the CSRF token is missing",
    "404": "There is no such thing, or it is not yours",
    "409": "It is not in a state that allows this, or the same idempotency key is in use",
    "413": "The body is too large",
    "415": "The body is not application/json",
    "422": "A value was refused; `errors` names each",
    "429": "Too many attempts; `Retry-After` says when",
    "503": "Try again later; `Retry-After` says when",
}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "repeating a request with the same key, within a day, has no second effect and the same answer",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
}
LAST_EVENT_ID = {
    "name": "Last-Event-ID",
    "in": "header",
    "required": False,
    "description": "go on after this event",
    "schema": {"type": "string"},
}
IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "the ETag of what you have: if it is still current, 304 without a body",
    "schema": {"type": "string"},
}


class _WithoutTitles(GenerateJsonSchema):
    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def build_document(routes: Sequence[Route]) -> Schema:
    """OpenAPI 3.1."""
    references, schemas = _schemas(routes)
    paths: dict[str, Schema] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, references, schemas)
    parameters_only = {model.__name__ for route in routes for model in (route.path_values, route.query) if model}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Orylo",
            "version": "1",
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": {name: schema for name, schema in schemas.items() if name not in parameters_only},
            "responses": {status: _problem_response(text) for status, text in PROBLEMS.items()},
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": "orylo_session"},
                "api_key": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _schemas(routes: Sequence[Route]) -> tuple[dict[type[BaseModel], Schema], dict[str, Schema]]:
    asked: dict[type[BaseModel], Literal["validation", "serialization"]] = {
        ProblemDetails: "serialization",
        TrustChange: "serialization",
    }
    for route in routes:
        asked |= {model: "validation" for model in (route.path_values, route.query, route.body) if model}
        if route.response:
            asked[route.response] = "serialization"
    references, document = models_json_schema(
        list(asked.items()), ref_template=REFERENCE, schema_generator=_WithoutTitles
    )
    return {model: references[model, mode] for model, mode in asked.items()}, document["$defs"]


def _operation(route: Route, references: dict[type[BaseModel], Schema], schemas: dict[str, Schema]) -> Schema:
    operation: Schema = {
        "operationId": route.endpoint.__name__,
        "tags": [_tag(route)],
        "summary": route.summary,
        "parameters": _parameters(route, schemas),
        "responses": {
            str(route.status): _response(route, references),
            **{status: {"$ref": f"#/components/responses/{status}"} for status in sorted(map(str, route.errors))},
        },
    }
    if route.has_etag:
        operation["responses"]["304"] = {"description": "What you have is still current"}
    if description := _description(route):
        operation["description"] = description
    if route.body:
        operation["requestBody"] = {"required": True, "content": {Media.JSON.value: {"schema": references[route.body]}}}
    if route.permission is not None:
        operation["security"] = [{"session": []}, {"api_key": []}]
    return operation


def _tag(route: Route) -> str:
    return route.path.removeprefix("/api/").removeprefix("v1/").partition("/")[0]


def _description(route: Route) -> str:
    text = STREAM_DESCRIPTION if route.media is Media.EVENTS else ""
    if route.permission not in {None, Permission.READ}:
        text += f"For the roles {', '.join(sorted(ALLOWED[route.permission]))}."
    return text


def _parameters(route: Route, schemas: dict[str, Schema]) -> list[Schema]:
    parameters = []
    for place, model in (("path", route.path_values), ("query", route.query)):
        for name, schema in schemas[model.__name__]["properties"].items() if model else ():
            schema = _without_null(schema)
            parameter = {"name": name, "in": place, "required": place == "path", "schema": schema}
            if description := schema.pop("description", None):
                parameter["description"] = description
            parameters.append(parameter)
    if route.takes_idempotency_key:
        parameters.append(IDEMPOTENCY_KEY)
    if route.has_etag:
        parameters.append(IF_NONE_MATCH)
    if route.media is Media.EVENTS:
        parameters.append(LAST_EVENT_ID)
    return parameters


def _without_null(schema: Schema) -> Schema:
    """A parameter is there or not; it cannot be null."""
    plain = {name: value for name, value in schema.items() if name not in {"title", "anyOf"}}
    if "anyOf" in schema:
        (only,) = (choice for choice in schema["anyOf"] if choice != {"type": "null"})
        plain |= only
    if plain.get("default", ...) is None:
        del plain["default"]
    return plain


def _response(route: Route, references: dict[type[BaseModel], Schema]) -> Schema:
    if route.media is Media.EVENTS:
        return {"description": "A stream without end", "content": {route.media.value: {"schema": {"type": "string"}}}}
    if route.status == 204:
        return {"description": "Done"}
    schema = references[route.response] if route.response else {"type": "object"}
    return {"description": "Done", "content": {route.media.value: {"schema": schema}}}


def _problem_response(description: str) -> Schema:
    return {
        "description": description,
        "content": {"application/problem+json": {"schema": {"$ref": REFERENCE.format(model="ProblemDetails")}}},
    }
