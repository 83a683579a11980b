from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from orylo_api.http.fields import Moment, RequestPart, ResponseBody, Text
from orylo_common.control.switches import EFFECTS, PLATFORM, RETRIES, Switch, SwitchName

Scope = Literal["tenant", "platform"]
Target = Annotated[str, StringConstraints(max_length=40, pattern=r"^[a-z0-9_-]+$")]


class ActiveSwitch(ResponseBody):
    """A switch that is on."""

    name: SwitchName
    scope: Scope = Field(description="whose it is: this tenant's, or the platform's", examples=["tenant"])
    target: str | None = Field(description="a gateway, or a destination's id; null: all", examples=["hotmart"])
    effect: str = Field(description="what it does, in words", examples=["Nothing is sent to destinations."])
    message: str = Field(examples=["We move to a new account until 14:00."])
    changed_by: str | None = Field(description="null for the platform's", examples=["bia@shop.example"])
    since: datetime
    until: datetime | None = Field(description="the end; null: it does not end")

    @classmethod
    def of(cls, switch: Switch) -> "ActiveSwitch":
        is_platform = switch.tenant_id == PLATFORM
        return cls(
            name=switch.name,
            scope="platform" if is_platform else "tenant",
            target=switch.target or None,
            effect=EFFECTS[switch.name],
            message=switch.message,
            changed_by=None if is_platform else switch.author,
            since=switch.since,
            until=switch.until,
        )


class AvailableSwitch(ResponseBody):
    name: SwitchName
    effect: str = Field(examples=["Nothing is sent to destinations."])
    targets: Literal["gateway", "destination"] | None = Field(description="what it can be limited to")


class GatewayRetries(ResponseBody):
    """How a gateway repeats a webhook that gets 503."""

    gateway: str
    retries: str = Field(examples=["Stripe repeats for up to 3 days, at growing intervals."])


class SwitchList(ResponseBody):
    items: list[ActiveSwitch] = Field(description="those that are on, for this tenant or the whole platform")
    available: list[AvailableSwitch]
    gateways: list[GatewayRetries]


class SwitchesChanged(ResponseBody):
    """The switches that are on now, for this tenant or the whole platform."""

    items: list[ActiveSwitch]


class SwitchBody(RequestPart):
    name: SwitchName
    on: bool = Field(description="false: switch it off")
    scope: Scope = Field(default="tenant", description="`platform` is for operators")
    target: Target | None = Field(
        default=None, description="a gateway, or a destination's id; null: all", examples=["hotmart"]
    )
    message: Text | None = Field(
        default=None,
        description="the reason, which affected people see; required to switch on",
        examples=["We move to a new account until 14:00."],
    )
    confirm: Text | None = Field(
        default=None,
        description="against slips, to switch maintenance on: the tenant's slug, or `platform`",
        examples=["my-shop"],
    )
    until: Moment | None = Field(
        default=None, description="the end; null: it does not end", examples=["2026-03-14T18:00:00Z"]
    )

    @model_validator(mode="after")
    def _is_whole(self) -> "SwitchBody":
        if self.on and self.message is None:
            raise ValueError("to switch on, give a message")
        if self.target is not None:
            if self.name is SwitchName.MAINTENANCE:
                raise ValueError("maintenance has no target")
            if self.name is SwitchName.STOP_WEBHOOKS and self.target not in RETRIES:
                raise ValueError(f"target must be one of {', '.join(RETRIES)}")
            if self.name is SwitchName.STOP_SENDING:
                UUID(self.target)
        return self
