"""Sign in, stay signed in, sign out."""

from typing import Any

import structlog
from aiohttp import web

from orylo_api.access.audit import write_line
from orylo_api.access.authentication import check_csrf, check_tenant_runs, refuse_other_sites
from orylo_api.access.cookies import (
    REFRESH_COOKIE,
    SESSION_COOKIE,
    delete_cookies,
    set_cookies,
    set_device_cookie,
)
from orylo_api.access.credentials import check_second_factor, rehash, verify
from orylo_api.access.devices import DEVICE_COOKIE, Device, open_device, seal_device
from orylo_api.access.identity import Principal, find_accounts, find_by_access_token, find_user
from orylo_api.access.impersonation import identity_of
from orylo_api.access.lockout import LoginAttempt, charge, forgive
from orylo_api.access.models import Identity, LoginRequest, SignedIn
from orylo_api.access.roles import Permission
from orylo_api.access.sessions import Session, Tokens, find_refresh, find_session, open_session, revoke, rotate
from orylo_api.call import Call
from orylo_api.errors import Unauthenticated
from orylo_api.http.reading import needs_secure_cookies
from orylo_api.http.route import ANYONE, Route
from orylo_api.metrics import SIGN_INS
from orylo_common.control.passwords import needs_rehash
from orylo_common.http.addresses import rate_limit_address

log = structlog.get_logger(__name__)


async def login(call: Call[None, None, LoginRequest]) -> web.Response:
    refuse_other_sites(call.request)
    services, body = call.services, call.body
    now = services.clock.now()
    device = open_device(services.keyring, call.request.cookies.get(DEVICE_COOKIE), body.email, now)
    attempt = LoginAttempt.of(
        body.email,
        call.origin.address,
        shared=rate_limit_address(call.request, call.origin.address, services.settings.api_trusted_proxies) is None,
        device=device.id if device else None,
    )
    async with services.private_pool.acquire() as connection:
        await charge(connection, attempt, now)
        accounts = await find_accounts(connection, body.email, body.tenant)
    # No connection is held while passwords are verified.
    account = await verify(services, accounts, body)
    check_tenant_runs(account.principal)

    guesses = [attempt]
    if account.totp_secret_encrypted is not None and body.totp is not None and device is None:
        # The sender knows the password, so these guesses count together, wherever they come from.
        guesses.append(LoginAttempt.of_user(account.principal.id))
        async with services.private_pool.acquire() as connection:
            await charge(connection, guesses[-1], now)
    async with services.private_pool.acquire() as connection, connection.transaction():
        code_kind = await check_second_factor(connection, services, account, body.totp, now)
        for guess in guesses:
            await forgive(connection, guess, now)
        if needs_rehash(account.password_hash):
            await rehash(connection, account, body.password.get_secret_value())
        user = account.principal
        session, tokens = await open_session(connection, user.tenant.id, user.id, call.origin, services.lifetimes, now)
        after = {"second_factor": code_kind} if code_kind else None
        await write_line(connection, user, call.origin, "auth.login", f"session {session.id}", now, after=after)
    SIGN_INS.labels("ok").inc()
    response = _signed_in(call, user, session, tokens)
    sealed = seal_device(services.keyring, device or Device.new(), body.email, now)
    set_device_cookie(response, sealed, secure=needs_secure_cookies(call.request, services.settings))
    return response


async def refresh(call: Call[None, None, None]) -> web.Response:
    services, token = call.services, call.request.cookies.get(REFRESH_COOKIE)
    if token is None:
        raise Unauthenticated("not signed in", code="session_ended")
    now = services.clock.now()
    async with services.private_pool.acquire() as connection, connection.transaction():
        found = await find_refresh(connection, token, services.lifetimes, now)
        if found is not None:
            session, reused = found
            check_csrf(call.request, session.csrf_token)
            user = await find_user(connection, session.tenant_id, session.user_id)
            if not reused and user is not None:
                check_tenant_runs(user)
                tokens = await rotate(connection, session, token, services.lifetimes, now)
                # The session may be in a tenant that its operator has entered.
                current = await find_by_access_token(connection, tokens.access, now)
                return _signed_in(call, current or user, session, tokens)
            # Two clients hold the same token, and one of them stole it. Which one is unknown: both must sign in again.
            await revoke(connection, session, "refresh token used twice", now)
            if user is not None:
                await write_line(connection, user, call.origin, "auth.refresh_reused", f"session {session.id}", now)
            log.warning("session.refresh_reused", session_id=str(session.id), tenant_id=str(session.tenant_id))
    raise Unauthenticated("the session has ended or never existed", code="session_ended")


async def logout(call: Call[None, None, None]) -> web.Response:
    """End the session that either cookie names, as the shorter-lived one may be gone. Without a session, do nothing."""
    services, cookies = call.services, call.request.cookies
    tokens = [cookies[name] for name in (SESSION_COOKIE, REFRESH_COOKIE) if name in cookies]
    now = services.clock.now()
    if tokens:
        async with services.private_pool.acquire() as connection, connection.transaction():
            session = await find_session(connection, tokens, now)
            if session is not None:
                check_csrf(call.request, session.csrf_token)
                await revoke(connection, session, "signed out", now)
                user = await find_user(connection, session.tenant_id, session.user_id)
                if user is not None:
                    await write_line(connection, user, call.origin, "auth.logout", f"session {session.id}", now)
    response = web.Response(status=204)
    delete_cookies(response, secure=needs_secure_cookies(call.request, services.settings))
    return response


async def show_me(call: Call[None, None, None]) -> Identity:
    return identity_of(call.principal, call.services.settings)


def _signed_in(call: Call[None, None, Any], user: Principal, session: Session, tokens: Tokens) -> web.Response:
    services = call.services
    body = SignedIn(
        me=identity_of(user, services.settings),
        csrf_token=session.csrf_token,
        expires_in_s=int(services.lifetimes.access.total_seconds()),
    )
    response = web.Response(text=body.model_dump_json(), content_type="application/json")
    secure = needs_secure_cookies(call.request, services.settings)
    set_cookies(response, session, tokens, services.lifetimes, secure=secure)
    return response


ROUTES = (
    Route(
        "POST",
        "/api/v1/auth/login",
        login,
        ANYONE,
        "Sign in",
        description=(
            "Starts a session in cookies. Failed attempts make the next ones wait (429). If the email "
            "address belongs to users of several tenants, 409 lists them: name one as `tenant`. A user with "
            "a second factor also sends its code as `totp`."
        ),
        body=LoginRequest,
        response=SignedIn,
        refuses={401, 403, 409, 429},
    ),
    Route(
        "POST",
        "/api/v1/auth/refresh",
        refresh,
        ANYONE,
        "Refresh the session",
        description="Exchanges the refresh cookie for new cookies. Needs `X-CSRF-Token`, and no body.",
        response=SignedIn,
        refuses={401, 403},
    ),
    Route(
        "POST",
        "/api/v1/auth/logout",
        logout,
        ANYONE,
        "Sign out",
        description="Ends the session and deletes its cookies. Without a session it does nothing.",
        status=204,
        refuses={401, 403},
    ),
    Route(
        "GET",
        "/api/v1/auth/me",
        show_me,
        Permission.READ,
        "The caller and their permissions",
        description=(
            "For a client that wants to know which tenant its API key or session belongs to, and which "
            "actions it may offer."
        ),
        response=Identity,
    ),
)
