"""Examples of requests and responses, composed from their schemas.

A field's example is the first that applies: `examples=[…]` of its `Field` (or `json_schema_extra` of its model), its
only or first possible value, the value of its name in `BY_NAME`, its default, or a value that follows from its type.
A string has no value that follows from its type: it is `missing`, and a unit test fails that names it.
"""

import re
from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]

CUSTOMER_ID = "cus_0d2f6a4b8c1e"
OTHER_CUSTOMER_ID = "cus_7b91e02cd45f"
PAYMENT_ID = "stripe:pi_3SVk2cLqkz8JbX1y0A9dQwZp"
EXAMPLE_ID = "0195a3f2-6c1d-7b4e-9a57-3f1c2d8e4b60"
MOMENT = "2026-03-14T15:09:26Z"
# Of times that must not have passed.
FUTURE = "2099-12-31T00:00:00Z"

# One value for each name that several models have: all examples are about the same payment.
BY_NAME: Mapping[str, Any] = {
    "actor": "ana@shop.example",
    "added_by": "ana@shop.example",
    "amount_minor": 12500,
    "author": "ana@shop.example",
    "bin": "424242",
    "brand": "visa",
    "card_brand": "visa",
    "card_country": "BR",
    "card_last4": "4242",
    "cause": "payment_succeeded",
    "click_id": "fb.1.1773500966000.IwAR2x",
    "code": "validation",
    "column": "payment_id",
    "country": "BR",
    "csrf_token": "kq3Z8v0yYw2c4bN1",
    "currency": "BRL",
    "cursor": "WyIyMDI2LTAzLTE0VDE1OjA5OjI2KzAwOjAwIiwiMDE5NWEzZjItNmMxZC03YjRlLTlhNTctM2YxYzJkOGU0YjYwIl0",
    "customer_id": CUSTOMER_ID,
    "customers": [CUSTOMER_ID, OTHER_CUSTOMER_ID],
    "day": "2026-03-14",
    "degraded": [],
    "description": "the number of the customer's earlier payments",
    "destination": "meta",
    "detail": "Some values are invalid.",
    "discarded_by": "ana@shop.example",
    "discarded_reason": "a test of the gateway",
    "dismissed_by": "ana@shop.example",
    "dismissed_reason": "a family with one email address",
    "email": "ana@shop.example",
    "event_id": "evt_1SVk2cLqkz8JbX1yQ3TzHcVb",
    "event_name": "Purchase",
    "expires_at": FUTURE,
    "expression": "customer.payments == 0 && payment.amount > 1500",
    "field": "body.reason",
    "fingerprint": "Xt5EWLLDS7FJjR1c",
    "from": "2026-03-01T00:00:00Z",
    "gateway": "stripe",
    "gateway_event_id": "evt_1SVk2cLqkz8JbX1yQ3TzHcVb",
    "gateway_event_type": "payment_intent.succeeded",
    "ids": f"{CUSTOMER_ID},{OTHER_CUSTOMER_ID}",
    "kind": "meta",
    "last4": "4242",
    "last_event_id": "1042.3",
    "limit": 50,
    "list": "block",
    "message": "Field required",
    "message_type": "payment.succeeded.v1",
    "method": "click_id",
    "name": "Expensive first order",
    "next_cursor": None,
    "payload": {"id": "evt_1SVk2cLqkz8JbX1yQ3TzHcVb", "type": "payment_intent.succeeded"},
    "payment_id": PAYMENT_ID,
    "payment_method": "card",
    "payment_type": "payment.succeeded.v1",
    "people": [CUSTOMER_ID, OTHER_CUSTOMER_ID],
    "product_ids": ["course-101"],
    "products": ["course-101"],
    "reason": "card testing",
    "reasons": ["velocity.card.1h", "trust_history.new_customer"],
    "reference": "re_3SVk2cLqkz8JbX1y",
    "remote": "203.0.113.7",
    "replay_requested_by": "ana@shop.example",
    "reset_by": "ana@shop.example",
    "same_as": OTHER_CUSTOMER_ID,
    "settled_by": "ana@shop.example",
    "settled_reason": "the destination was corrected",
    "slug": "my-shop",
    "source": "dispatch",
    "subject": f"customer {CUSTOMER_ID}",
    "tenant": "my-shop",
    "timezone": "America/Sao_Paulo",
    "to": "2026-04-01T00:00:00Z",
    "totp": "492039",
    "trust_score": 62,
    "type": "payment.succeeded.v1",
    "until": FUTURE,
    "url": "https://orylo.example/api/v1/webhooks/stripe/my-shop",
    "user_agent": "Mozilla/5.0 (X11; Linux x86_64)",
    "version": 3,
}
BY_FORMAT: Mapping[str, Any] = {
    "date": "2026-03-14",
    "date-time": MOMENT,
    "password": "correct horse battery staple",
    "uuid": EXAMPLE_ID,
}
# Of a number without bounds.
NUMBER = 12
TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "null": (type(None),),
}


