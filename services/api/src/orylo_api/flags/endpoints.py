"""Feature flags of the tenant and of its gateways."""

from typing import Any

from orylo_api.access.audit import actor_of
from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.errors import Invalid, NotFound
from orylo_api.flags.models import FeatureFlag, FlagBody, FlagList, FlagPath, StoredFlagValue
from orylo_api.http.problem_details import FieldProblem
from orylo_api.http.route import Route
from orylo_common.control.errors import InvalidChange
from orylo_common.control.flags import FLAGS, Flag, FlagValue, list_flag_values, set_flag


async def list_flags(call: Call[None, None, None]) -> FlagList:
    values = await list_flag_values(call.connection, call.principal.tenant.id)
    return FlagList(items=[_shown(flag, values) for flag in FLAGS.values()])


async def show_flag(call: Call[FlagPath, Any, Any]) -> FeatureFlag:
    flag = FLAGS.get(call.path.name)
    if flag is None:
        raise NotFound("there is no such flag")
    return _shown(flag, await list_flag_values(call.connection, call.principal.tenant.id))


async def change_flag(call: Call[FlagPath, None, FlagBody]) -> FeatureFlag:
    if call.path.name not in FLAGS:
        raise NotFound("there is no such flag")
    body, tenant_id = call.body, call.principal.tenant.id
    try:
        await set_flag(
            call.connection, tenant_id, call.path.name, body.gateway or "", body.enabled, actor=actor_of(call)
        )
    except InvalidChange as error:
        raise Invalid(str(error), [FieldProblem(field="body.gateway", message=str(error))]) from None
    return await show_flag(call)


def _shown(flag: Flag, values: list[FlagValue]) -> FeatureFlag:
    own = [each for each in values if each.name == flag.name]
    return FeatureFlag(
        name=flag.name,
        description=flag.description,
        service=flag.service,
        default=flag.default,
        by_gateway=flag.by_gateway,
        enabled=next((each.enabled for each in own if not each.gateway), flag.default),
        values=[
            StoredFlagValue(
                gateway=each.gateway or None,
                enabled=each.enabled,
                changed_by=each.changed_by,
                changed_at=each.changed_at,
            )
            for each in own
        ],
    )


ROUTES = (
    Route(
        "GET",
        "/api/v1/flags",
        list_flags,
        Permission.READ,
        "All feature flags",
        response=FlagList,
        description="With the values of the tenant and of its gateways. A gateway's value replaces the tenant's.",
    ),
    Route(
        "GET",
        "/api/v1/flags/{name}",
        show_flag,
        Permission.READ,
        "A feature flag",
        path_values=FlagPath,
        response=FeatureFlag,
        description="With the values of the tenant and of its gateways.",
    ),
    Route(
        "PUT",
        "/api/v1/flags/{name}",
        change_flag,
        Permission.CHANGE_FLAGS,
        "Switch a feature on or off",
        path_values=FlagPath,
        body=FlagBody,
        response=FeatureFlag,
        description="For the tenant, or for one gateway. Running services follow at once.",
    ),
)
