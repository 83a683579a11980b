"""The configuration of each kind of destination, as users enter it."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints


class MetaConfig(BaseModel):
    """A dataset of Meta's Conversions API."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pixel_id: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,32}$")] = Field(
        description="the id of the dataset (pixel), from Meta's Events Manager", examples=["1234567890"]
    )
    test_event_code: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")] | None = Field(
        default=None,
        description="for tests only: Meta shows the events under “Test events”, and counts them too",
        examples=["TEST12345"],
    )
    site_url: Annotated[str, StringConstraints(max_length=500, pattern=r"^https?://[^\s/]+(/\S*)?$")] | None = Field(
        default=None,
        description="the shop's URL, sent for sales whose page is unknown",
        examples=["https://shop.example"],
    )
