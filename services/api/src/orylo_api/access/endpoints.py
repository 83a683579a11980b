"""Signing in and out. The session's tokens stand in cookies that no script can read."""

import asyncio
from datetime import datetime
from hmac import compare_digest
from typing import Any

import pyotp
import structlog
from aiohttp import web

from orylo_api.access.audit import write_line
from orylo_api.access.authentication import (
    CSRF_COOKIE,
    REFRESH_COOKIE,
    SESSION_COOKIE,
    check_csrf,
    refuse_other_sites,
)
from orylo_api.access.identity import Account, Principal, find_accounts, find_user
from orylo_api.access.lockout import Attempt, charge, forgive
from orylo_api.access.models import Identity, LoginRequest, SignedIn, TenantIdentity
from orylo_api.access.roles import permissions_of
from orylo_api.access.sessions import Session, Tokens, find_refresh, find_session, open_session, revoke, rotate
from orylo_api.call import Call, Services
from orylo_api.errors import SeveralTenants, Unauthenticated
from orylo_api.http.problem_details import TenantName
from orylo_api.http.reading import came_by_https
from orylo_api.metrics import SIGN_INS
from orylo_common.control.passwords import NOBODY, hash_password, needs_rehash, verify_password
from orylo_common.postgres.pool import Connection

USE_TOTP_COUNTER = """
    INSERT INTO api.totp_uses (tenant_id, user_id, counter, used_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT DO NOTHING
    RETURNING counter
"""
REHASH = "UPDATE control.users SET password_hash = $3 WHERE tenant_id = $1 AND id = $2"

TOTP_STEP_S = 30

log = structlog.get_logger(__name__)


async def login(call: Call[None, None, LoginRequest]) -> web.Response:
    refuse_other_sites(call.request)
    services, asked = call.services, call.body
    now = services.clock.now()
    attempt = Attempt.of(asked.email, call.origin.address)
    async with services.private_pool.acquire() as connection:
        await charge(connection, attempt, now)
        accounts = await find_accounts(connection, asked.email, asked.tenant)
    # No connection is held while passwords are verified.
    account = await _verify(services, accounts, asked)

    async with services.private_pool.acquire() as connection, connection.transaction():
        await _check_second_factor(connection, services, account, asked.totp, now)
        await forgive(connection, attempt, now)
        if needs_rehash(account.password_hash):
            await _rehash(connection, account, asked.password.get_secret_value())
        user = account.principal
        session, tokens = await open_session(connection, user.tenant.id, user.id, call.origin, services.lifetimes, now)
        await write_line(connection, user, call.origin, "auth.login", f"session {session.id}", now)
    SIGN_INS.labels("ok").inc()
    return _signed_in(call, user, session, tokens)


async def refresh(call: Call[None, None, None]) -> web.Response:
    services, token = call.services, call.request.cookies.get(REFRESH_COOKIE)
    if token is None:
        raise Unauthenticated("nobody is signed in", code="session_ended")
    now = services.clock.now()
    async with services.private_pool.acquire() as connection, connection.transaction():
        found = await find_refresh(connection, token, now)
        if found is not None:
            session, reused = found
            check_csrf(call.request, session.csrf_token)
            user = await find_user(connection, session.tenant_id, session.user_id)
            if not reused and user is not None:
                tokens = await rotate(connection, session, token, services.lifetimes, now)
                return _signed_in(call, user, session, tokens)
            # Two hold the same token, and one of them stole it. Nobody can tell which: both have to sign in again.
            await revoke(connection, session, "refresh token used twice", now)
            if user is not None:
                await write_line(connection, user, call.origin, "auth.refresh_reused", f"session {session.id}", now)
            log.warning("session.refresh_reused", session_id=str(session.id), tenant_id=str(session.tenant_id))
    raise Unauthenticated("the session has ended or was never there", code="session_ended")


