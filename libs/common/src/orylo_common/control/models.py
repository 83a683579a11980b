"""Configuration, as the services read it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import Any, ClassVar, Literal, get_args
from uuid import UUID

from pydantic import BaseModel, ConfigDict

Mode = Literal["native", "hmac"]
LiveMode = Literal["live", "test"]
GatewayName = Literal["hotmart", "kiwify", "perfectpay", "stripe"]
GATEWAY_NAMES: tuple[GatewayName, ...] = get_args(GatewayName)


class Role(StrEnum):
    """The roles of users and API keys. Owner, admin, analyst and viewer each include the roles after them.

    An operator belongs to the platform: it handles dead letters and quarantine, and does not decide on customers.
    """

    OPERATOR = "operator"
    OWNER = "owner"
    ADMIN = "admin"
    ANALYST = "analyst"
    VIEWER = "viewer"


class TenantState(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"
    # Until its date it can be restored.
    DELETING = "deleting"


@dataclass(frozen=True, slots=True)
class Tenant:
    id: UUID
    slug: str
    name: str
    state: TenantState = TenantState.ACTIVE


@dataclass(frozen=True, slots=True)
class GatewaySecret:
    id: UUID
    label: str
    value: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class GatewaySetting:
    """A tenant's gateway. Any of the active `secrets` authenticates a webhook.

    `undecryptable` counts those that no master key decrypts: a webhook they would authenticate may be genuine.
    """

    tenant_id: UUID
    gateway: str
    enabled: bool
    mode: Mode
    accept: frozenset[LiveMode]
    # Networks in CIDR form. Empty: any address.
    allowed_networks: tuple[str, ...]
    secrets: tuple[GatewaySecret, ...]
    # The zone of timestamps without one. None: the gateway's usual zone.
    zone: tzinfo | None
    undecryptable: int = 0


@dataclass(frozen=True, slots=True)
class Destination:
    """An ad platform that conversions are sent to. `config` depends on the kind, such as `pixel_id`.

    `secret` is empty if no master key decrypts it; due deliveries wait. `updated_at` is the time of the last change.
    """

    id: UUID
    tenant_id: UUID
    kind: str
    name: str
    config: dict[str, Any]
    secret: str = field(repr=False)
    enabled: bool
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class TenantRules:
    """A tenant's rules that are on or in shadow, as stored: `orylo_rules.Rule` validates them.

    `snoozes` maps a customer to the end of each rule's snooze. While `fuse_tripped`, a block by rules or by the risk is
    a review. `fuse_reset_at` is the time of the last reset.
    """

    rules: tuple[Mapping[str, Any], ...] = ()
    snoozes: Mapping[str, Mapping[UUID, datetime]] = field(default_factory=dict)
    fuse_tripped: bool = False
    fuse_reset_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class BlockRate:
    """The paid payments of a window and those of them that were blocked, with the tenant's usual share and the limit.

    Shares are from 0 to 1. `usual` is None if the tenant has too few earlier payments.
    """

    payments: int
    blocked: int
    usual: float | None
    limit: float


class TenantSettings(BaseModel):
    """A section of a tenant's settings. Every field has a default."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    section: ClassVar[str]

    def unusable(self) -> Mapping[str, str]:
        """Return what is refused when the section is written, by field, although it can be read."""
        return {}
