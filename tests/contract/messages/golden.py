"""Write the golden files: `python -m tests.contract.messages.golden`.

A type without a file gets one; a file that lacks a field its type has gained gets that field. What already
existing in a file is never changed: consumers in the field depend on it.
"""

import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Union, get_args, get_origin

import orjson
from pydantic import BaseModel

from orylo_common.messages import MESSAGES, Message, decode, encode, type_of

FOLDER = Path(__file__).parent / "golden"
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

# One value for each field name, or for class and name if one name has two meanings.
EXAMPLES: dict[str, Any] = {
    "message_id": "01935b2c-7a10-7c3e-8f21-5b6d1c0a9e01",
    "tenant_id": "01935b2c-0000-7aaa-8bbb-0c0c0c0c0c0c",
    "correlation_id": "01935b2c-7a10-7c3e-8f21-5b6d1c0a9e00",
    "causation_id": "01935b2c-7a10-7c3e-8f21-5b6d1c0a9dff",
    "occurred_at": "2026-11-20T18:30:05.123456Z",
    "event_id": "5d0a3c9e-1e55-5a1b-9c1e-0b3d8b7f9d21",
    "gateway": "stripe",
    "gateway_event_id": "evt_3SVk2cJ0q8Zq1x2y",
    "gateway_event_type": "payment_intent.succeeded",
    "customer_id": "cus_9f86d081884c7d659a2feaa0c55ad015",
    "disposable_email": False,
    "phone_country": "BR",
    "billing_country": "BR",
    "document_country": "BR",
    "email_domain_hash": "2f" * 32,
    "ip": "203.0.113.7",
    "user_agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/145.0",
    "click_id": "clk_7Hq2mZ",
    "tried": ["fbp"],
    "src": "facebook",
    "sck": "clk_7Hq2mZ",
    "xcod": "camp-17",
    "utm_source": "facebook",
    "utm_medium": "cpc",
    "utm_campaign": "black-friday",
    "utm_content": "video-2",
    "utm_term": "curso",
    "fbclid": "IwAR3xyz",
    "fbc": "fb.1.1732127400000.IwAR3xyz",
    "fbp": "fb.1.1732127300000.1098115397",
    "product_id": "prod_Rk1",
    "Product.name": "Curso de Violão",
    "quantity": 1,
    "price_minor": 19790,
    "livemode": True,
    "test": False,
    "payment_id": "stripe:pi_3SVk2cJ0q8Zq1x2y",
    "amount_minor": 19790,
    "currency": "BRL",
    "payment_method": "card",
    "installments": 3,
    "last4": "4242",
    "brand": "visa",
    "Card.country": "BR",
    "fingerprint": "Xt5EWLLDS7FJjR1c",
    "funding": "credit",
    "bin": "42424242",
    "document_hash": "3d" * 32,
    "subscription_id": "sub_1SVk2c",
    "recurrence": 1,
    "plan": "mensal",
    "renewal": False,
    "order_id": "A-1042",
    "affiliate_id": "Q4077",
    "order_bump": True,
    "order_bump_of": "stripe:pi_3SVk2cJ0q8Zq0000",
    "failure_code": "insufficient_funds",
    "attempt_id": "ch_3SVk2cJ0q8Zq1x2y",
    "cancellation_reason": "abandoned",
    "refunded_minor": 19790,
    "full": True,
    "refund_id": "re_3SVk2c",
    "dispute_id": "dp_1SVk2c",
    "DisputeFact.reason": "fraudulent",
    "warning_id": "issfr_1SVk2c",
    "fraud_type": "unauthorized_use_of_card",
    "checkout_id": "cs_live_a1b2c3",
    "ClickRecorded.kind": "pageview",
    "url": "https://loja.example/curso?utm_source=facebook",
    "referrer": "https://l.facebook.com/",
    "detection_id": "01935b2c-7a11-7000-8000-000000000001",
    "payment_type": "payment.succeeded.v1",
    "decision": "review",
    "risk_score": 61,
    "reasons": ["velocity.card_attempts_1h"],
    "ReasonPoints.reason": "velocity.card_attempts_1h",
    "detector": "velocity",
    "points": 61,
    "figures": {"frauds": 3, "payments": 41},
    "override": "allowlisted",
    "ReplacedDecision.degraded": False,
    "rule_id": "01935b2c-7a13-7000-8000-000000000003",
    "RuleHit.name": "No prepaid cards",
    "RuleHit.mode": "shadow",
    "RuleHit.action": "block",
    "RuleHit.otherwise": "block",
    "DetectorResult.name": "velocity",
    "score": 61,
    "duration_us": 740,
    "degraded": ["trust_history"],
    "version": 7,
    "score_before": 50,
    "score_after": 0,
    "status": "neutral",
    "status_expires_at": "2026-12-20T18:30:05Z",
    "expires_at": "2026-12-20T18:30:05Z",
    "start": 50,
    "CausePoints.points": -50,
    "correction_id": "01935b2c-7a10-7c3e-8f21-5b6d1c0a9e02",
    "CustomerTrustCorrected.points": 20,
    "CustomerTrustCorrected.reason": "disputed by mistake",
    "people": ["cus_282a1f0c5d6e7b8a9c0d1e2f3a4b5c6d", "cus_9f86d081884c7d659a2feaa0c55ad015"],
    "same_as": "cus_282a1f0c5d6e7b8a9c0d1e2f3a4b5c6d",
    "CustomerMerged.reason": "the same phone",
    "CustomerUnmerged.reason": "two brothers",
    "CustomerMergeDecided.reason": "the same phone",
    "limit_id": "01935b2c-7a10-7c3e-8f21-5b6d1c0a9e04",
    "limit": "customers_per_identifier",
    "customers": ["cus_282a1f0c5d6e7b8a9c0d1e2f3a4b5c6d", "cus_9f86d081884c7d659a2feaa0c55ad015"],
    "CustomerAliases.phone": "cus_7c211433f02071597741e6ff5a8ea34d",
    "CustomerAliases.document": "cus_1b4f0e9851971998e732078544c96b36",
    "verdict_id": "01935b2c-7a10-7c3e-8f21-5b6d1c0a9e03",
    "verdict": "fraud",
    "VerdictGiven.reason": "the card's owner called",
    "cause": "dispute_opened",
    "source_event_id": "5d0a3c9e-1e55-5a1b-9c1e-0b3d8b7f9d21",
    "actor": "01935b2c-0000-7aaa-8bbb-00000000000a",
    "CustomerStatusSet.reason": "confirmed fraud ring",
    "TrustUpdated.reason": "confirmed fraud ring",
    "conversion_id": "01935b2c-7a12-7000-8000-000000000002",
    "destination_id": "01935b2c-0000-7aaa-8bbb-00000000000d",
    "destination": "meta",
    "DestinationStatusChanged.status": "on_hold",
    "DestinationStatusChanged.code": "190/463",
    "DestinationStatusChanged.reason": "The token has expired. Create a new token.",
    "configured_at": "2026-11-01T09:15:00Z",
    "event_name": "Purchase",
    "Match.method": "click_id",
    "confidence": 0.95,
    "attempts": 2,
    "ConversionFailed.reason": "Meta refused the event: it is older than 7 days",
    "code": "100/2804003",
    "action_id": "01935b2c-7a13-5000-8000-000000000003",
    "revision": 3,
    "action": "refund",
    "ProviderActionChanged.status": "done",
    "decided_by": "risk",
    "reference": "re_3SVk2cJ0q8Zq",
    "ProviderActionChanged.code": "charge_already_refunded",
    "ProviderActionChanged.reason": "The payment had been refunded already.",
    "contradiction": "block_lifted",
    "ConversionSuppressed.reason": "blocked",
    "WebhookRejected.status": 401,
    "WebhookRejected.code": "signature_mismatch",
    "WebhookRejected.reason": "The signature fits none of the secrets set for this gateway.",
    "count": 12,
    "first_at": "2026-11-20T18:30:04.654321Z",
    "remote": "203.0.113.7",
    "size": 4096,
    "WebhookQuarantined.kind": "quarantined",
    "WebhookQuarantined.reason": "the amount is missing",
    "payload": {"id": "evt_3SVk2cJ0q8Zq1x2y", "type": "payment_intent.succeeded"},
    "payload_bytes": 65,
    "WebhookReplayed.status": "published",
    "WebhookReplayed.reason": "understood since the adapter knows the type",
    "message_type": "payment.succeeded.v1",
    "reconciliation_id": "01935b2c-7a10-7c3e-8f21-5b6d1c0a9e03",
    "range_start": "2026-11-19T00:00:00Z",
    "range_end": "2026-11-20T00:00:00Z",
    "dry_run": False,
    "requested_by": "ana@shop.example",
    "requested_at": "2026-11-20T18:30:01Z",
    "ReconciliationChanged.state": "completed",
    "finished_at": "2026-11-20T18:30:05Z",
    "problem": "The key lacks a permission (Balance transactions: Read, and Charges: Read).",
    "listed": 52,
    "known": 49,
    "missing": 2,
    "fetched": 2,
    "not_subscribed": 1,
    "ReconciliationChanged.fetched": [
        {"gateway_event_id": "evt_3SVk2cJ0q8Zq1x2y", "gateway_event_type": "charge.succeeded"}
    ],
    "ReconciledAmount.kind": "charge",
    "day": "2026-11-19",
    "gateway_minor": 39580,
    "received_minor": 19790,
    "gateway_count": 2,
    "received_count": 1,
}