async def logout(call: Call[None, None, None]) -> web.Response:
    """Works with either cookie: the shorter-lived one may be gone. Without a session there is nothing to end."""
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
    for name, path in ((SESSION_COOKIE, "/api"), (REFRESH_COOKIE, "/api/v1/auth"), (CSRF_COOKIE, "/")):
        response.del_cookie(name, path=path, samesite="Strict", secure=came_by_https(call.request, services.settings))
    return response


async def me(call: Call[None, None, None]) -> Identity:
    return _identity(call.principal)


async def _verify(services: Services, accounts: list[Account], asked: LoginRequest) -> Account:
    async with services.password_turns:
        matching = await asyncio.to_thread(_matching, accounts, asked.password.get_secret_value())
    if not matching:
        SIGN_INS.labels("wrong_credentials").inc()
        raise Unauthenticated("the e-mail address or the password is wrong", code="wrong_credentials")
    if len(matching) > 1:
        tenants = [account.principal.tenant for account in matching]
        raise SeveralTenants([TenantName(slug=tenant.slug, name=tenant.name) for tenant in tenants])
    return matching[0]


def _matching(accounts: list[Account], password: str) -> list[Account]:
    """Those whose password it is. An unknown address costs as much time as a known one."""
    if not accounts:
        verify_password(NOBODY, password)
    return [account for account in accounts if verify_password(account.password_hash, password)]


async def _rehash(connection: Connection, account: Account, password: str) -> None:
    """The cost of a guess has gone up since this password was set."""
    password_hash = await asyncio.to_thread(hash_password, password)
    await connection.execute(REHASH, account.principal.tenant.id, account.principal.id, password_hash)


async def _check_second_factor(
    connection: Connection, services: Services, account: Account, code: str | None, now: datetime
) -> None:
    if account.totp_secret_encrypted is None:
        return
    if code is None:
        SIGN_INS.labels("totp_needed").inc()
        raise Unauthenticated("the code of the second factor is needed", code="totp_needed")
    totp = pyotp.TOTP(services.keyring.decrypt(account.totp_secret_encrypted), interval=TOTP_STEP_S)
    current = int(now.timestamp()) // TOTP_STEP_S
    user = account.principal
    # One step to either side: clocks differ, and people take time to type.
    for counter in (current - 1, current, current + 1):
        if compare_digest(totp.generate_otp(counter), code) and await connection.fetchval(
            USE_TOTP_COUNTER, user.tenant.id, user.id, counter, now
        ):
            return
    SIGN_INS.labels("wrong_totp").inc()
    raise Unauthenticated("the code is wrong, or was used already", code="wrong_totp")


def _signed_in(call: Call[None, None, Any], user: Principal, session: Session, tokens: Tokens) -> web.Response:
    lifetimes = call.services.lifetimes
    access_s, refresh_s = int(lifetimes.access.total_seconds()), int(lifetimes.refresh.total_seconds())
    answer = SignedIn(me=_identity(user), csrf_token=session.csrf_token, expires_in_s=access_s)
    response = web.Response(text=answer.model_dump_json(), content_type="application/json")
    secure = came_by_https(call.request, call.services.settings)
    for name, value, path, lifetime_s, httponly in (
        (SESSION_COOKIE, tokens.access, "/api", access_s, True),
        (REFRESH_COOKIE, tokens.refresh, "/api/v1/auth", refresh_s, True),
        # Readable by our own pages, which send it back as a header.
        (CSRF_COOKIE, session.csrf_token, "/", refresh_s, False),
    ):
        response.set_cookie(
            name, value, path=path, max_age=lifetime_s, httponly=httponly, secure=secure, samesite="Strict"
        )
    return response


def _identity(principal: Principal) -> Identity:
    return Identity(
        kind=principal.kind,
        id=principal.id,
        name=principal.name,
        role=principal.role,
        permissions=permissions_of(principal.role),
        tenant=TenantIdentity(id=principal.tenant.id, slug=principal.tenant.slug, name=principal.tenant.name),
    )
