"""Verify a password and a second factor."""

import asyncio
from datetime import datetime
from hmac import compare_digest

import pyotp

from orylo_api.access.identity import MAX_TENANTS_PER_EMAIL, LoginAccount
from orylo_api.access.models import LoginRequest
from orylo_api.call import Services
from orylo_api.errors import SeveralTenants, Unauthenticated
from orylo_api.http.problem_details import TenantName
from orylo_api.metrics import SIGN_INS
from orylo_common.control.passwords import dummy_hash, hash_password, verify_password
from orylo_common.postgres.pool import Connection

USE_TOTP_COUNTER = """
    INSERT INTO api.totp_uses (tenant_id, user_id, counter, used_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT DO NOTHING
    RETURNING counter
"""
REHASH = "UPDATE control.users SET password_hash = $3 WHERE tenant_id = $1 AND id = $2"

TOTP_STEP_S = 30


async def verify(services: Services, accounts: list[LoginAccount], login: LoginRequest) -> LoginAccount:
    """Return the one account whose password it is. Raises `Unauthenticated`, and `SeveralTenants`."""
    async with services.password_turns:
        verifications = MAX_TENANTS_PER_EMAIL if login.tenant is None else 1
        matching = await asyncio.to_thread(_matching, accounts, login.password.get_secret_value(), verifications)
    if not matching:
        SIGN_INS.labels("wrong_credentials").inc()
        raise Unauthenticated("the email address or the password is wrong", code="wrong_credentials")
    if len(matching) > 1:
        tenants = [account.principal.tenant for account in matching]
        raise SeveralTenants([TenantName(slug=tenant.slug, name=tenant.name) for tenant in tenants])
    return matching[0]


def _matching(accounts: list[LoginAccount], password: str, verifications: int) -> list[LoginAccount]:
    """Return the accounts with this password. The number of verifications does not depend on that of the accounts."""
    for _ in range(verifications - len(accounts)):
        verify_password(dummy_hash(), password)
    return [account for account in accounts if verify_password(account.password_hash, password)]


async def rehash(connection: Connection, account: LoginAccount, password: str) -> None:
    """Hash the password again, at today's cost of a guess."""
    password_hash = await asyncio.to_thread(hash_password, password)
    await connection.execute(REHASH, account.principal.tenant.id, account.principal.id, password_hash)


async def check_second_factor(
    connection: Connection, services: Services, account: LoginAccount, code: str | None, now: datetime
) -> None:
    """Raises `Unauthenticated` if the account has a second factor and `code` is not its current, unused code."""
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
    raise Unauthenticated("the code is wrong or already used", code="wrong_totp")
