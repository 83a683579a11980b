"""Build the OpenAPI document from the route table and its models."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from orylo_api.access.roles import ALLOWED, Permission
from orylo_api.http.code_samples import SampleRequest, code_samples, fill_path
from orylo_api.http.examples import ExampleComposer
from orylo_api.http.openapi_parts import (
    DESCRIPTION,
    HEADERS,
    IDEMPOTENCY_KEY,
    IF_MATCH,
    IF_NONE_MATCH,
    LAST_EVENT_ID,
    PARAMETERS,
    PROBLEMS,
    REFERENCE,
    SECURITY_SCHEMES,
    STREAM_EVENT,
    TAGS,
    Schema,
    header,
    problem_response,
)
from orylo_api.http.problem_details import ProblemDetails
from orylo_api.http.route import Media, Route

# A file's and a stream's first lines.
TEXTS: Mapping[Media, str] = {
    Media.CSV: "payment_id,verdict,reason\nstripe:pi_3SVk2cLqkz8JbX1y0A9dQwZp,fraud,chargeback\n",
    Media.FILE: "payment_id,gateway,order_id\nstripe:pi_3SVk2cLqkz8JbX1y0A9dQwZp,stripe,1047\n",
    Media.EVENTS: 'id: 1042.3\nevent: verdict.given\ndata: {"payment_id":"stripe:pi_3SVk2cLqkz8JbX1y0A9dQwZp",'
    '"verdict":"fraud","occurred_at":"2026-03-14T15:09:26Z"}\n\n',
}


class _WithoutTitles(GenerateJsonSchema):
    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def build_document(routes: Sequence[Route]) -> Schema:
    """Return the document, in OpenAPI 3.1."""
    references, schemas = _schemas(routes)
    examples = ExampleComposer(schemas)
    paths: dict[str, Schema] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, references, schemas, examples)
    in_bodies = {field.annotation for route in routes if route.body for field in route.body.model_fields.values()}
    parameters = {model for route in routes for model in (route.path_values, route.query) if model}
    parameters_only = {model.__name__ for model in parameters - in_bodies}
    used = dict.fromkeys(_tag(route) for route in routes)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Orylo",
            "version": "1",
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag, "description": TAGS[tag]} for tag in used if tag in TAGS],
        "paths": paths,
        "components": {
            "schemas": {name: schema for name, schema in schemas.items() if name not in parameters_only}
            | _stream_events(routes, references),
            "responses": {status: problem_response(status, text) for status, text in PROBLEMS.items()},
            "headers": dict(HEADERS),
            "securitySchemes": dict(SECURITY_SCHEMES),
        },
    }


def _schemas(routes: Sequence[Route]) -> tuple[dict[type[BaseModel], Schema], dict[str, Schema]]:
    modes: dict[type[BaseModel], Literal["validation", "serialization"]] = {ProblemDetails: "serialization"}
    for route in routes:
        modes |= dict.fromkeys(route.events.values(), "serialization")
        modes |= {model: "validation" for model in (route.path_values, route.query, route.body) if model}
        if route.response:
            modes[route.response] = "serialization"
    references, document = models_json_schema(
        list(modes.items()), ref_template=REFERENCE, schema_generator=_WithoutTitles
    )
    return {model: references[model, mode] for model, mode in modes.items()}, document["$defs"]


def _operation(
    route: Route, references: dict[type[BaseModel], Schema], schemas: dict[str, Schema], examples: ExampleComposer
) -> Schema:
    parameters = _parameters(route, schemas, examples)
    body = _body_content(route, references, examples)
    operation: Schema = {
        "operationId": route.endpoint.__name__,
        "tags": [_tag(route)],
        "summary": route.summary,
        "description": _description(route),
        "parameters": parameters,
        "responses": {
            str(route.status): _response(route, references, examples),
            **{status: {"$ref": f"#/components/responses/{status}"} for status in sorted(map(str, route.errors))},
        },
        "x-codeSamples": code_samples(_sample(route, parameters, body)),
    }
    if route.unhealthy:
        content = {"schema": references[route.unhealthy], "example": examples.of(references[route.unhealthy], "")}
        operation["responses"]["503"] = {"description": "Not healthy", "content": {Media.JSON.value: content}}
    if route.has_etag:
        operation["responses"]["304"] = {"description": "The ETag sent is still current", "headers": header("ETag")}
    if body:
        operation["requestBody"] = {"required": True, "content": body}
    if route.permission is not None:
        session: Schema = {"session": []}
        operation["security"] = [session if route.method == "GET" else session | {"csrf_token": []}, {"api_key": []}]
    return operation


def _stream_events(routes: Sequence[Route], references: dict[type[BaseModel], Schema]) -> dict[str, Schema]:
    """Return the union of a stream's events: server-sent events, whose `data` is JSON."""
    union = [
        {
            "type": "object",
            "required": ["event", "data"],
            "properties": {
                "event": {"const": event_type},
                "id": {"type": "string", "description": "the position to resume from", "examples": ["1207.0"]},
                "data": references[model],
            },
        }
        for route in routes
        for event_type, model in route.events.items()
    ]
    description = "An event of the stream, by its `event`. `data` is sent as JSON."
    return {STREAM_EVENT: {"description": description, "oneOf": union}} if union else {}


