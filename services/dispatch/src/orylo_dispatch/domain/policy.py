"""What a tenant may change about matching and sending."""

from datetime import timedelta
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from orylo_common.control.models import TenantSettings

Method = Literal["click_id", "fbc", "fbp", "email", "phone", "ip_user_agent"]

# Clicks are kept no longer, so that a longer window would find nothing.
LONGEST_LOOK_BACK = timedelta(days=90)


class Rule(BaseModel):
    """How far back one method looks, and how sure it is."""

    model_config = ConfigDict(frozen=True)

    confidence: float = Field(ge=0, le=1)
    look_back_days: float = Field(ge=0, le=LONGEST_LOOK_BACK.days)

    @property
    def look_back(self) -> timedelta:
        return timedelta(days=self.look_back_days)


class DispatchPolicy(TenantSettings):
    """The section `dispatch` of a tenant's settings. A rule with a look-back of 0 is off."""

    section: ClassVar[str] = "dispatch"

    send_blocked: bool = Field(default=False, description="send the payments that the detector blocked, too")
    click_id: Rule = Rule(confidence=1.0, look_back_days=30)
    fbc: Rule = Rule(confidence=0.95, look_back_days=30)
    fbp: Rule = Rule(confidence=0.9, look_back_days=30)
    email: Rule = Rule(confidence=0.85, look_back_days=30)
    phone: Rule = Rule(confidence=0.8, look_back_days=30)
    # Offices and mobile networks share addresses: only a visit of the same day is believed.
    ip_user_agent: Rule = Rule(confidence=0.4, look_back_days=1)

    def rule(self, method: Method) -> Rule:
        rule: Rule = getattr(self, method)
        return rule

    @property
    def longest_look_back(self) -> timedelta:
        return max(self.rule(method).look_back for method in METHODS)


# The ladder, surest first.
METHODS: tuple[Method, ...] = ("click_id", "fbc", "fbp", "email", "phone", "ip_user_agent")
