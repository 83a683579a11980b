from datetime import datetime
from typing import Literal

from pydantic import Field

from orylo_api.http.fields import Gateway, RequestPart, ResponseBody


class FlagPath(RequestPart):
    name: str = Field(
        max_length=60,
        pattern=r"^[a-z_.]+$",
        description="the flag, as the list names it",
        examples=["detector.velocity"],
    )


class StoredFlagValue(ResponseBody):
    """A value that replaces the default."""

    gateway: Gateway | None = Field(description="null: every gateway without a value of its own", examples=["hotmart"])
    enabled: bool
    changed_by: str = Field(examples=["bia@shop.example"])
    changed_at: datetime


class FeatureFlag(ResponseBody):
    name: str = Field(examples=["detector.velocity"])
    description: str = Field(description="what happens while it is on", examples=["Payments are reported to Meta."])
    service: Literal["detector", "dispatch", "ingest"] = Field(description="which service reads it")
    default: bool
    by_gateway: bool = Field(description="whether a gateway may have a value of its own")
    enabled: bool = Field(description="for gateways without a value of their own")
    values: list[StoredFlagValue]


class FlagList(ResponseBody):
    items: list[FeatureFlag]


class FlagBody(RequestPart):
    gateway: Gateway | None = Field(
        default=None, description="null: every gateway without a value of its own", examples=["hotmart"]
    )
    enabled: bool | None = Field(description="null: remove the value, so that the default applies", examples=[False])