def _tag(route: Route) -> str:
    return route.path.removeprefix("/api/").removeprefix("v1/").partition("/")[0]


def _description(route: Route) -> str:
    """Return the route's description, and the roles that may use it unless all may."""
    if route.permission in {None, Permission.READ}:
        return route.description.strip()
    return f"{route.description.strip()} For the roles {', '.join(sorted(ALLOWED[route.permission]))}.".strip()


def _body_content(
    route: Route, references: dict[type[BaseModel], Schema], examples: ExampleComposer
) -> dict[str, Schema] | None:
    if route.body:
        schema = references[route.body]
        return {Media.JSON.value: {"schema": schema, "example": examples.of(schema, route.body.__name__)}}
    if route.upload_bytes:
        return {Media.CSV.value: {"schema": {"type": "string"}, "example": route.upload_example or TEXTS[Media.CSV]}}
    return None


def _parameters(route: Route, schemas: dict[str, Schema], examples: ExampleComposer) -> list[Schema]:
    parameters = []
    for place, model in (("path", route.path_values), ("query", route.query)):
        fields = schemas[model.__name__] if model else {}
        for name, schema in fields.get("properties", {}).items():
            schema = _without_null(schema)
            parameter = {"name": name, "in": place, "required": name in fields.get("required", ()), "schema": schema}
            if description := schema.pop("description", PARAMETERS.get(name)):
                parameter["description"] = description
            if schema.get("type") == "array":
                # Separated by commas, as no parameter may be repeated.
                parameter |= {"style": "form", "explode": False}
            parameter["example"] = examples.of(schema, f"{model.__name__}.{name}" if model else name)
            parameters.append(parameter)
    if route.takes_idempotency_key:
        parameters.append(IDEMPOTENCY_KEY)
    if route.has_etag:
        parameters.append(IF_NONE_MATCH)
    if route.edits:
        parameters.append({**IF_MATCH, "required": route.needs_if_match})
    if route.media is Media.EVENTS:
        parameters.append(LAST_EVENT_ID)
    return parameters


def _without_null(schema: Schema) -> Schema:
    """Remove null from the types: a parameter is present or absent."""
    plain = {name: value for name, value in schema.items() if name not in {"title", "anyOf"}}
    if "anyOf" in schema:
        (only,) = (choice for choice in schema["anyOf"] if choice != {"type": "null"})
        # The field's own description is about this parameter, its type's is general.
        plain = only | plain
    if plain.get("default", ...) is None:
        del plain["default"]
    return plain


def _response(route: Route, references: dict[type[BaseModel], Schema], examples: ExampleComposer) -> Schema:
    if route.media is not Media.JSON:
        content: Schema = {"schema": {"type": "string"}, "example": TEXTS[route.media]}
        if route.media is Media.EVENTS:
            # OpenAPI 3.1 cannot describe the items of a stream; `itemSchema` is the name that 3.2 gives them.
            content["x-itemSchema"] = {"$ref": REFERENCE.format(model=STREAM_EVENT)}
        return {
            "description": "A stream of events" if route.media is Media.EVENTS else "A file",
            "content": {route.media.value: content},
        }
    response: Schema = {"description": "Success"}
    if route.status != 204:
        schema = references[route.response] if route.response else {"type": "object"}
        content = {"schema": schema}
        if route.response:
            content["example"] = examples.of(schema, route.response.__name__)
        response["content"] = {route.media.value: content}
    headers = (
        (header("ETag") if route.has_etag else {})
        | (header("Link") if route.is_page else {})
        | (header("Idempotency-Replayed") if route.takes_idempotency_key else {})
    )
    return response | ({"headers": headers} if headers else {})


def _sample(route: Route, parameters: Sequence[Schema], body: dict[str, Schema] | None) -> SampleRequest:
    path = {each["name"]: each["example"] for each in parameters if each["in"] == "path"}
    return SampleRequest(
        method=route.method,
        path=fill_path(route.path, path, {}),
        media=route.media.value,
        signed_in=route.permission is not None,
        body=next(iter(body.values()))["example"] if body else None,
        idempotent=route.takes_idempotency_key,
        if_match=route.edits,
    )
