"""The ids of customers, which are derived from what identifies a person."""

from hashlib import sha256
from typing import Literal
from uuid import UUID

CustomerIdentifier = Literal["email", "phone", "document", "gateway_customer", "card"]


def customer_id_from(tenant_id: UUID, kind: CustomerIdentifier, value: str) -> str:
    """Return an id that is the same for the same value at one tenant. An email, phone or document is given hashed."""
    return "cus_" + sha256(f"{tenant_id}:{kind}:{value}".encode()).hexdigest()[:32]
