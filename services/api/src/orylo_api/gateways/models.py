from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, SecretStr, StringConstraints

from orylo_api.http.fields import Moment, RequestPart, ResponseBody
from orylo_api.webhooks.models import WebhookState
from orylo_common.control.gateway_secrets import MIN_SECRET_CHARACTERS
from orylo_common.control.models import GatewayName, LiveMode, Mode

MAX_NETWORKS = 100
MAX_RANGE = timedelta(days=31)

SecretLabel = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f/]+$")]


def _bare(secret: SecretStr) -> SecretStr:
    # White space around a secret was copied with it.
    value = secret.get_secret_value().strip()
    if len(value) < MIN_SECRET_CHARACTERS:
        raise ValueError(f"must have at least {MIN_SECRET_CHARACTERS} characters")
    return SecretStr(value)


SecretValue = Annotated[SecretStr, Field(max_length=500), AfterValidator(_bare)]
Network = Annotated[str, StringConstraints(min_length=1, max_length=50, pattern=r"^[0-9A-Fa-f:./]+$")]


class GatewayPath(RequestPart):
    gateway: GatewayName = Field(description="the gateway's name", examples=["stripe"])


class GatewaySecretPath(GatewayPath):
    label: SecretLabel = Field(description="the secret's label", examples=["2026-03"])


class GatewayConfiguration(ResponseBody):
    """A gateway's settings. A gateway that is not set up has the values that it would get."""

    name: GatewayName
    configured: bool = Field(description="false for a gateway that is not set up: its webhooks are rejected")
    enabled: bool
    mode: Mode = Field(description="native: the gateway's own authentication; hmac: X-Signature over the raw body")
    accept: list[LiveMode] = Field(description="events of the other mode are stored as ignored")
    allowed_networks: list[str] = Field(
        description="in CIDR form; webhooks from other addresses are rejected. Empty: any address",
        examples=[["203.0.113.0/24"]],
    )
    timezone: str | None = Field(description="of timestamps without a zone; null: the gateway's usual zone")
    path: str = Field(description="path of the URL for the gateway", examples=["/api/v1/webhooks/stripe/my-shop"])
    url: str | None = Field(
        description="the URL for the gateway; null if the operator has not set ORYLO_WEBHOOK_BASE_URL"
    )
    reachable: bool | None = Field(
        description="false if the URL names this machine or a private network, which no gateway reaches"
    )


class GatewayBody(RequestPart):
    """The whole configuration. A field that is left out gets its default. A new gateway needs its first secret too."""

    enabled: bool = Field(default=True, description="whether its webhooks are accepted; rejected with 404 otherwise")
    mode: Mode = Field(default="native", description="how its webhooks authenticate")
    accept: list[LiveMode] = Field(default=["live", "test"], min_length=1, max_length=2, description="accepted modes")
    allowed_networks: list[Network] = Field(
        default=[],
        max_length=MAX_NETWORKS,
        description="accept webhooks from these networks only, in CIDR form",
        examples=[["203.0.113.0/24"]],
    )
    timezone: Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_+/-]+$")] | None = (
        Field(default=None, description="the zone of timestamps without one", examples=[None])
    )
    secret: "NewSecretBody | None" = Field(
        default=None, description="a secret to add, or to replace if its label is known; stored encrypted, never shown"
    )


class NewSecretBody(RequestPart):
    label: SecretLabel = Field(default="default", description="a name, such as the month", examples=["2026-03"])
    secret: SecretValue = Field(
        description="the signing secret or token from the gateway's panel; stored encrypted, never shown",
        examples=["whsec_example"],
    )


class RetireBody(RequestPart):
    force: bool = Field(
        default=False, description="also retire a secret without which the gateway's webhooks would be rejected"
    )


class ShownSecret(ResponseBody):
    """A secret without its value."""

    label: str = Field(examples=["2026-03"])
    created_at: datetime
    last_used_at: datetime | None = Field(description="when it last authenticated a webhook, to the minute")
    needed: bool = Field(description="whether the gateway's webhooks would be rejected without it, as far as is known")


class SecretList(ResponseBody):
    items: list[ShownSecret] = Field(description="newest first")


class OutcomeCounts(ResponseBody):
    """Webhooks by outcome."""

    accepted: int = Field(default=0, ge=0)
    already_reported: int = Field(default=0, ge=0, description="another webhook had reported the same")
    ignored: int = Field(default=0, ge=0)
    quarantined: int = Field(default=0, ge=0)
    duplicate: int = Field(default=0, ge=0, description="events that were delivered again")
    conflict: int = Field(default=0, ge=0, description="events that were delivered again with another body")
    rejected: int = Field(default=0, ge=0, description="refused: not authentic or not readable")


class GatewayHealth(ResponseBody):
    last_at: datetime | None = Field(description="when its last authentic webhook arrived")
    rejected_at: datetime | None = Field(description="when the last webhook was refused")
    counts: OutcomeCounts = Field(description="of the last 24 hours")
    usual_gap_s: float | None = Field(
        description="usual seconds between two webhooks at this hour, over 28 days; null if too few days are known"
    )
    silent_since: datetime | None = Field(
        description="when its last webhook arrived, if at least seven would usually have arrived since"
    )


class ListedGateway(GatewayConfiguration):
    secrets: list[ShownSecret] = Field(description="newest first")
    health: GatewayHealth | None = Field(description="null while ingest cannot be reached")


class GatewayList(ResponseBody):
    items: list[ListedGateway] = Field(description="all gateways that Orylo knows")


class StatsQuery(RequestPart):
    from_: Moment | None = Field(default=None, alias="from", description="by default 24 hours before `to`")
    to: Moment | None = Field(default=None, description="by default now; at most 31 days after `from`")


class HourlyCounts(ResponseBody):
    hour: datetime = Field(description="its start")
    counts: OutcomeCounts


class GatewayStats(ResponseBody):
    health: GatewayHealth | None = Field(description="null if it never received a webhook")
    hours: list[HourlyCounts] = Field(description="oldest first; hours without a webhook are left out")


class SampleOutcome(ResponseBody):
    """The outcome of a sample webhook, which took the path of every webhook of the gateway."""

    status: int = Field(description="HTTP status of ingest's response: 202 if the sample was accepted")
    code: str | None = Field(description="why it was refused, for programs", examples=["address_not_allowed"])
    reason: str | None = Field(
        description="why it was refused or ignored, for people",
        examples=["This endpoint accepts webhooks only from the addresses on its allow-list."],
    )
    webhook_id: UUID | None = Field(description="of `GET /api/v1/webhooks/{id}`; null if it was refused")
    state: WebhookState | None
    payment_id: str | None = Field(description="the payment of the sample, which is marked as a test")
