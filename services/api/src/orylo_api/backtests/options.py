"""The options of a backtest, as the upload of its file carries them."""

from typing import Annotated, Any

import orjson
from pydantic import AfterValidator, Field, StringConstraints, TypeAdapter, ValidationError

from orylo_api.http.fields import Moment, RequestPart
from orylo_common.control.sections.detection import DetectionPolicy
from orylo_rules import RuleDraft, check

MAX_RULES = 20
MAX_OPTION = 6_000
_LIST: TypeAdapter[list[dict[str, Any]]] = TypeAdapter(list[dict[str, Any]])


def _known_settings(text: str) -> str:
    try:
        settings = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise ValueError("is not JSON") from None
    if not isinstance(settings, dict):
        raise ValueError("must be an object of settings")  # noqa: TRY004  (pydantic expects it)
    if unknown := sorted(settings.keys() - DetectionPolicy.model_fields.keys()):
        raise ValueError(f"there is no setting {unknown[0][:40]}")
    return text


def _valid_rules(text: str) -> str:
    parse_rules(text)
    return text


def parse_rules(text: str | None) -> list[RuleDraft]:
    """Return the rules to try, which are on unless they say otherwise. Raises `ValueError`, with the rule's number."""
    if text is None:
        return []
    try:
        written = _LIST.validate_json(text)
    except ValidationError:
        raise ValueError("must be a list of rules") from None
    if len(written) > MAX_RULES:
        raise ValueError(f"at most {MAX_RULES} rules can be tried at once")
    return [_rule(number, values) for number, values in enumerate(written, 1)]


def _rule(number: int, values: dict[str, Any]) -> RuleDraft:
    try:
        rule = RuleDraft.model_validate({"mode": "on", **values})
    except ValidationError as invalid:
        first = invalid.errors(include_url=False, include_input=False)[0]
        raise ValueError(f"rule {number}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    for problem in check(rule.expression):
        raise ValueError(f"rule {number}, line {problem.line}, column {problem.column}: {problem.message}")
    return rule


class BacktestQuery(RequestPart):
    """The columns of an uploaded file, and the settings and rules to try on it."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")] = Field(
        default="Backtest", description="what lists show", examples=["May, block at 70"]
    )
    dry_run: bool = Field(default=False, description="check the file, and do nothing")
    columns: (
        Annotated[str, StringConstraints(max_length=1_000, pattern=r"^[^\x00:,]+:[^\x00:,]+(,[^\x00:,]+:[^\x00:,]+)*$")]
        | None
    ) = Field(
        default=None,
        description="our name and the file's name of each column that has another one, such as "
        "`amount:value,is_fraud:label`",
        examples=["amount:value,is_fraud:label"],
    )
    settings: (
        Annotated[str, StringConstraints(min_length=2, max_length=MAX_OPTION), AfterValidator(_known_settings)] | None
    ) = Field(
        default=None,
        description="settings of the section `detector` to try instead of the current ones, as a JSON object",
        examples=['{"block_at": 70}'],
    )
    rules: (
        Annotated[str, StringConstraints(min_length=2, max_length=MAX_OPTION), AfterValidator(_valid_rules)] | None
    ) = Field(
        default=None,
        description="rules to try beside the current ones, as a JSON list with `name`, `expression`, `action` and "
        "`mode`, which is `on` by default",
        examples=['[{"name": "big", "expression": "payment.amount > 300.0", "action": {"kind": "review"}}]'],
    )
    feedback_delay_days: float = Field(
        default=7, ge=0, le=365, description="how long after a payment its label becomes known"
    )
    warmup_from: Moment | None = Field(default=None, description="leave out earlier payments")
    test_from: Moment | None = Field(default=None, description="measure from here on; a third into the file by default")
    test_to: Moment | None = Field(default=None, description="stop before this time")
