"""Keys by which payments are found and related: hashes, so that the read models need no personal data."""

from enum import StrEnum
from hashlib import sha256
from uuid import UUID

from orylo_common.messages import PaymentFact


class SharedValue(StrEnum):
    """A kind of value that two payments may share."""

    CUSTOMER = "customer"
    CARD = "card"
    DEVICE = "device"
    IP = "ip"
    PHONE = "phone"
    DOCUMENT = "document"


# Columns of api.payments_view that payments are looked up by.
KEY_COLUMNS = ("card_key", "device_key", "ip_key", "phone_key", "document_key", "order_key")


def link_key(tenant_id: UUID, link: SharedValue, value: str) -> int:
    """Return 64 bits of a hash of the value, as PostgreSQL's bigint.

    Among 100 million values of all tenants, some two have the same key with a probability of 0.03 %.
    """
    return _key(tenant_id, link, value)


def order_key(tenant_id: UUID, order_id: str) -> int:
    return _key(tenant_id, "order", order_id)


def link_keys(payment: PaymentFact) -> dict[str, int]:
    """Return the keys of what the message names, by column. A device is the browser, as the detector counts it."""
    values = {
        SharedValue.CARD: payment.card and payment.card.fingerprint,
        SharedValue.DEVICE: payment.tracking.fbp,
        SharedValue.IP: payment.ip,
        SharedValue.PHONE: payment.match_keys.phone,
        SharedValue.DOCUMENT: payment.document_hash,
    }
    return {f"{link}_key": link_key(payment.tenant_id, link, value) for link, value in values.items() if value}


def _key(tenant_id: UUID, kind: str, value: str) -> int:
    return int.from_bytes(sha256(f"{tenant_id}:{kind}:{value}".encode()).digest()[:8], "big", signed=True)
