"""Operators enter a tenant for support, and leave it."""

from dataclasses import replace

from orylo_api.access.audit import actor_of
from orylo_api.access.authentication import authenticate
from orylo_api.access.impersonation import LIFETIME, enter_tenant, identity_of, leave_tenant
from orylo_api.access.models import Identity
from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.errors import Conflict
from orylo_api.http.route import ANYONE, Route
from orylo_api.platform.tenant_models import ReasonBody, TenantPath
from orylo_api.platform.tenant_queries import fetch_tenant
from orylo_common.control.models import Role, Tenant, TenantState


async def enter_platform_tenant(call: Call[TenantPath, None, ReasonBody]) -> Identity:
    row, operator = await fetch_tenant(call.connection, call.path.id), call.principal
    tenant = Tenant(row["id"], row["slug"], row["name"], TenantState(row["state"]))
    if tenant.id == operator.tenant.id:
        raise Conflict("this is your own tenant", code="own_tenant")
    entered = await enter_tenant(
        call.connection,
        operator,
        tenant.id,
        reason=call.body.reason,
        actor=actor_of(call),
        now=call.services.clock.now(),
    )
    return identity_of(
        replace(operator, tenant=tenant, role=Role.VIEWER, impersonation=entered), call.services.settings
    )


async def leave_entered_tenant(call: Call[None, None, None]) -> Identity:
    visitor = await authenticate(call.request, call.services)
    if visitor.impersonation is None:
        return identity_of(visitor, call.services.settings)
    async with call.services.private_pool.acquire() as connection, connection.transaction():
        await leave_tenant(connection, visitor.impersonation, now=call.services.clock.now())
    return identity_of(await authenticate(call.request, call.services), call.services.settings)


ROUTES = (
    Route(
        "POST",
        "/api/v1/platform/tenants/{id}/enter",
        enter_platform_tenant,
        Permission.ENTER_TENANTS,
        "Enter a tenant for support",
        path_values=TenantPath,
        body=ReasonBody,
        response=Identity,
        across_tenants=True,
        description=f"The caller's session is in the tenant for {LIFETIME.total_seconds() / 60:.0f} minutes, or until "
        "`POST /api/v1/auth/leave`. It reads as a viewer does; every change gets 403 `impersonation_read_only`. "
        "`GET /api/v1/auth/me` says so, and the audit logs of the tenant and of the platform have the reason. 409 for "
        "an API key, and if the session has entered a tenant.",
    ),
    Route(
        "POST",
        "/api/v1/auth/leave",
        leave_entered_tenant,
        ANYONE,
        "Leave the tenant that the session has entered",
        response=Identity,
        description="The session is in the operator's own tenant again. Does nothing if it has entered none.",
        refuses={401, 403},
    ),
)
