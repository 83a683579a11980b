"""Verify a password and a second factor."""

import asyncio
from datetime import datetime

from pydantic import SecretStr

from orylo_api.access.identity import MAX_TENANTS_PER_EMAIL, LoginAccount, Principal
from orylo_api.access.models import LoginRequest
from orylo_api.access.second_factor import CodeKind, use_code
from orylo_api.call import Services
from orylo_api.errors import Invalid, SeveralTenants, Unauthenticated
from orylo_api.http.problem_details import FieldProblem, TenantName
from orylo_api.metrics import SIGN_INS
from orylo_common.control.passwords import dummy_hash, hash_password, verify_password
from orylo_common.postgres.pool import Connection

SELECT_HASH = "SELECT password_hash FROM control.users WHERE tenant_id = $1 AND id = $2"
REHASH = "UPDATE control.users SET password_hash = $3 WHERE tenant_id = $1 AND id = $2"


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


async def confirm_password(services: Services, user: Principal, password: SecretStr) -> None:
    """Raise `Invalid` unless it is the password of the signed-in user."""
    async with services.private_pool.acquire() as connection:
        password_hash = await connection.fetchval(SELECT_HASH, user.tenant.id, user.id)
    async with services.password_turns:
        right = await asyncio.to_thread(verify_password, password_hash, password.get_secret_value())
    if not right:
        raise Invalid("the password is wrong", [FieldProblem(field="body.password", message="is wrong")])


async def check_second_factor(
    connection: Connection, services: Services, account: LoginAccount, code: str | None, now: datetime
) -> CodeKind | None:
    """Return the kind of code that was used, None without a second factor. Raises `Unauthenticated`."""
    if account.totp_secret_encrypted is None:
        return None
    if code is None:
        SIGN_INS.labels("totp_needed").inc()
        raise Unauthenticated("the code of the second factor is needed", code="totp_needed")
    kind = await use_code(connection, services.keyring, account.principal, account.totp_secret_encrypted, code, now)
    if kind is None:
        SIGN_INS.labels("wrong_totp").inc()
        raise Unauthenticated("the code is wrong or already used", code="wrong_totp")
    return kind
