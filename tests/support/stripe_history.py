"""A shop's history at Stripe: events, and the balance transactions of the same money."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any


def charge(number: int, at: datetime, **changes: Any) -> dict[str, Any]:
    """Return a charge of its own payment intent, in BRL."""
    seconds = int(at.timestamp())
    return {
        "id": f"ch_{number}",
        "object": "charge",
        "payment_intent": f"pi_{number}",
        "status": "succeeded",
        "paid": True,
        "captured": True,
        "amount": 1000 + number,
        "amount_captured": 1000 + number,
        "amount_refunded": 0,
        "refunded": False,
        "currency": "brl",
        "created": seconds,
        "billing_details": {"email": f"buyer{number}@example.com"},
        "payment_method_details": {"type": "card", "card": {"last4": "4242", "fingerprint": f"fp{number}"}},
        **changes,
    }


def event(
    event_type: str, subject: dict[str, Any], at: datetime, *, livemode: bool = False, **more: Any
) -> dict[str, Any]:
    return {
        "id": f"evt_{event_type.replace('.', '_')}_{subject['id']}",
        "object": "event",
        "api_version": "2025-03-31.basil",
        "type": event_type,
        "created": int(at.timestamp()),
        "livemode": livemode,
        "data": {"object": subject, **more},
    }


def transaction(category: str, source: dict[str, Any], at: datetime, *, fee: int = 0) -> dict[str, Any]:
    """Return the balance transaction of a charge, a refund or a dispute, in BRL."""
    sign = 1 if category == "charge" else -1
    return {
        "id": f"txn_{category}_{source['id']}",
        "object": "balance_transaction",
        "amount": sign * source["amount"],
        "fee": fee,
        "currency": "brl",
        "created": int(at.timestamp()),
        "type": category,
        "reporting_category": category,
        "source": source,
    }


def sales(first: int, last: int, at: datetime) -> Iterator[dict[str, Any]]:
    for number in range(first, last + 1):
        yield event("charge.succeeded", charge(number, at), at)
