"""A conversion as an event of Meta's Conversions API."""

from datetime import datetime
from typing import Any

from orylo_common.money import to_major
from orylo_dispatch.destinations.meta.rules import acceptable_fbc, acceptable_fbp, event_time
from orylo_dispatch.domain.conversion import EVENT_NAME, OutgoingConversion

# Our name of each match key, and Meta's.
MATCH_KEYS = {
    "email": "em",
    "phone": "ph",
    "first_name": "fn",
    "last_name": "ln",
    "birth_date": "db",
    "city": "ct",
    "state": "st",
    "zip": "zp",
    "country": "country",
}


def to_meta_event(conversion: OutgoingConversion, *, now: datetime, site_url: str | None = None) -> dict[str, Any]:
    """Return the event. `site_url` is the page of a conversion without a click."""
    happened_at = event_time(conversion, now)
    url = conversion.url or site_url
    event: dict[str, Any] = {
        "event_name": EVENT_NAME,
        "event_time": int(happened_at.timestamp()),
        "event_id": conversion.dedupe_id,
        "action_source": _action_source(conversion, url),
        "user_data": _user_data(conversion, happened_at),
        "custom_data": _custom_data(conversion),
    }
    if url:
        event["event_source_url"] = url
    if conversion.referrer:
        event["referrer_url"] = conversion.referrer
    return event


def _action_source(conversion: OutgoingConversion, url: str | None) -> str:
    if conversion.renewal:
        return "system_generated"
    # Meta requires the page of a website event.
    return "website" if url else "other"


def _user_data(conversion: OutgoingConversion, happened_at: datetime) -> dict[str, Any]:
    user: dict[str, Any] = {}
    for ours, metas in MATCH_KEYS.items():
        value = getattr(conversion.match_keys, ours)
        if value is not None:
            user[metas] = [value]
    if conversion.customer_id:
        user["external_id"] = [conversion.customer_id]
    plain = {
        "client_ip_address": conversion.ip,
        "client_user_agent": conversion.user_agent,
        "fbc": acceptable_fbc(conversion.fbc, happened_at),
        "fbp": acceptable_fbp(conversion.fbp),
        "subscription_id": conversion.subscription_id,
    }
    return user | {key: value for key, value in plain.items() if value}


def _custom_data(conversion: OutgoingConversion) -> dict[str, Any]:
    custom: dict[str, Any] = {
        "value": float(to_major(conversion.amount_minor, conversion.currency)),
        "currency": conversion.currency,
        "order_id": conversion.order_id or conversion.payment_id,
    }
    if conversion.products:
        custom["content_type"] = "product"
        custom["content_ids"] = [product.product_id for product in conversion.products]
        custom["contents"] = [
            {"id": product.product_id, "quantity": product.quantity}
            | (
                {}
                if product.price_minor is None
                else {"item_price": float(to_major(product.price_minor, conversion.currency))}
            )
            for product in conversion.products
        ]
    return custom
