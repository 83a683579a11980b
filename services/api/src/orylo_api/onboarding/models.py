from datetime import datetime
from enum import StrEnum

from pydantic import Field

from orylo_api.http.fields import RequestPart, ResponseBody


class OnboardingStep(StrEnum):
    GATEWAY = "gateway"
    SALE = "sale"
    META = "meta"
    TRACKING = "tracking"
    TEAM = "team"


class StepState(ResponseBody):
    """A step is done by a fact, never by a click."""

    step: OnboardingStep
    done: bool
    skipped: bool = Field(description="by this user")
    done_at: datetime | None = Field(description="when the fact occurred; null if it is not done, or has no time")
    detail: str | None = Field(description="what was found, or what is left to do", examples=["Set up: stripe."])
    payment_id: str | None = Field(description="of the first sale, for that step")


class Onboarding(ResponseBody):
    """The steps from a new shop to reported sales."""

    steps: list[StepState]
    done: int = Field(ge=0, description="how many steps are done")
    dismissed: bool = Field(description="whether this user no longer wants to see the steps")


class OnboardingChoices(RequestPart):
    """A user's own choices. They tick no step."""

    dismissed: bool = Field(default=False, description="do not show the steps")
    skipped: list[OnboardingStep] = Field(default=[], max_length=5, description="steps to leave out")


class SampleData(ResponseBody):
    """The sample sales of a shop, which show what the pages look like."""

    sales: int = Field(ge=0, description="how many sample sales are shown; 0 without sample data", examples=[8])
