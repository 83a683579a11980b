"""Rules, their versions, snoozes and hits, as requests and responses carry them."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints

from orylo_api.http.fields import CustomerId, Moment, PaymentId, RequestPart, ResponseBody, Text
from orylo_api.payments.models import PaymentState
from orylo_common.control.rules import RuleVersion, StoredRule
from orylo_common.messages import Decision
from orylo_rules import MAX_CHARACTERS, Rule, RuleAction, RuleMode

Expression = Annotated[
    str,
    Field(
        description="the condition, in CEL (docs/rules.md)",
        examples=["customer.payments == 0 && payment.amount > 1500"],
    ),
    StringConstraints(min_length=1, max_length=MAX_CHARACTERS, pattern=r"^[^\x00]*[^\s\x00][^\x00]*$"),
]
# One line with at least one visible character.
_NAME = r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$"
RuleName = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=_NAME)]
CurrentVersion = Annotated[int, Field(ge=1, description="the rule's current version, which this change replaces")]


class RulePath(RequestPart):
    id: UUID


class RuleBody(RequestPart):
    name: RuleName
    expression: Expression
    action: RuleAction
    priority: int = Field(default=100, ge=0, le=1000, description="of the rules that decide, the highest does")
    mode: RuleMode = Field(default="shadow", description="in shadow, hits are recorded and nothing changes")


class RuleChangeBody(RuleBody):
    version: CurrentVersion


class RestoreBody(RequestPart):
    restored: int = Field(ge=1, description="the version to make current again")
    version: CurrentVersion


class ListedRule(ResponseBody):
    id: UUID
    version: int = Field(ge=1)
    name: str
    expression: str
    action: RuleAction
    priority: int
    mode: RuleMode
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, stored: StoredRule) -> Self:
        rule: Rule = stored.rule
        return cls(
            id=rule.id,
            version=rule.version,
            created_at=stored.created_at,
            updated_at=stored.updated_at,
            **rule.draft().model_dump(),
        )


class RuleList(ResponseBody):
    items: list[ListedRule]


class ListedVersion(ResponseBody):
    version: int = Field(ge=1)
    name: str
    expression: str
    action: RuleAction
    priority: int
    mode: RuleMode
    author: str = Field(description="who made it: a user's email address, an API key's name, or a command's user")
    created_at: datetime

    @classmethod
    def of(cls, version: RuleVersion) -> Self:
        return cls(
            version=version.version,
            author=version.author,
            created_at=version.created_at,
            **version.draft.model_dump(),
        )


class VersionList(ResponseBody):
    items: list[ListedVersion]


class CheckBody(RequestPart):
    expression: Expression


class ExpressionProblem(ResponseBody):
    message: str
    line: int = Field(ge=1)
    column: int = Field(ge=1, description="counts characters")


class CheckResult(ResponseBody):
    problems: list[ExpressionProblem] = Field(description="empty if the expression can be saved")


class ListedField(ResponseBody):
    name: str
    type: str
    description: str
    example: str = Field(description="as it is written in an expression", examples=["19.9"])
    may_be_missing: bool


class FieldList(ResponseBody):
    items: list[ListedField]


class SnoozeBody(RequestPart):
    customer_id: CustomerId
    until: Moment
    reason: Text


class SnoozeEndBody(RequestPart):
    customer_id: CustomerId


class ListedSnooze(ResponseBody):
    customer_id: str
    until: datetime
    reason: str
    author: str
    created_at: datetime


class SnoozeList(ResponseBody):
    items: list[ListedSnooze]


class HitQuery(RequestPart):
    days: int = Field(default=30, ge=1, le=365, description="how many days, the present one included")


class DailyHits(ResponseBody):
    """The payments of one day that a rule was true of. Each counts once, however many events it had."""

    day: date = Field(description="in UTC")
    mode: Literal["on", "shadow"]
    currency: str
    payments: int = Field(ge=0)
    amount_minor: int = Field(ge=0)
    changed: int = Field(ge=0, description="payments whose decision the rule changed, or in shadow would have changed")
    changed_minor: int = Field(ge=0)


class HitList(ResponseBody):
    items: list[DailyHits]


class TrialBody(RequestPart):
    expression: Expression
    payment_id: PaymentId | None = Field(default=None, description="try it on this payment, else on recent ones")


class TriedPayment(ResponseBody):
    payment_id: str
    state: PaymentState
    decision: Decision
    amount_minor: int = Field(ge=0)
    currency: str
    created_at: datetime


class TriedGroup(ResponseBody):
    """The payments of one state and currency that the expression is true of."""

    state: PaymentState
    currency: str
    payments: int = Field(ge=0)
    amount_minor: int = Field(ge=0)


class TriedValue(ResponseBody):
    field: str
    value: str | None = Field(
        description="as it is written in an expression; null if it is not known", examples=["1250.0"]
    )


class TrialResult(ResponseBody):
    """The payments that an expression is true of. A value counts as it was when the payment was made, where known."""

    tried: int = Field(ge=0, description="payments that the expression was tried on, the newest")
    since: datetime | None = Field(description="when the oldest of them was decided")
    applies: int = Field(ge=0, description="payments that it is true of")
    groups: list[TriedGroup]
    unknown: int = Field(ge=0, description="payments that it is not true of and that lack a value that it reads")
    failed: int = Field(ge=0, description="payments that it fails on")
    not_kept: list[str] = Field(
        description="fields that it reads and that only shadow mode can show", examples=[["payment.user_agent"]]
    )
    examples: list[TriedPayment] = Field(description="up to 20 of the payments that it is true of, newest first")
    values: list[TriedValue] = Field(description="each value that it reads, if it was tried on one payment")
