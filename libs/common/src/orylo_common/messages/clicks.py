"""Messages from the tracking script on the merchant's pages."""

from typing import ClassVar, Literal

from pydantic import Field

from orylo_common.messages.message import Message
from orylo_common.messages.payments import MatchKeys, Tracking


class ClickRecorded(Message):
    """A visit to the merchant's page. `ip` and `user_agent` are the visitor's."""

    type: Literal["click.recorded.v1"] = "click.recorded.v1"
    source: ClassVar[str] = "orylo/ingest"

    click_id: str
    kind: Literal["pageview", "click", "checkout", "lead"]
    url: str | None = None
    referrer: str | None = None
    ip: str | None = None
    user_agent: str | None = None
    tracking: Tracking = Tracking()
    customer_id: str | None = None
    match_keys: MatchKeys = MatchKeys()
    consent: bool | None = Field(
        default=None,
        description="whether the visitor agreed to be tracked, where the page reports it. If they refused, the message "
        "identifies neither them nor their visit",
    )

    @property
    def subject(self) -> str:
        return self.click_id
