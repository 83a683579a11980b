"""Section `dispatch`: how a tenant's payments are matched with clicks, and which of them are sent."""

from datetime import timedelta
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from orylo_common.control.models import TenantSettings

Method = Literal["click_id", "fbc", "fbp", "email", "phone", "ip_user_agent"]

# Clicks are deleted after 90 days; a longer look-back would find no more.
LONGEST_LOOK_BACK = timedelta(days=90)


class MethodPolicy(BaseModel):
    """The confidence of one match method and how far back it looks. A look-back of 0 switches the method off."""

    model_config = ConfigDict(frozen=True)

    confidence: float = Field(ge=0, le=1, description="from 0 to 1", json_schema_extra={"unit": "share from 0 to 1"})
    look_back_days: float = Field(
        ge=0, le=LONGEST_LOOK_BACK.days, description="0 switches the method off", json_schema_extra={"unit": "days"}
    )

    @property
    def look_back(self) -> timedelta:
        return timedelta(days=self.look_back_days)


class DispatchPolicy(TenantSettings):
    section: ClassVar[str] = "dispatch"

    send_blocked: bool = Field(default=False, description="also send payments that the detector blocked")
    click_id: MethodPolicy = Field(
        default=MethodPolicy(confidence=1.0, look_back_days=30), description="match by the shop's own click id"
    )
    fbc: MethodPolicy = Field(
        default=MethodPolicy(confidence=0.95, look_back_days=30),
        description="match by Meta's click id, from the cookie or the landing page",
    )
    fbp: MethodPolicy = Field(
        default=MethodPolicy(confidence=0.9, look_back_days=30),
        description="match by Meta's browser id, from the cookie",
    )
    email: MethodPolicy = Field(
        default=MethodPolicy(confidence=0.85, look_back_days=30),
        description="match by the buyer's email address, hashed",
    )
    phone: MethodPolicy = Field(
        default=MethodPolicy(confidence=0.8, look_back_days=30), description="match by the buyer's phone number, hashed"
    )
    # Offices and mobile networks share addresses, so only a visit of the same day counts.
    ip_user_agent: MethodPolicy = Field(
        default=MethodPolicy(confidence=0.4, look_back_days=1),
        description="match by the buyer's address together with their browser",
    )

    def method(self, method: Method) -> MethodPolicy:
        policy: MethodPolicy = getattr(self, method)
        return policy

    @property
    def longest_look_back(self) -> timedelta:
        return max(self.method(method).look_back for method in METHODS)


# In descending order of confidence.
METHODS: tuple[Method, ...] = ("click_id", "fbc", "fbp", "email", "phone", "ip_user_agent")