_MADE_UP: dict[Any, Any] = {str: lambda name: f"an example of {name}", int: len, bool: lambda _: True}


def complete(model: type[BaseModel]) -> dict[str, Any]:
    """Return an example of the model with every field set."""
    return {name: _example(model, name) for name in model.model_fields}


def merged(existing: Any, example: Any) -> Any:
    """Return `existing` with its missing parts taken from `example`."""
    if isinstance(existing, dict) and isinstance(example, dict):
        return {**existing, **{key: merged(existing.get(key, value), value) for key, value in example.items()}}
    if isinstance(existing, list) and isinstance(example, list) and existing and example:
        return [merged(existing[0], example[0]), *existing[1:]]
    return existing


def path_of(message_type: str) -> Path:
    return FOLDER / f"{message_type}.json"


def written(body: bytes) -> bytes:
    """Return the message's JSON as the files contain it: indented, with the message's order of keys."""
    return orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _example(model: type[BaseModel], name: str) -> Any:
    if name == "type":
        return model.model_fields[name].default
    for owner in model.__mro__:
        if f"{owner.__name__}.{name}" in EXAMPLES:
            return EXAMPLES[f"{owner.__name__}.{name}"]
    for part in _models_in(model.model_fields[name].annotation):
        example = complete(part)
        return [example] if get_origin(model.model_fields[name].annotation) is tuple else example
    if model.__name__ == "MatchKeys":
        # Match keys are hashes: any other text would be personal data.
        return name.encode().hex().ljust(64, "0")[:64]
    return EXAMPLES[name] if name in EXAMPLES else _made_up(model.model_fields[name].annotation, name)


def _made_up(annotation: Any, name: str) -> Any:
    """Return an example for a field without one in EXAMPLES: a text, a number or true."""
    made_up = next((_MADE_UP[part] for part in (annotation, *get_args(annotation)) if part in _MADE_UP), None)
    assert made_up is not None, f"EXAMPLES needs an example of {name}"
    return made_up(name)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and not get_args(annotation):
        if issubclass(annotation, BaseModel):
            yield annotation
    elif get_origin(annotation) in (tuple, Union, types.UnionType):
        for argument in get_args(annotation):
            yield from _models_in(argument)


def _write(message_class: type[Message]) -> None:
    path = path_of(type_of(message_class))
    body = written(encode(message_class.model_validate(complete(message_class)), traceparent=TRACEPARENT))
    if path.exists():
        grown = orjson.dumps(merged(orjson.loads(path.read_bytes()), orjson.loads(body)))
        body = written(encode(decode(grown), traceparent=TRACEPARENT))
    path.write_bytes(body)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for message_class in MESSAGES:
        _write(message_class)
