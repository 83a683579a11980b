"""A Postman collection (format 2.1) of every operation, made from the OpenAPI document."""

import json
from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]

SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
VARIABLES: Mapping[str, str] = {
    "base_url": "http://127.0.0.1:8000",
    "api_key": "",
    # With a session in place of an API key: the `csrf_token` that the sign-in returns.
    "csrf_token": "",
}
# Signing in again must not reuse an earlier key.
NEW_KEY = "{{$guid}}"


def build_collection(document: Schema) -> Schema:
    """Return the collection: a folder for each tag, and a request with its example for each operation."""
    folders: dict[str, list[Schema]] = {tag["name"]: [] for tag in document["tags"]}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            folders[operation["tags"][0]].append(_item(path, method.upper(), operation))
    return {
        "info": {
            "name": document["info"]["title"],
            "description": document["info"]["description"],
            "schema": SCHEMA,
        },
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{api_key}}", "type": "string"}]},
        "variable": [{"key": key, "value": value, "type": "string"} for key, value in VARIABLES.items()],
        "item": [
            {"name": tag["name"], "description": tag["description"], "item": folders[tag["name"]]}
            for tag in document["tags"]
        ],
    }


def _item(path: str, method: str, operation: Schema) -> Schema:
    request: Schema = {
        "method": method,
        "description": operation["description"],
        "url": _url(path, operation["parameters"]),
        "header": _headers(method, operation),
    }
    if "security" not in operation:
        request["auth"] = {"type": "noauth"}
    if "requestBody" in operation:
        request["body"] = _body(operation["requestBody"]["content"])
    status, success = next(each for each in operation["responses"].items() if each[0].startswith("2"))
    return {"name": operation["summary"], "request": request, "response": [_response(request, int(status), success)]}


def _url(path: str, parameters: list[Schema]) -> Schema:
    query = [
        {
            "key": each["name"],
            "value": _text(each["example"]),
            "description": each["description"],
            # A filter is switched on by its reader.
            **({} if each["required"] else {"disabled": True}),
        }
        for each in parameters
        if each["in"] == "query"
    ]
    variables = [
        {"key": each["name"], "value": _text(each["example"]), "description": each["description"]}
        for each in parameters
        if each["in"] == "path"
    ]
    named = path.replace("{", ":").replace("}", "")
    url: Schema = {
        "raw": f"{{{{base_url}}}}{named}",
        "host": ["{{base_url}}"],
        "path": named.strip("/").split("/"),
    }
    return url | ({"query": query} if query else {}) | ({"variable": variables} if variables else {})


def _headers(method: str, operation: Schema) -> list[Schema]:
    headers = []
    for each in operation["parameters"]:
        if each["in"] == "header":
            value = NEW_KEY if each["name"] == "Idempotency-Key" else _text(each["example"])
            header = {"key": each["name"], "value": value, "description": each["description"]}
            # A collection cannot know an ETag; an asterisk matches any.
            if each["name"] == "If-Match":
                header["value"] = "*"
            elif each["name"] != "Idempotency-Key":
                header["disabled"] = True
            headers.append(header)
    if "requestBody" in operation:
        headers.append({"key": "Content-Type", "value": next(iter(operation["requestBody"]["content"]))})
    if method != "GET" and "security" in operation:
        headers.append({"key": "X-CSRF-Token", "value": "{{csrf_token}}", "disabled": True})
    return headers


def _body(content: Schema) -> Schema:
    [(media, body)] = content.items()
    language = "json" if media == "application/json" else "text"
    return {"mode": "raw", "raw": _raw(body["example"]), "options": {"raw": {"language": language}}}


def _response(request: Schema, status: int, success: Schema) -> Schema:
    [(media, content)] = success.get("content", {"application/json": {"example": None}}).items()
    return {
        "name": success["description"],
        "originalRequest": request,
        "status": success["description"],
        "code": status,
        "header": [{"key": "Content-Type", "value": media}],
        "body": _raw(content["example"]) if status != 204 else "",
        "cookie": [],
    }


def _raw(example: Any) -> str:
    return example if isinstance(example, str) else json.dumps(example, indent=2, ensure_ascii=False)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
