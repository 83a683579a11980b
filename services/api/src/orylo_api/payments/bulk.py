"""A verdict on many payments at once."""

from collections import Counter
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from orylo_api.access import audit
from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.http import outbox
from orylo_api.http.fields import PaymentId, RequestPart, ResponseBody, Text
from orylo_api.http.route import Route
from orylo_api.review.work import CaseWorker, settle_many
from orylo_api.verdicts.messages import verdict_given
from orylo_api.verdicts.queries import find_judged, lock_verdicts
from orylo_common.control.audit import AuditedChange
from orylo_common.messages import PaymentVerdict

MAX_IDS = 500


class BulkVerdict(RequestPart):
    ids: Annotated[list[PaymentId], Field(min_length=1, max_length=MAX_IDS)] = Field(
        description="repeated ones count once", examples=[["stripe:pi_3SVk2c", "hotmart:HP7741"]]
    )
    verdict: PaymentVerdict = Field(description="`withdrawn` takes earlier verdicts back", examples=["fraud"])
    reason: Text | None = Field(
        default=None, description="kept with each verdict; must not hold personal data", examples=["card testing"]
    )
    expected: dict[PaymentId, PaymentVerdict] = Field(
        default_factory=dict,
        max_length=MAX_IDS,
        description="the verdict that each payment has as you read it, `withdrawn` for none: a payment that has "
        "another by now is left as it is",
        examples=[{"stripe:pi_3SVk2c": "withdrawn"}],
    )
    dry_run: bool = Field(default=False, description="only count what it would do", examples=[True])


class VerdictOutcome(StrEnum):
    GIVEN = "given"
    UNCHANGED = "unchanged"
    UNKNOWN = "unknown"
    HELD = "held"
    STALE = "stale"


class VerdictResult(ResponseBody):
    id: str = Field(examples=["stripe:pi_3SVk2c"])
    outcome: VerdictOutcome = Field(
        description="`given`; `unchanged`: the payment has this verdict; `unknown`: there is no such payment; "
        "`held`: another person has its review case open, and only they decide it; `stale`: its verdict is not the "
        "expected one"
    )


class BulkVerdictResult(ResponseBody):
    """The outcome for each payment, or with `dry_run` the expected one. The payments show it within moments."""

    dry_run: bool
    given: int = Field(ge=0, examples=[1])
    unchanged: int = Field(ge=0, examples=[1])
    unknown: int = Field(ge=0, examples=[0])
    held: int = Field(ge=0, description="left alone, because another person decides", examples=[0])
    stale: int = Field(ge=0, description="left alone, because their verdict has changed", examples=[0])
    results: list[VerdictResult] = Field(description="in the order of the request")


async def judge_payments(call: Call[None, None, BulkVerdict]) -> BulkVerdictResult:
    """Publish a verdict for each payment that it changes, all of them or none."""
    given, user, now = call.body, call.principal, call.services.clock.now()
    ids = list(dict.fromkeys(given.ids))
    newest = await lock_verdicts(call.connection, given.expected) if given.expected else {}
    judged = await find_judged(call.connection, ids)
    outcomes = {
        each: VerdictOutcome.UNKNOWN
        if each not in judged
        else VerdictOutcome.STALE
        if newest.get(each) is not given.expected.get(each)
        else VerdictOutcome.UNCHANGED
        if judged[each].stays(given.verdict, given.reason)
        else VerdictOutcome.GIVEN
        for each in ids
    }
    changed = {each: judged[each] for each, outcome in outcomes.items() if outcome is VerdictOutcome.GIVEN}
    if changed and not given.dry_run and given.verdict is not PaymentVerdict.WITHDRAWN:
        held = await settle_many(call.connection, changed, CaseWorker(user.id, user.name), now)
        outcomes |= dict.fromkeys(held, VerdictOutcome.HELD)
        changed = {each: known for each, known in changed.items() if each not in held}
    if changed and not given.dry_run:
        actor = f"{user.kind}:{user.id}"
        messages = [
            verdict_given(user.tenant.id, each, known.customer_id, given.verdict, given.reason, actor=actor, now=now)
            for each, known in changed.items()
        ]
        await outbox.write_messages(call.connection, messages)
        after = given.model_dump(mode="json", include={"verdict", "reason"})
        changes = [
            AuditedChange(f"payment {each}", {"verdict": known.verdict, "reason": known.reason}, after)
            for each, known in changed.items()
        ]
        await audit.write_changes(call, changes, action="payment.give_verdict")
    counts = Counter(outcomes.values())
    return BulkVerdictResult(
        dry_run=given.dry_run,
        given=counts[VerdictOutcome.GIVEN],
        unchanged=counts[VerdictOutcome.UNCHANGED],
        unknown=counts[VerdictOutcome.UNKNOWN],
        held=counts[VerdictOutcome.HELD],
        stale=counts[VerdictOutcome.STALE],
        results=[VerdictResult(id=each, outcome=outcome) for each, outcome in outcomes.items()],
    )


ROUTES = (
    Route(
        "POST",
        "/api/v1/payments/bulk",
        judge_payments,
        Permission.GIVE_VERDICTS,
        "Judge up to 500 payments, or count what that would change",
        body=BulkVerdict,
        response=BulkVerdictResult,
        description="A payment that has the verdict already, or that is not known, is left as it is, and so is one "
        "whose review case another person has open, or whose verdict is not the `expected` one.",
    ),
)
