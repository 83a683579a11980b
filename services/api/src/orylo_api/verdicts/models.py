from datetime import datetime
from uuid import UUID

from pydantic import Field

from orylo_api.http.fields import Gateway, PaymentId, RequestPart, ResponseBody, Text
from orylo_api.http.problem_details import ImportProblem
from orylo_common.messages import PaymentVerdict


class VerdictRequest(RequestPart):
    verdict: PaymentVerdict = Field(description="`withdrawn` takes the earlier verdict back")
    reason: Text | None = Field(default=None, description="kept with the verdict; must not hold personal data")
    expected: PaymentVerdict | None = Field(
        default=None,
        description="the verdict that the caller has seen, `withdrawn` for none: if the payment has another one by "
        "now, the request is refused with 412 and changes nothing",
        examples=["withdrawn"],
    )


class VerdictAccepted(ResponseBody):
    """The verdict is recorded. The payment shows it within moments."""

    payment_id: PaymentId
    verdict_id: UUID
    verdict: PaymentVerdict
    reason: str | None
    actor: str
    accepted_at: datetime


class GivenVerdict(ResponseBody):
    """The newest verdict on a payment."""

    verdict: PaymentVerdict
    reason: str | None
    actor: str = Field(description="who gave it: a user's email address, an API key's name, …")
    given_at: datetime


class VerdictChange(ResponseBody):
    """The data of the stream event `verdict.given`."""

    payment_id: str
    verdict: PaymentVerdict
    occurred_at: datetime


class VerdictImportQuery(RequestPart):
    verdict: PaymentVerdict | None = Field(default=None, description="of lines without a verdict")
    reason: Text | None = Field(default=None, description="of lines without a reason")
    gateway: Gateway | None = Field(
        default=None, description="of payment ids without one, as in the gateway's own export: `stripe` for `pi_3SVk2c`"
    )
    dry_run: bool = Field(default=False, description="only count what the file would do")


class VerdictImport(ResponseBody):
    """The effect of a file of verdicts, or with `dry_run` its expected effect. Faulty lines are left out."""

    lines: int = Field(ge=0, description="without the header and empty lines")
    given: int = Field(ge=0, description="new verdicts, and those that replace another one")
    unchanged: int = Field(ge=0, description="the payment has this verdict, also from an earlier line of the file")
    unknown: int = Field(ge=0, description="the payment is not known")
    invalid: int = Field(ge=0, description="cannot be read")
    problems: list[ImportProblem] = Field(description="of unknown and invalid lines, the first 100")
    dry_run: bool
