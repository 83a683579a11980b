"""The filters that a saved view may hold: those of the page's list, which validates them too."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from orylo_api.conversions.models import ConversionQuery
from orylo_api.customers.models import CustomerQuery
from orylo_api.dead_letters.models import DeadLetterQuery
from orylo_api.errors import Invalid
from orylo_api.http.fields import RequestPart
from orylo_api.http.problem_details import FieldProblem
from orylo_api.notes.contents import holds_card_number
from orylo_api.payments.list_models import BLOCKED_BUT_PAID, PaymentFilters
from orylo_api.quarantine.models import QuarantineQuery
from orylo_api.read_models.keys import derived_uuid
from orylo_api.rejections.models import RejectionQuery
from orylo_api.review.models import CaseQuery
from orylo_api.views.models import DashboardPage, SavedView

PAGES: Mapping[DashboardPage, type[RequestPart]] = {
    DashboardPage.PAYMENTS: PaymentFilters,
    DashboardPage.REVIEW: CaseQuery,
    DashboardPage.CUSTOMERS: CustomerQuery,
    DashboardPage.CONVERSIONS: ConversionQuery,
    DashboardPage.DEAD_LETTERS: DeadLetterQuery,
    DashboardPage.QUARANTINE: QuarantineQuery,
    DashboardPage.REJECTIONS: RejectionQuery,
}
# A place in the list, and text that people search for, which may be personal.
NOT_SAVED = frozenset({"cursor", "limit", "q"})
RANGE = "range"
_RANGE = TypeAdapter(Literal["1h", "today", "yesterday", "24h", "7d", "30d", "month"])


def _delivered(page: DashboardPage, name: str, query: Mapping[str, str]) -> SavedView:
    return SavedView(
        id=derived_uuid(f"view:{page}:{name}"),
        page=page,
        name=name,
        query=dict(query),
        shared=True,
        delivered=True,
        saved_by=None,
        updated_at=None,
    )


DELIVERED: Sequence[SavedView] = (
    _delivered(DashboardPage.PAYMENTS, "all", {}),
    _delivered(DashboardPage.PAYMENTS, "to_review", {"decision": "review", "verdict": "none"}),
    _delivered(DashboardPage.PAYMENTS, "blocked_but_paid", BLOCKED_BUT_PAID),
    _delivered(
        DashboardPage.PAYMENTS,
        "not_reaching_meta",
        {"state": "succeeded", "conversion": "failed,pending,suppressed,none"},
    ),
)


def check_filters(page: DashboardPage, query: Mapping[str, str]) -> None:
    """Raise `Invalid` for a filter that the page does not have, a value that it does not take, or personal data."""
    model = PAGES[page]
    allowed = {field.alias or name for name, field in model.model_fields.items()} - NOT_SAVED
    problems = {name: f"is not a filter of the page {page}" for name in query if name not in {*allowed, RANGE}}
    problems |= {name: "holds a card's number" for name, value in query.items() if holds_card_number(value)}
    problems |= _refused(model, {name: value for name, value in query.items() if name in allowed and name != RANGE})
    if RANGE in query and RANGE not in allowed:
        problems |= _refused(_RANGE, query[RANGE])
    if problems:
        errors = [FieldProblem(field=f"body.query.{name}", message=text) for name, text in sorted(problems.items())]
        raise Invalid("some values are invalid", errors)


def _refused(model: type[RequestPart] | TypeAdapter[Any], values: Any) -> dict[str, str]:
    try:
        if isinstance(model, TypeAdapter):
            model.validate_python(values)
        else:
            model.model_validate(values)
    except ValidationError as invalid:
        errors = invalid.errors(include_url=False, include_input=False, include_context=False)
        return {str(error["loc"][0] if error["loc"] else RANGE): error["msg"] for error in errors}
    return {}
