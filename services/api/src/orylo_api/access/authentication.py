"""Identify the caller of a request, and check their permission."""

from hmac import compare_digest

from aiohttp import hdrs, web

from orylo_api.access.cookies import CSRF_COOKIE, SESSION_COOKIE
from orylo_api.access.identity import Principal, find_by_access_token, find_by_api_key
from orylo_api.access.roles import ALLOWED, Permission
from orylo_api.call import Services
from orylo_api.errors import Forbidden, Unauthenticated
from orylo_common.control.models import TenantState

CSRF_HEADER = "X-CSRF-Token"

SAFE_METHODS = frozenset({hdrs.METH_GET, hdrs.METH_HEAD})


async def authenticate(request: web.Request, services: Services) -> Principal:
    """Return the holder of the API key if the request has one, else of the session.

    Raises `Unauthenticated`, and `Forbidden` if a session's CSRF token is missing where one is needed.
    """
    if hdrs.AUTHORIZATION in request.headers:
        return await _authenticate_machine(request, services)
    token = request.cookies.get(SESSION_COOKIE)
    if token is None:
        raise Unauthenticated("a session or an API key is needed")
    async with services.private_pool.acquire() as connection:
        principal = await find_by_access_token(connection, token, services.clock.now())
    if principal is None:
        raise Unauthenticated("the session has ended or never existed", code="session_ended")
    if request.method not in SAFE_METHODS:
        check_csrf(request, principal.csrf_token)
    check_tenant_runs(principal)
    return principal


async def _authenticate_machine(request: web.Request, services: Services) -> Principal:
    scheme, _, key = request.headers[hdrs.AUTHORIZATION].partition(" ")
    if scheme.lower() != "bearer" or not key.isascii():
        raise Unauthenticated("the header Authorization must be `Bearer <API key>`")
    async with services.private_pool.acquire() as connection:
        principal = await find_by_api_key(connection, key.strip(), services.clock.now())
    if principal is None:
        raise Unauthenticated("the API key is unknown or revoked", code="unknown_api_key")
    check_tenant_runs(principal)
    return principal


def check_tenant_runs(principal: Principal) -> None:
    """Raise `Forbidden` if the tenant is suspended or to be deleted. Operators may enter it."""
    state = principal.tenant.state
    if state is not TenantState.ACTIVE and principal.impersonation is None:
        what = "is suspended" if state is TenantState.SUSPENDED else "is to be deleted"
        raise Forbidden(f"{principal.tenant.name} {what}; ask the operator of the platform", code=f"tenant_{state}")


def check_csrf(request: web.Request, expected: str | None) -> None:
    """Raise `Forbidden` unless header and cookie hold the token: another site can neither read nor send it."""
    refuse_other_sites(request)
    header = request.headers.get(CSRF_HEADER, "").encode("utf-8", "surrogateescape")
    cookie = request.cookies.get(CSRF_COOKIE, "").encode("utf-8", "surrogateescape")
    same = compare_digest(header, cookie)
    if not (expected and compare_digest(header, expected.encode()) and same):
        raise Forbidden(f"the header {CSRF_HEADER} must hold the value of the cookie {CSRF_COOKIE}", code="csrf")


def refuse_other_sites(request: web.Request) -> None:
    """Raise `Forbidden` if the browser reports that a page of another site sent the request."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        raise Forbidden("the request was sent from another site", code="csrf")


def check_changes_nothing(principal: Principal, route_changes: bool) -> None:
    """Raise `Forbidden` for a change by an operator who has entered the tenant."""
    if route_changes and principal.impersonation is not None:
        detail = "nothing can be changed while you have entered a tenant; leave it first"
        raise Forbidden(detail, code="impersonation_read_only")


def authorise(principal: Principal, permission: Permission) -> None:
    if principal.role not in ALLOWED[permission]:
        raise Forbidden(f"the role {principal.role} lacks the permission {permission}")
