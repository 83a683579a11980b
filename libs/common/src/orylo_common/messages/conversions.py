"""Messages about sales that are reported to a destination."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from orylo_common.messages.message import Message, Value


class Utm(Value):
    """The utm parameters of a visit's landing page."""

    source: str | None = None
    medium: str | None = None
    campaign: str | None = None
    content: str | None = None
    term: str | None = None


class Match(Value):
    """The click that a payment is attributed to. `method` is `none` if no click was found."""

    method: Literal["click_id", "fbc", "fbp", "email", "phone", "ip_user_agent", "none"]
    confidence: float = Field(ge=0, le=1)
    click_id: str | None = None
    tried: tuple[str, ...] | None = Field(
        default=None,
        description="methods that the payment has values for and that found no click, in the order they were tried; "
        "null if they were not recorded",
    )
    utm: Utm | None = Field(default=None, description="of the click")


class ConversionFact(Message):
    """A fact about one conversion: one payment reported to one destination."""

    source: ClassVar[str] = "orylo/dispatch"

    conversion_id: UUID
    event_id: str
    payment_id: str
    destination_id: UUID
    destination: str = Field(description="the destination's kind, such as meta")
    event_name: str
    match: Match
    amount_minor: int = Field(ge=0)
    currency: str
    decision_version: int = Field(default=0, ge=0, description="of the decision on the payment that is in effect")

    @property
    def subject(self) -> str:
        return str(self.conversion_id)


class ConversionMatched(ConversionFact):
    """A conversion was created and is due."""

    type: Literal["conversion.matched.v1"] = "conversion.matched.v1"


class ConversionDispatched(ConversionFact):
    """The destination confirmed the conversion."""

    type: Literal["conversion.dispatched.v1"] = "conversion.dispatched.v1"
    attempts: int = Field(ge=1)


class ConversionFailed(ConversionFact):
    """The conversion failed for good. It is only attempted again if a user redrives it."""

    type: Literal["conversion.failed.v1"] = "conversion.failed.v1"
    attempts: int = Field(ge=0)
    reason: str = Field(description="a sentence for users, without personal data")
    code: str | None = Field(default=None, description="the destination's own code, such as 100/2804003")


class ConversionSuppressed(ConversionFact):
    """The conversion is deliberately not sent."""

    type: Literal["conversion.suppressed.v1"] = "conversion.suppressed.v1"
    reason: str = Field(description="blocked, test, opted_out, …")


class ConversionCorrectionChanged(ConversionFact):
    """A newer decision on the payment contradicts a conversion that was sent, or agrees with it again."""

    type: Literal["conversion.correction_changed.v1"] = "conversion.correction_changed.v1"
    correction: str | None = Field(
        default=None, description="why the conversion should not have been sent: blocked; or null"
    )


class ConversionRedriveRequested(Message):
    """A user requested another attempt for a failed conversion, or that one of a blocked payment is sent."""

    type: Literal["conversion.redrive_requested.v1"] = "conversion.redrive_requested.v1"
    source: ClassVar[str] = "orylo/api"

    conversion_id: UUID
    actor: str
    although_blocked: bool = Field(
        default=False, description="send a conversion that is kept back because its payment is blocked"
    )

    @property
    def subject(self) -> str:
        return str(self.conversion_id)
