"""Who is asking, and whether they may."""

from hmac import compare_digest

from aiohttp import hdrs, web

from orylo_api.access.identity import Principal, find_by_access_token, find_by_api_key
from orylo_api.access.roles import ALLOWED, Permission
from orylo_api.call import Services
from orylo_api.errors import Forbidden, Unauthenticated

SESSION_COOKIE = "orylo_session"
REFRESH_COOKIE = "orylo_refresh"
CSRF_COOKIE = "orylo_csrf"
CSRF_HEADER = "X-CSRF-Token"

SAFE_METHODS = frozenset({hdrs.METH_GET, hdrs.METH_HEAD})


async def authenticate(request: web.Request, services: Services) -> Principal:
    """The holder of the API key, or else of the session.

    Raises `Unauthenticated`, and `Forbidden` where a session's change comes without its CSRF token.
    """
    if hdrs.AUTHORIZATION in request.headers:
        return await _authenticate_machine(request, services)
    token = request.cookies.get(SESSION_COOKIE)
    if token is None:
        raise Unauthenticated("this needs a session or an API key")
    async with services.private_pool.acquire() as connection:
        principal = await find_by_access_token(connection, token, services.clock.now())
    if principal is None:
        raise Unauthenticated("the session has ended or was never there", code="session_ended")
    if request.method not in SAFE_METHODS:
        check_csrf(request, principal.csrf_token)
    return principal


async def _authenticate_machine(request: web.Request, services: Services) -> Principal:
    scheme, _, key = request.headers[hdrs.AUTHORIZATION].partition(" ")
    if scheme.lower() != "bearer" or not key.isascii():
        raise Unauthenticated("the header Authorization has to be: Bearer, a space, the API key")
    async with services.private_pool.acquire() as connection:
        principal = await find_by_api_key(connection, key.strip(), services.clock.now())
    if principal is None:
        raise Unauthenticated("no such API key", code="unknown_api_key")
    return principal


def check_csrf(request: web.Request, expected: str | None) -> None:
    """The token in header and cookie, which another site can neither read nor send."""
    refuse_other_sites(request)
    header = request.headers.get(CSRF_HEADER, "").encode("utf-8", "surrogateescape")
    cookie = request.cookies.get(CSRF_COOKIE, "").encode("utf-8", "surrogateescape")
    same = compare_digest(header, cookie)
    if not (expected and compare_digest(header, expected.encode()) and same):
        raise Forbidden(f"the header {CSRF_HEADER} has to hold the value of the cookie {CSRF_COOKIE}", code="csrf")


def refuse_other_sites(request: web.Request) -> None:
    """What a browser says was sent by a page that is not ours."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        raise Forbidden("sent from another site", code="csrf")


def authorise(principal: Principal, permission: Permission) -> None:
    if principal.role not in ALLOWED[permission]:
        raise Forbidden(f"the role {principal.role} may not do this: it takes {permission}")
