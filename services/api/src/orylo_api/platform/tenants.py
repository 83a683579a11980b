"""Tenants, for operators: list, create, rename, suspend, delete, and take both back."""

from datetime import timedelta
from typing import Any

from orylo_api.access.audit import actor_of
from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.errors import Conflict, Invalid
from orylo_api.http.problem_details import FieldProblem
from orylo_api.http.route import Route
from orylo_api.platform.tenant_models import (
    NewTenant,
    PlatformTenant,
    ReasonBody,
    TenantChange,
    TenantDeletion,
    TenantPage,
    TenantPath,
    TenantQuery,
)
from orylo_api.platform.tenant_queries import fetch_tenant, find_tenant, list_tenants
from orylo_common.control.errors import InvalidChange
from orylo_common.control.tenant_states import delete_tenant, restore_tenant, resume_tenant, suspend_tenant
from orylo_common.control.tenants import create_tenant, rename_tenant


async def list_platform_tenants(call: Call[None, TenantQuery, None]) -> TenantPage:
    return await list_tenants(call.connection, call.query, call.services.clock.now())


async def add_platform_tenant(call: Call[None, None, NewTenant]) -> PlatformTenant:
    try:
        # A statement that fails would end the whole transaction.
        async with call.connection.transaction():
            tenant = await create_tenant(call.connection, call.body.slug, name=call.body.name, actor=actor_of(call))
    except InvalidChange as error:
        raise Conflict(str(error), code="slug_taken") from None
    return await find_tenant(call.connection, tenant.id, call.services.clock.now())


async def show_platform_tenant(call: Call[TenantPath, Any, Any]) -> PlatformTenant:
    return await find_tenant(call.connection, call.path.id, call.services.clock.now())


async def rename_platform_tenant(call: Call[TenantPath, None, TenantChange]) -> PlatformTenant:
    await fetch_tenant(call.connection, call.path.id)
    await rename_tenant(call.connection, call.path.id, call.body.name, actor=actor_of(call))
    return await show_platform_tenant(call)


async def suspend_platform_tenant(call: Call[TenantPath, None, ReasonBody]) -> PlatformTenant:
    await _check_is_another(call)
    now = call.services.clock.now()
    try:
        await suspend_tenant(call.connection, call.path.id, reason=call.body.reason, actor=actor_of(call), now=now)
    except InvalidChange as error:
        raise Conflict(str(error), code="wrong_state") from None
    return await show_platform_tenant(call)


async def resume_platform_tenant(call: Call[TenantPath, None, None]) -> PlatformTenant:
    await fetch_tenant(call.connection, call.path.id)
    try:
        await resume_tenant(call.connection, call.path.id, actor=actor_of(call))
    except InvalidChange as error:
        raise Conflict(str(error), code="wrong_state") from None
    return await show_platform_tenant(call)


async def delete_platform_tenant(call: Call[TenantPath, None, TenantDeletion]) -> PlatformTenant:
    slug, now = await _check_is_another(call), call.services.clock.now()
    if call.body.confirm != slug:
        text = f"to delete the tenant, confirm it with {slug!r}"
        raise Invalid(text, [FieldProblem(field="body.confirm", message=text)])
    grace = timedelta(days=call.body.grace_days)
    try:
        await delete_tenant(
            call.connection, call.path.id, reason=call.body.reason, grace=grace, actor=actor_of(call), now=now
        )
    except InvalidChange as error:
        raise Conflict(str(error), code="wrong_state") from None
    return await show_platform_tenant(call)


async def restore_platform_tenant(call: Call[TenantPath, None, None]) -> PlatformTenant:
    await fetch_tenant(call.connection, call.path.id)
    try:
        await restore_tenant(call.connection, call.path.id, actor=actor_of(call), now=call.services.clock.now())
    except InvalidChange as error:
        raise Conflict(str(error), code="wrong_state") from None
    return await show_platform_tenant(call)


async def _check_is_another(call: Call[TenantPath, Any, Any]) -> str:
    """Return the tenant's slug. Raises `NotFound`, and `Conflict` for the caller's own tenant."""
    row = await fetch_tenant(call.connection, call.path.id)
    if row["id"] == call.principal.tenant.id:
        raise Conflict("this is your own tenant: you would lock yourself out", code="own_tenant")
    slug: str = row["slug"]
    return slug


PATH = "/api/v1/platform/tenants"
ONE = f"{PATH}/{{id}}"
ROUTES = (
    Route(
        "GET",
        PATH,
        list_platform_tenants,
        Permission.SEE_PLATFORM,
        "Tenants with their figures of trouble",
        query=TenantQuery,
        response=TenantPage,
        across_tenants=True,
        description="By slug. `GET /api/v1/platform/analytics` has those with the most trouble first.",
    ),
    Route(
        "POST",
        PATH,
        add_platform_tenant,
        Permission.MANAGE_TENANTS,
        "Create a tenant",
        body=NewTenant,
        response=PlatformTenant,
        status=201,
        across_tenants=True,
        description="It has no users and no gateways yet. 409 if the slug is taken.",
    ),
    Route(
        "GET",
        ONE,
        show_platform_tenant,
        Permission.SEE_PLATFORM,
        "A tenant with its figures of trouble",
        path_values=TenantPath,
        response=PlatformTenant,
        across_tenants=True,
        description="Also one that is suspended or to be deleted.",
    ),
    Route(
        "PATCH",
        ONE,
        rename_platform_tenant,
        Permission.MANAGE_TENANTS,
        "Change a tenant's name",
        path_values=TenantPath,
        body=TenantChange,
        response=PlatformTenant,
        across_tenants=True,
        description="The slug stays, as it is part of URLs.",
    ),
    Route(
        "POST",
        f"{ONE}/suspend",
        suspend_platform_tenant,
        Permission.MANAGE_TENANTS,
        "Suspend a tenant",
        path_values=TenantPath,
        body=ReasonBody,
        response=PlatformTenant,
        across_tenants=True,
        description="Its webhooks get 503, which gateways repeat; its users and API keys get 403; nothing is sent to "
        "its destinations. Earlier webhooks are kept, and conversions wait. 409 unless it is active.",
    ),
    Route(
        "POST",
        f"{ONE}/resume",
        resume_platform_tenant,
        Permission.MANAGE_TENANTS,
        "Let a suspended tenant run again",
        path_values=TenantPath,
        response=PlatformTenant,
        across_tenants=True,
        description="Conversions that waited are sent: to Meta, those of the last seven days. 409 unless it is "
        "suspended.",
    ),
    Route(
        "POST",
        f"{ONE}/delete",
        delete_platform_tenant,
        Permission.MANAGE_TENANTS,
        "Delete a tenant after a grace period",
        path_values=TenantPath,
        body=TenantDeletion,
        response=PlatformTenant,
        across_tenants=True,
        description="Until then it is suspended and can be restored. Afterwards every service deletes its rows of "
        "the tenant, and then the tenant itself is deleted; the audit log stays. 409 if it is to be deleted already.",
    ),
    Route(
        "POST",
        f"{ONE}/restore",
        restore_platform_tenant,
        Permission.MANAGE_TENANTS,
        "Take a tenant's deletion back",
        path_values=TenantPath,
        response=PlatformTenant,
        across_tenants=True,
        description="It is active or suspended, as before. 409 if it is not to be deleted, or its date has passed.",
    ),
)
