"""Users of all tenants, for operators: list, add, change, disable, remove, end their sessions."""

from collections.abc import Awaitable
from typing import Any

from aiohttp import web

from orylo_api.access.audit import actor_of
from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.errors import Conflict, NotFound
from orylo_api.http.route import Route
from orylo_api.platform.tenant_models import TenantPath
from orylo_api.platform.tenant_queries import fetch_tenant
from orylo_api.platform.user_models import (
    NewUser,
    PlatformUser,
    SessionsEnded,
    UserChange,
    UserFilter,
    UserPage,
    UserPath,
    UserSearch,
)
from orylo_api.platform.user_queries import find_user, list_users, revoke_all
from orylo_common.control.audit import write_audit_line
from orylo_common.control.errors import InvalidChange, LastOwner
from orylo_common.control.users import (
    change_role,
    check_owner_remains,
    create_user,
    disable_user,
    enable_user,
    remove_user,
)


async def list_platform_users(call: Call[None, UserFilter, None]) -> UserPage:
    return await list_users(call.connection, call.query, call.services.clock.now())


async def search_platform_users(call: Call[None, None, UserSearch]) -> UserPage:
    return await list_users(call.connection, call.body, call.services.clock.now())


async def add_platform_user(call: Call[TenantPath, None, NewUser]) -> PlatformUser:
    await fetch_tenant(call.connection, call.path.id)
    body = call.body
    async with call.services.password_turns:
        try:
            # A statement that fails would end the whole transaction.
            async with call.connection.transaction():
                user_id = await create_user(
                    call.connection,
                    call.path.id,
                    body.email,
                    password=body.password.get_secret_value(),
                    role=body.role,
                    actor=actor_of(call),
                )
        except InvalidChange as error:
            raise Conflict(str(error), code="cannot_add_user") from None
    return await find_user(call.connection, user_id, call.services.clock.now())


async def show_platform_user(call: Call[UserPath, Any, Any]) -> PlatformUser:
    return await find_user(call.connection, call.path.id, call.services.clock.now())


async def change_platform_user(call: Call[UserPath, None, UserChange]) -> PlatformUser:
    user, connection, actor, body = await _another_user(call), call.connection, actor_of(call), call.body
    if body.role is not None:
        await _kept_owner(change_role(connection, user.tenant.id, user.id, body.role, actor=actor))
    if body.disabled and user.disabled_at is None:
        await _kept_owner(check_owner_remains(connection, user.tenant.id, user.id))
        await disable_user(connection, user.tenant.id, user.email, actor=actor)
        await revoke_all(connection, user, "disabled", call.services.clock.now())
    if body.disabled is False:
        await enable_user(connection, user.tenant.id, user.email, actor=actor)
    return await show_platform_user(call)


async def remove_platform_user(call: Call[UserPath, None, None]) -> web.Response:
    user = await _another_user(call)
    await _kept_owner(remove_user(call.connection, user.tenant.id, user.id, actor=actor_of(call)))
    await revoke_all(call.connection, user, "removed", call.services.clock.now())
    return web.Response(status=204)


async def end_platform_sessions(call: Call[UserPath, None, None]) -> SessionsEnded:
    now = call.services.clock.now()
    user = await find_user(call.connection, call.path.id, now)
    ended = await revoke_all(call.connection, user, "ended by an operator", now)
    await write_audit_line(
        call.connection,
        user.tenant.id,
        actor_of(call),
        action="user.end_sessions",
        subject=f"user {user.email}",
        after={"ended": ended},
    )
    return SessionsEnded(ended=ended)


async def _another_user(call: Call[UserPath, Any, Any]) -> PlatformUser:
    """Return the user. Raises `NotFound`, and `Conflict` for the caller."""
    user = await find_user(call.connection, call.path.id, call.services.clock.now())
    if user.id == call.principal.id:
        raise Conflict("this is yourself: you would lock yourself out", code="own_user")
    return user


async def _kept_owner(change: Awaitable[None]) -> None:
    try:
        await change
    except LastOwner as error:
        raise Conflict(str(error), code="last_owner") from None
    except InvalidChange:
        # Removed meanwhile.
        raise NotFound("there is nothing with this id") from None


PATH = "/api/v1/platform/users"
ONE = f"{PATH}/{{id}}"
ROUTES = (
    Route(
        "GET",
        PATH,
        list_platform_users,
        Permission.SEE_PLATFORM,
        "Users of all tenants",
        query=UserFilter,
        response=UserPage,
        across_tenants=True,
        description="The newest first.",
    ),
    Route(
        "POST",
        f"{PATH}/search",
        search_platform_users,
        Permission.SEE_PLATFORM,
        "Users by a part of their email address",
        body=UserSearch,
        response=UserPage,
        across_tenants=True,
        serves_in_maintenance=True,
        description="A POST, because an email address must not be in a URL. The newest first.",
    ),
    Route(
        "POST",
        "/api/v1/platform/tenants/{id}/users",
        add_platform_user,
        Permission.MANAGE_USERS,
        "Add a user to a tenant",
        path_values=TenantPath,
        body=NewUser,
        response=PlatformUser,
        status=201,
        across_tenants=True,
        description="409 if the tenant has a user with this email address.",
    ),
    Route(
        "GET",
        ONE,
        show_platform_user,
        Permission.SEE_PLATFORM,
        "A user of any tenant",
        path_values=UserPath,
        response=PlatformUser,
        across_tenants=True,
        description="With their open sessions.",
    ),
    Route(
        "PATCH",
        ONE,
        change_platform_user,
        Permission.MANAGE_USERS,
        "Change a user's role, disable or enable them",
        path_values=UserPath,
        body=UserChange,
        response=PlatformUser,
        across_tenants=True,
        refuses={409},
        description="A role takes effect at once, also in open sessions. 409 for yourself, and for a tenant's last "
        "active owner.",
    ),
    Route(
        "DELETE",
        ONE,
        remove_platform_user,
        Permission.MANAGE_USERS,
        "Remove a user",
        path_values=UserPath,
        status=204,
        across_tenants=True,
        refuses={409},
        description="Their sessions end. The audit log keeps what they did. 409 for yourself, and for a tenant's last "
        "active owner.",
    ),
    Route(
        "POST",
        f"{ONE}/end-sessions",
        end_platform_sessions,
        Permission.MANAGE_USERS,
        "End all sessions of a user",
        path_values=UserPath,
        response=SessionsEnded,
        across_tenants=True,
        description="The user may sign in again. API keys are not affected.",
    ),
)
