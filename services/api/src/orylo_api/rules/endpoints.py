"""A tenant's own rules on payments."""

from typing import Any

from orylo_api.access.audit import actor_of
from orylo_api.access.authentication import authorise
from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.errors import NotFound
from orylo_api.http.route import Route
from orylo_api.rules import queries
from orylo_api.rules.errors import api_errors
from orylo_api.rules.models import (
    CheckBody,
    CheckResult,
    ExpressionProblem,
    FieldList,
    HitList,
    HitQuery,
    ListedField,
    ListedRule,
    ListedVersion,
    RestoreBody,
    RuleBody,
    RuleChangeBody,
    RuleList,
    RulePath,
    TrialBody,
    TrialResult,
    VersionList,
)
from orylo_api.rules.trial import try_expression
from orylo_common.control.rules import (
    InvalidRule,
    change_rule,
    create_rule,
    find_rule,
    list_rules,
    list_versions,
    restore_rule,
)
from orylo_rules import FIELDS, RuleDraft, check
from orylo_rules.literals import literal


async def list_all_rules(call: Call[None, None, None]) -> RuleList:
    stored = await list_rules(call.connection, call.principal.tenant.id)
    return RuleList(items=[ListedRule.of(each) for each in stored])


async def show_rule(call: Call[RulePath, None, None]) -> ListedRule:
    with api_errors():
        return ListedRule.of(await find_rule(call.connection, call.principal.tenant.id, str(call.path.id)))


async def save_rule(call: Call[None, None, RuleBody]) -> ListedRule:
    draft = _draft(call.body)
    if draft.mode == "on":
        authorise(call.principal, Permission.APPLY_RULES)
    with api_errors():
        stored = await create_rule(call.connection, call.principal.tenant.id, draft, actor=actor_of(call))
    return ListedRule.of(stored)


async def update_rule(call: Call[RulePath, None, RuleChangeBody]) -> ListedRule:
    tenant_id, draft, version = call.principal.tenant.id, _draft(call.body), call.body.version
    with api_errors():
        await _authorise_change(call, draft.mode)
        stored = await change_rule(
            call.connection, tenant_id, call.path.id, draft, version=version, actor=actor_of(call)
        )
    return ListedRule.of(stored)


async def roll_back_rule(call: Call[RulePath, None, RestoreBody]) -> ListedRule:
    tenant_id, body = call.principal.tenant.id, call.body
    with api_errors():
        await _authorise_change(call)
        stored = await restore_rule(
            call.connection,
            tenant_id,
            call.path.id,
            restored=body.restored,
            version=body.version,
            actor=actor_of(call),
        )
    return ListedRule.of(stored)


async def list_rule_versions(call: Call[RulePath, None, None]) -> VersionList:
    versions = await list_versions(call.connection, call.principal.tenant.id, call.path.id)
    if not versions:
        raise NotFound("there is no such rule")
    return VersionList(items=[ListedVersion.of(each) for each in versions])


async def list_rule_hits(call: Call[RulePath, HitQuery, None]) -> HitList:
    with api_errors():
        await find_rule(call.connection, call.principal.tenant.id, str(call.path.id))
    today = call.services.clock.now().date()
    return await queries.read_hits(call.connection, call.path.id, today, call.query.days)


async def list_rule_fields(call: Call[None, None, None]) -> FieldList:
    return FieldList(
        items=[
            ListedField(
                name=field.name,
                type=field.type,
                description=field.description,
                example=literal(field.example),
                may_be_missing=field.optional,
            )
            for field in FIELDS.values()
        ]
    )


async def check_rule(call: Call[None, None, CheckBody]) -> CheckResult:
    problems = check(call.body.expression)
    return CheckResult(
        problems=[ExpressionProblem(message=each.message, line=each.line, column=each.column) for each in problems]
    )


