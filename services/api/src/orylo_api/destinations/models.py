from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, SecretStr, StringConstraints, model_validator

from orylo_api.http.fields import RequestPart, ResponseBody
from orylo_common.control.destination_config import MetaConfig
from orylo_common.stripe_keys import STRIPE_KEY

# Of Stripe a tenant has one account.
ONLY_NAME = "default"


class DestinationCondition(StrEnum):
    ACTIVE = "active"
    ON_HOLD = "on_hold"
    THROTTLED = "throttled"
    UNAVAILABLE = "unavailable"
    DISABLED = "disabled"


TokenExpiry = Annotated[
    datetime | None,
    Field(
        description="when the access token expires, as Meta says once a day; null if it never does, or if that is not "
        "known, as for a minute after a change",
        examples=["2027-01-28T09:00:00Z"],
    ),
]


class DestinationPath(RequestPart):
    id: UUID


class ListedDestination(ResponseBody):
    id: UUID
    kind: str = Field(description="such as meta")
    name: str
    status: DestinationCondition = Field(
        description="`on_hold`: it refuses its token or configuration, and a person has to change it. `throttled` and "
        "`unavailable` end without help. Conversions wait in every status but `active`."
    )
    since: datetime | None = Field(description="when that status began; null while active or disabled")
    reason: str | None = Field(description="why it is not sent to, and what to do")
    code: str | None = Field(description="the destination's own code")
    token_expires_at: TokenExpiry
    created_at: datetime


class DestinationList(ResponseBody):
    items: list[ListedDestination]


class ConfiguredDestination(ResponseBody):
    """A destination as it is configured. Its token is never shown."""

    id: UUID
    kind: str = Field(description="meta or stripe")
    name: str
    enabled: bool
    config: dict[str, Any] = Field(
        description="of `meta`: `pixel_id`, `test_event_code`, `site_url`; of `stripe`: empty",
        examples=[{"pixel_id": "1234567890", "site_url": "https://shop.example"}],
    )
    created_at: datetime
    updated_at: datetime


Token = Annotated[SecretStr, Field(min_length=1, max_length=1000)]
TestEventCode = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")]


class DestinationBody(RequestPart):
    """A destination. `meta` takes `config`; `stripe` takes nothing but its key, as `token`."""

    kind: Literal["meta", "stripe"]
    name: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^\x00-\x1f]{1,60}$")] = Field(
        default=ONLY_NAME, description="distinguishes several destinations of one kind"
    )
    token: Token = Field(
        description="the access token from Meta's Events Manager, or a restricted key of Stripe; it is stored "
        "encrypted and never shown",
        examples=["EAABsbCS1iHgBO"],
    )
    config: MetaConfig | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        check_token(self.kind, self.token.get_secret_value())
        check_config(self.kind, self.config)
        if self.kind == "stripe" and self.name != ONLY_NAME:
            raise ValueError("a tenant has one account at Stripe: leave `name` out")
        return self


class DestinationChangeBody(RequestPart):
    enabled: bool = Field(default=True, description="false: conversions wait, and expire after seven days")
    token: Token | None = Field(default=None, description="replaces the stored one; without it, that one is kept")
    config: MetaConfig | None = None


class DestinationTestBody(RequestPart):
    test_event_code: TestEventCode | None = Field(
        default=None,
        description="from “Test events” in Events Manager; needed if the destination has none of its own",
        examples=["TEST12345"],
    )


class DestinationAnswer(ResponseBody):
    """What a destination answered to a check."""

    accepted: bool
    outcome: str = Field(
        description="dispatched: accepted. refused, token or configuration: something must be changed. transient, "
        "throttled or unknown: try again later",
        examples=["dispatched"],
    )
    code: str | None = Field(description="the destination's own code")
    reason: str | None = Field(description="a sentence for people")
    trace_id: str | None = Field(
        description="the destination's id of this call, such as Meta's `fbtrace_id`", examples=["AbCdEf012345"]
    )
    duration_ms: int = Field(ge=0)


class DestinationTestAnswer(DestinationAnswer):
    event_id: str = Field(description="the test event's id, as Events Manager shows it")


Percentage = Annotated[
    float | None, Field(description="percent of the events; null if Meta does not say", examples=[93.5])
]


class KeyCoverage(ResponseBody):
    key: str = Field(description="as Meta names it", examples=["email"])
    percentage: Percentage


class EventQuality(ResponseBody):
    """Meta's figures of the events of one name, of the last 48 hours."""

    event_name: str = Field(examples=["Purchase"])
    score: float | None = Field(
        description="Meta's Event Match Quality, from 0 to 10; null if there are too few events", examples=[7.8]
    )
    keys: list[KeyCoverage] = Field(description="what identifies the buyer, and how many events carry it")
    dedupe_keys: list[KeyCoverage] = Field(
        description="what recognises the same event from a browser, and how much of the browser's events it covers"
    )
    freshness: str | None = Field(description="how soon events arrive, in Meta's words", examples=["real_time"])


class DestinationQuality(ResponseBody):
    """How well Meta says that it matches what it is sent."""

    asked_at: datetime = Field(description="Meta is asked at most every 15 minutes")
    events: list[EventQuality] = Field(description="empty if Meta refused, or has no figures yet")
    refusal: DestinationAnswer | None = Field(
        description="why Meta did not say, such as a token without the permission; asked again after a minute"
    )


class DestinationActivity(ResponseBody):
    """Whether what is sent arrives, over the last 24 hours."""

    status: DestinationCondition
    since: datetime | None
    reason: str | None
    code: str | None
    token_expires_at: TokenExpiry
    waiting: int = Field(ge=0, description="conversions that are not sent yet")
    oldest_waiting: datetime | None
    dispatched: int = Field(ge=0)
    failed: int = Field(ge=0)
    suppressed: int = Field(ge=0)
    last_dispatched_at: datetime | None


def check_token(kind: str, token: str) -> None:
    """Raises `ValueError`, whose text does not hold the token."""
    if not (token.isascii() and token.isprintable() and " " not in token):
        raise ValueError("a token is one word of ASCII characters")
    if kind == "stripe" and not STRIPE_KEY.fullmatch(token):
        raise ValueError("a Stripe key begins with rk_live_, rk_test_, sk_live_ or sk_test_")


def check_config(kind: str, config: MetaConfig | None) -> None:
    """Raises `ValueError`."""
    if (kind == "meta") is not (config is not None):
        raise ValueError("`meta` needs a `config` with its `pixel_id`; `stripe` takes none")
