"""A rule: a condition, an action, a priority and a mode."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from orylo_rules.check import MAX_CHARACTERS
from orylo_rules.source import LIST_NAME

RuleMode = Literal["off", "shadow", "on"]
RuleDecision = Literal["allow", "review", "block"]
# What an entry of a list may name.
Identifier = Literal["customer", "card", "ip", "device"]


def _not_zero(points: int) -> int:
    if points == 0:
        raise ValueError("points must not be 0")
    return points


class Decide(BaseModel):
    """Decide the payment, at any risk."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: RuleDecision


class AddPoints(BaseModel):
    """Raise the payment's risk, or lower it if `points` is negative. The risk stays between 0 and 100."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["add_points"] = "add_points"
    points: Annotated[int, Field(ge=-100, le=100), AfterValidator(_not_zero)]


class AddToList(BaseModel):
    """Put the payment's customer and card, or other identifiers of it, on a list of the tenant for some days.

    The lists `block` and `allow` decide on later payments; `in_list` reads all lists.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["add_to_list"] = "add_to_list"
    list: str = Field(pattern=f"^{LIST_NAME.pattern}$")
    types: tuple[Identifier, ...] = Field(default=("customer", "card"), min_length=1, max_length=4)
    days: int = Field(default=30, ge=1, le=3650)


RuleAction = Annotated[Decide | AddPoints | AddToList, Field(discriminator="kind")]


class RuleDraft(BaseModel):
    """A rule as its author writes it.

    `expression` is not compiled here, so that a stored rule can be read when a field of it no longer exists: `check`
    it before it is saved.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    name: str = Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")
    expression: str = Field(min_length=1, max_length=MAX_CHARACTERS)
    action: RuleAction
    priority: int = Field(default=100, ge=0, le=1000, description="the rule with the highest decides")
    mode: RuleMode = "shadow"


class Rule(RuleDraft):
    """One version of a stored rule. Every change makes a new `version`."""

    id: UUID
    version: int = Field(default=1, ge=1)

    def draft(self) -> RuleDraft:
        return RuleDraft(**self.model_dump(exclude={"id", "version"}))
