"""Build the OpenAPI document from the route table and its models."""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from orylo_api.access.roles import ALLOWED, Permission
from orylo_api.http.openapi_parts import (
    DESCRIPTION,
    IDEMPOTENCY_KEY,
    IF_MATCH,
    IF_NONE_MATCH,
    LAST_EVENT_ID,
    PROBLEMS,
    REFERENCE,
    Schema,
    problem_response,
)
from orylo_api.http.problem_details import ProblemDetails
from orylo_api.http.route import Media, Route


class _WithoutTitles(GenerateJsonSchema):
    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def build_document(routes: Sequence[Route]) -> Schema:
    """Return the document, in OpenAPI 3.1."""
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
            "responses": {status: problem_response(text) for status, text in PROBLEMS.items()},
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": "orylo_session"},
                "api_key": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _schemas(routes: Sequence[Route]) -> tuple[dict[type[BaseModel], Schema], dict[str, Schema]]:
    modes: dict[type[BaseModel], Literal["validation", "serialization"]] = {ProblemDetails: "serialization"}
    for route in routes:
        modes |= dict.fromkeys(route.events, "serialization")
        modes |= {model: "validation" for model in (route.path_values, route.query, route.body) if model}
        if route.response:
            modes[route.response] = "serialization"
    references, document = models_json_schema(
        list(modes.items()), ref_template=REFERENCE, schema_generator=_WithoutTitles
    )
    return {model: references[model, mode] for model, mode in modes.items()}, document["$defs"]


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
    if route.has_etag and route.method == "GET":
        operation["responses"]["304"] = {"description": "The ETag sent is still current"}
    if description := _description(route):
        operation["description"] = description
    if route.body:
        operation["requestBody"] = {"required": True, "content": {Media.JSON.value: {"schema": references[route.body]}}}
    if route.upload_bytes:
        operation["requestBody"] = {"required": True, "content": {Media.CSV.value: {"schema": {"type": "string"}}}}
    if route.permission is not None:
        operation["security"] = [{"session": []}, {"api_key": []}]
    return operation


def _tag(route: Route) -> str:
    return route.path.removeprefix("/api/").removeprefix("v1/").partition("/")[0]


def _description(route: Route) -> str:
    if route.permission in {None, Permission.READ}:
        return route.description
    return f"{route.description}For the roles {', '.join(sorted(ALLOWED[route.permission]))}."


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
    if route.takes_if_match:
        parameters.append(IF_MATCH)
    elif route.has_etag:
        parameters.append(IF_NONE_MATCH)
    if route.media is Media.EVENTS:
        parameters.append(LAST_EVENT_ID)
    return parameters


def _without_null(schema: Schema) -> Schema:
    """Remove null from the types: a parameter is present or absent."""
    plain = {name: value for name, value in schema.items() if name not in {"title", "anyOf"}}
    if "anyOf" in schema:
        (only,) = (choice for choice in schema["anyOf"] if choice != {"type": "null"})
        plain |= only
    if plain.get("default", ...) is None:
        del plain["default"]
    return plain


def _response(route: Route, references: dict[type[BaseModel], Schema]) -> Schema:
    if route.media is not Media.JSON:
        return {
            "description": "A stream of events" if route.media is Media.EVENTS else "A file",
            "content": {route.media.value: {"schema": {"type": "string"}}},
        }
    if route.status == 204:
        return {"description": "Success"}
    schema = references[route.response] if route.response else {"type": "object"}
    return {"description": "Success", "content": {route.media.value: {"schema": schema}}}
