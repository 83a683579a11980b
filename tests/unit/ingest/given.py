"""The gateways' fixtures, as bodies, documents, records and messages."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from orylo_common.control.document_key import DocumentKey
from orylo_common.control.models import GatewaySecret
from orylo_common.hashing import hash_of
from orylo_common.messages import GatewayFact, decode
from orylo_ingest.gateways import GATEWAYS
from orylo_ingest.gateways.raw_webhook import RawWebhook
from orylo_ingest.webhooks.record import Record, build_record

FOLDER = Path(__file__).parents[2] / "fixtures" / "gateways"
TENANT = UUID("01900000-0000-7000-8000-000000000001")
DOCUMENT_KEY = DocumentKey(b"a document key for tests, 32 B...")
RECEIVED_AT = datetime(2026, 6, 1, 12, tzinfo=UTC)

INDEX: list[dict[str, Any]] = json.loads((FOLDER / "index.json").read_text())["fixtures"]
VECTORS: list[dict[str, Any]] = json.loads((FOLDER / "signature_vectors.json").read_text())["vectors"]

# Only those of gateways that have an adapter.
FIXTURES = [row["file"] for row in INDEX if row["gateway"] in GATEWAYS]


def document_token(digits: str) -> str:
    """Return what a scrubbed copy holds in place of a document."""
    return "hmac:" + DOCUMENT_KEY.hash_of(hash_of(digits))


def body_of(fixture: str) -> bytes:
    return (FOLDER / fixture).read_bytes()


def document_of(fixture: str) -> Any:
    return RawWebhook({}, "", body_of(fixture)).document()


def recorded(fixture: str) -> Record:
    return recorded_from(fixture.partition("/")[0], document_of(fixture))


def recorded_from(gateway: str, document: Any, **options: Any) -> Record:
    options = {"document_key": DOCUMENT_KEY, **options}
    return build_record(GATEWAYS[gateway], TENANT, document, RECEIVED_AT, **options)


def stripe(name: str, **changes: Any) -> dict[str, Any]:
    """Return a Stripe event with some keys of its object changed."""
    event: dict[str, Any] = orjson.loads(body_of(f"stripe/{name}.json"))
    event["data"]["object"].update(changes)
    return event


def hotmart(name: str) -> dict[str, Any]:
    event: dict[str, Any] = orjson.loads(body_of(f"hotmart/{name}.json"))
    return event


def message_in(record: Record) -> Any:
    assert record.outgoing is not None, f"{record.status}: {record.reason}"
    message = decode(record.outgoing.body)
    assert isinstance(message, GatewayFact)
    return message


def secret(value: str, number: int = 1) -> GatewaySecret:
    return GatewaySecret(UUID(int=number), "test", value.encode())
