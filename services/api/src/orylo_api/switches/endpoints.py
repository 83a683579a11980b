"""Switches that stop a part of the tenant, or of the whole platform."""

from typing import Any
from uuid import UUID

from orylo_api.access.audit import actor_of
from orylo_api.access.authentication import authorise
from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.errors import Conflict, Forbidden, Invalid
from orylo_api.http.problem_details import FieldProblem
from orylo_api.http.route import Route
from orylo_api.switches.models import ActiveSwitch, AvailableSwitch, GatewayRetries, SwitchBody, SwitchList
from orylo_common.control.errors import InvalidChange
from orylo_common.control.models import Role
from orylo_common.control.switches import (
    EFFECTS,
    PLATFORM,
    RETRIES,
    Switch,
    SwitchName,
    list_switches,
    switch_off,
    switch_on,
)

SELECT_DESTINATION = "SELECT id FROM api.destinations WHERE id = $1"
TARGETS = {SwitchName.STOP_WEBHOOKS: "gateway", SwitchName.STOP_SENDING: "destination", SwitchName.MAINTENANCE: None}


async def show_switches(call: Call[None, Any, Any]) -> SwitchList:
    on = await list_switches(call.connection, call.principal.tenant.id, call.services.clock.now())
    return SwitchList(
        items=[ActiveSwitch.of(each) for each in on],
        available=[
            AvailableSwitch.model_validate({"name": name, "effect": EFFECTS[name], "targets": targets})
            for name, targets in TARGETS.items()
        ],
        gateways=[GatewayRetries(gateway=gateway, retries=retries) for gateway, retries in RETRIES.items()],
    )


async def change_switch(call: Call[None, None, SwitchBody]) -> SwitchList:
    body, actor, now = call.body, actor_of(call), call.services.clock.now()
    if body.scope == "platform":
        authorise(call.principal, Permission.SWITCH_PLATFORM)
    elif call.principal.role is Role.OPERATOR:
        raise Forbidden("the tenant's own switches are for its owner and admins", code="forbidden")
    _check_confirmed(call)
    await _check_target(call)
    tenant_id = PLATFORM if body.scope == "platform" else call.principal.tenant.id
    target = body.target or ""
    if not body.on:
        try:
            await switch_off(call.connection, tenant_id, body.name, target, actor=actor, now=now)
        except InvalidChange as error:
            raise Conflict(str(error), code="not_on") from None
        return await show_switches(call)
    switch = Switch(tenant_id, body.name, target, body.message or "", actor.name, now, body.until)
    try:
        await switch_on(call.connection, switch, actor=actor)
    except InvalidChange as error:
        raise Invalid(str(error), [FieldProblem(field="body.until", message=str(error))]) from None
    return await show_switches(call)


def _check_confirmed(call: Call[None, None, SwitchBody]) -> None:
    """Refuse a maintenance without confirmation: it stops the changes of every client."""
    body = call.body
    if body.name is SwitchName.MAINTENANCE and body.on:
        word = "platform" if body.scope == "platform" else call.principal.tenant.slug
        if body.confirm != word:
            text = f"to switch maintenance on, confirm it with {word!r}"
            raise Invalid(text, [FieldProblem(field="body.confirm", message=text)])


async def _check_target(call: Call[None, None, SwitchBody]) -> None:
    """Refuse a destination that is not the caller's."""
    body = call.body
    if body.name is not SwitchName.STOP_SENDING or body.target is None or not body.on:
        return
    known = await call.connection.fetchval(SELECT_DESTINATION, UUID(body.target))
    if body.scope == "platform" or known is None:
        text = "the tenant has no such destination" if body.scope == "tenant" else "a destination is its tenant's"
        raise Invalid(text, [FieldProblem(field="body.target", message=text)])


ROUTES = (
    Route(
        "GET",
        "/api/v1/switches",
        show_switches,
        Permission.READ,
        "The switches that are on",
        response=SwitchList,
        description="Those of the tenant and of the whole platform; with what each does, and how long each gateway "
        "repeats a webhook that gets 503. The event `switches.changed` of the stream follows them.",
    ),
    Route(
        "PUT",
        "/api/v1/switches",
        change_switch,
        Permission.SWITCH,
        "Switch a part on or off",
        body=SwitchBody,
        response=SwitchList,
        refuses={409},
        serves_in_maintenance=True,
        description="For the tenant, or with `scope` for the platform. Running services follow at once. 409 if it is "
        "to be switched off and is not on. Works during maintenance, too.",
    ),
)
