"""What people configure, as the services see it."""

from dataclasses import dataclass, field
from datetime import tzinfo
from enum import StrEnum
from typing import Any, ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

Mode = Literal["native", "hmac"]
LiveMode = Literal["live", "test"]


class Role(StrEnum):
    """What a person or a key may do. The merchant's roles include those below them; the operator is the platform's.

    An operator sees to what got stuck, and decides nothing about the merchant's buyers.
    """

    OPERATOR = "operator"
    OWNER = "owner"
    ADMIN = "admin"
    ANALYST = "analyst"
    VIEWER = "viewer"


@dataclass(frozen=True, slots=True)
class Tenant:
    id: UUID
    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class GatewaySecret:
    id: UUID
    label: str
    value: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class GatewaySetting:
    """How a tenant's gateway reaches us. `secrets` are the active ones; any of them authenticates.

    `undecryptable` counts those that no master key decrypts: a webhook they would authenticate may be genuine.
    """

    tenant_id: UUID
    gateway: str
    enabled: bool
    mode: Mode
    accept: frozenset[LiveMode]
    # Networks in CIDR form; empty: from anywhere.
    allowed_networks: tuple[str, ...]
    secrets: tuple[GatewaySecret, ...]
    # What stamps that name no zone are in; none: the gateway's usual one.
    zone: tzinfo | None
    undecryptable: int = 0


@dataclass(frozen=True, slots=True)
class Destination:
    """Where conversions go. `config` is the kind's own, such as `pixel_id`.

    `secret` is empty where no master key opens it: what is due waits.
    """

    id: UUID
    tenant_id: UUID
    kind: str
    name: str
    config: dict[str, Any]
    secret: str = field(repr=False)
    enabled: bool


class TenantSettings(BaseModel):
    """A section of a tenant's settings; every field has a default."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    section: ClassVar[str]
