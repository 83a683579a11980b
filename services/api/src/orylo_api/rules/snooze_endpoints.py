"""Snoozes of a rule: it does not apply to one customer until a certain time."""

from orylo_api.access.audit import actor_of
from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.errors import Invalid
from orylo_api.http.problem_details import FieldProblem
from orylo_api.http.route import Route
from orylo_api.rules.errors import api_errors
from orylo_api.rules.models import ListedSnooze, RulePath, SnoozeBody, SnoozeEndBody, SnoozeList
from orylo_common.control.rule_snoozes import RuleSnooze, end_snooze, list_snoozes, snooze_rule
from orylo_common.control.rules import find_rule


async def list_rule_snoozes(call: Call[RulePath, None, None]) -> SnoozeList:
    tenant_id = call.principal.tenant.id
    with api_errors():
        await find_rule(call.connection, tenant_id, str(call.path.id))
    return SnoozeList(items=[_listed(each) for each in await list_snoozes(call.connection, tenant_id, call.path.id)])


async def snooze_for_customer(call: Call[RulePath, None, SnoozeBody]) -> ListedSnooze:
    body = call.body
    if body.until <= call.services.clock.now():
        raise Invalid(
            "the snooze has already ended", [FieldProblem(field="body.until", message="must be in the future")]
        )
    with api_errors():
        snoozed = await snooze_rule(
            call.connection,
            call.principal.tenant.id,
            call.path.id,
            body.customer_id,
            until=body.until,
            reason=body.reason,
            actor=actor_of(call),
        )
    return _listed(snoozed)


async def unsnooze_for_customer(call: Call[RulePath, None, SnoozeEndBody]) -> SnoozeList:
    tenant_id = call.principal.tenant.id
    with api_errors():
        await end_snooze(call.connection, tenant_id, call.path.id, call.body.customer_id, actor=actor_of(call))
    return SnoozeList(items=[_listed(each) for each in await list_snoozes(call.connection, tenant_id, call.path.id)])


def _listed(snoozed: RuleSnooze) -> ListedSnooze:
    return ListedSnooze(**{name: getattr(snoozed, name) for name in ListedSnooze.model_fields})


ROUTES = (
    Route(
        "GET",
        "/api/v1/rules/{id}/snoozes",
        list_rule_snoozes,
        Permission.READ,
        "The customers that a rule is snoozed for, next end first",
        description="Snoozes that have ended are not listed.",
        path_values=RulePath,
        response=SnoozeList,
    ),
    Route(
        "POST",
        "/api/v1/rules/{id}/snoozes",
        snooze_for_customer,
        Permission.SNOOZE_RULES,
        "Snooze a rule for one customer until a certain time",
        description="Until then the rule does not apply to the payments of this customer.",
        path_values=RulePath,
        body=SnoozeBody,
        response=ListedSnooze,
        status=201,
    ),
    Route(
        "POST",
        "/api/v1/rules/{id}/snoozes/end",
        unsnooze_for_customer,
        Permission.SNOOZE_RULES,
        "End a snooze before its time",
        description=(
            "The rule applies to the customer again from the next payment on. Returns the snoozes that are left."
        ),
        path_values=RulePath,
        body=SnoozeEndBody,
        response=SnoozeList,
    ),
)