async def try_rule(call: Call[None, None, TrialBody]) -> TrialResult:
    with api_errors():
        if problems := check(call.body.expression):
            raise InvalidRule(problems)
    return await try_expression(call.connection, call.body)


async def _authorise_change(call: Call[RulePath, Any, Any], mode: str = "off") -> None:
    """Only some roles may change a rule that is on, or switch one on."""
    current = await find_rule(call.connection, call.principal.tenant.id, str(call.path.id))
    if "on" in (mode, current.rule.mode):
        authorise(call.principal, Permission.APPLY_RULES)


def _draft(body: RuleBody) -> RuleDraft:
    return RuleDraft.model_validate(body.model_dump(exclude={"version"}))


ROUTES = (
    Route(
        "GET",
        "/api/v1/rules",
        list_all_rules,
        Permission.READ,
        "Rules, highest priority first",
        description="Rules that are on decide on payments; rules in shadow only record what they would do.",
        response=RuleList,
    ),
    Route(
        "POST",
        "/api/v1/rules",
        save_rule,
        Permission.EDIT_RULES,
        "Create a rule. The next payment is decided with it",
        description="A rule whose expression is invalid is not saved; `errors` give line and column. A rule that is on "
        "needs the permission rules.apply. ",
        body=RuleBody,
        response=ListedRule,
        status=201,
    ),
    Route(
        "GET",
        "/api/v1/rules/fields",
        list_rule_fields,
        Permission.READ,
        "The fields that an expression may read",
        description="Each with its type, an example, and whether it may be missing.",
        response=FieldList,
    ),
    Route(
        "POST",
        "/api/v1/rules/check",
        check_rule,
        Permission.READ,
        "Check an expression without saving it",
        description="Problems have a line and a column. An expression without problems can be saved.",
        body=CheckBody,
        response=CheckResult,
        serves_in_maintenance=True,
    ),
    Route(
        "POST",
        "/api/v1/rules/try",
        try_rule,
        Permission.READ,
        "Try an expression on the newest payments, or on one",
        description="Values count as they were when the payment was made. Fields in `not_kept` are not stored with "
        "payments: use shadow mode for them.",
        body=TrialBody,
        response=TrialResult,
        refuses={404},
        serves_in_maintenance=True,
    ),
    Route(
        "GET",
        "/api/v1/rules/{id}",
        show_rule,
        Permission.READ,
        "One rule",
        description="The current version. The `ETag` of the response goes into `If-Match` of a change.",
        path_values=RulePath,
        response=ListedRule,
    ),
    Route(
        "PUT",
        "/api/v1/rules/{id}",
        update_rule,
        Permission.EDIT_RULES,
        "Change a rule, which makes a new version",
        description="Refused with 409 if `version` is no longer the current one. A rule that is on, before or after, "
        "needs the permission rules.apply. ",
        path_values=RulePath,
        body=RuleChangeBody,
        response=ListedRule,
        refuses={409},
    ),
    Route(
        "GET",
        "/api/v1/rules/{id}/versions",
        list_rule_versions,
        Permission.READ,
        "All versions of a rule, newest first",
        description="Each change and each restore made one, and none is ever lost.",
        path_values=RulePath,
        response=VersionList,
    ),
    Route(
        "POST",
        "/api/v1/rules/{id}/restore",
        roll_back_rule,
        Permission.EDIT_RULES,
        "Roll back: make a new version that equals an earlier one, in the current mode",
        description=(
            "409 if `version` is no longer the current one. A rule that is on needs the permission rules.apply."
        ),
        path_values=RulePath,
        body=RestoreBody,
        response=ListedRule,
    ),
    Route(
        "GET",
        "/api/v1/rules/{id}/hits",
        list_rule_hits,
        Permission.READ,
        "The payments a rule was true of, by day, newest first",
        description="With the payments and the money whose decision the rule changed, or would change if it were on.",
        path_values=RulePath,
        query=HitQuery,
        response=HitList,
    ),
)
