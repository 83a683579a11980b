"""The OpenAPI document is valid, current, and covers every route."""

import json
from pathlib import Path

from openapi_spec_validator import validate

from orylo_api.http.openapi import build_document
from orylo_api.http.route import Media
from orylo_api.routes import ROUTES

PUBLISHED = Path(__file__).parents[3] / "services/api/openapi.json"


def test_the_published_document_is_current() -> None:
    current = json.loads(json.dumps(build_document(ROUTES)))
    assert json.loads(PUBLISHED.read_text()) == current, "python -m orylo_api openapi > services/api/openapi.json"


def test_the_document_is_valid() -> None:
    validate(build_document(ROUTES))


def test_every_operation_documents_its_parameters_and_responses() -> None:
    document = build_document(ROUTES)
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert len({operation["operationId"] for operation in operations}) == len(operations) == len(ROUTES)
    for route in ROUTES:
        operation = document["paths"][route.path][route.method.lower()]
        assert ("requestBody" in operation) == (route.body is not None or route.upload_bytes > 0)
        assert ("security" in operation) == (route.permission is not None)
        assert operation["summary"]
        if route.media is Media.JSON and route.status != 204:
            assert operation["responses"][str(route.status)]["content"]["application/json"]["schema"]


def test_every_field_of_a_response_is_required() -> None:
    """A client need not check whether a field is missing."""
    document = build_document(ROUTES)
    for name in ("Detection", "Counts", "DeadLetter", "DetectionPage"):
        schema = document["components"]["schemas"][name]
        assert set(schema["required"]) == set(schema["properties"]), name