class ExampleComposer:
    """Composes examples from one document's schemas. `missing` names each string that lacks one."""

    def __init__(self, schemas: Mapping[str, Schema]) -> None:
        self._schemas = schemas
        self.missing: set[str] = set()

    def of(self, schema: Schema, place: str) -> Any:
        """Return an example of `schema`. `place` names it, as `Model.field`."""
        if "examples" in schema:
            return schema["examples"][0]
        if "const" in schema:
            return schema["const"]
        named = BY_NAME.get(place.rpartition(".")[2], ...)
        if named is not ... and self._accepts(schema, named):
            return named
        if "enum" in schema:
            return schema["enum"][0]
        if schema.get("default") is not None:
            return schema["default"]
        for combined in ("anyOf", "oneOf", "allOf"):
            if combined in schema:
                return self.of(next(each for each in schema[combined] if each != {"type": "null"}), place)
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            return self.of(self._schemas[name], place if self._schemas[name].get("type") != "object" else name)
        return self._of_type(schema, place)

    def _of_type(self, schema: Schema, place: str) -> Any:
        match schema.get("type"):
            case "object" if "properties" in schema:
                return {name: self.of(each, f"{place}.{name}") for name, each in schema["properties"].items()}
            case "object":
                return self._of_map(schema, place)
            case "array":
                return self._of_array(schema, place)
            case "boolean":
                return True
            case "integer" | "number":
                lowest, highest = schema.get("minimum", 0), schema.get("maximum", NUMBER)
                return min(max(NUMBER, lowest), highest)
            case "null":
                return None
            case _ if schema.get("format") in BY_FORMAT:
                return BY_FORMAT[schema["format"]]
        self.missing.add(place)
        return "string"

    def _of_array(self, schema: Schema, place: str) -> list[Any]:
        if "prefixItems" in schema:
            return [self.of(each, place) for each in schema["prefixItems"]]
        return [self.of(schema.get("items", {}), place)]

    def _of_map(self, schema: Schema, place: str) -> dict[str, Any]:
        values = schema.get("additionalProperties")
        if not isinstance(values, dict):
            self.missing.add(place)
            return {}
        key = self.of(schema["propertyNames"], place) if "propertyNames" in schema else "name"
        return {key: self.of(values, place)}

    def _accepts(self, schema: Schema, value: Any) -> bool:
        """Return whether a value of `BY_NAME` fits. Formats are left to the value's own type."""
        if "$ref" in schema:
            return self._accepts(self._schemas[schema["$ref"].rpartition("/")[2]], value)
        if choices := schema.get("anyOf", schema.get("oneOf")):
            return any(self._accepts(each, value) for each in choices)
        if "enum" in schema:
            return value in schema["enum"]
        if isinstance(value, list):
            return schema.get("type") == "array" and all(self._accepts(schema.get("items", {}), each) for each in value)
        if "type" not in schema:
            return True
        if not isinstance(value, TYPES.get(schema.get("type", ""), ())):
            return False
        if isinstance(value, str):
            return schema.get("format", "") in {"", "date", "date-time"} and bool(
                re.search(schema.get("pattern", ""), value)
            )
        return value is None or schema.get("minimum", value) <= value <= schema.get("maximum", value)
