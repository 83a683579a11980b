"""The second factor: time-based codes (TOTP, RFC 6238), and recovery codes. Each code can be used once."""

from datetime import datetime
from hmac import compare_digest
from typing import Literal

import pyotp

from orylo_api.access.identity import Principal
from orylo_common.control import Keyring
from orylo_common.control.second_factor import (
    SecondFactor,
    lock_second_factor,
    replace_recovery_codes,
    set_second_factor,
    use_recovery_code,
)
from orylo_common.postgres.pool import Connection

USE_TOTP_COUNTER = """
    INSERT INTO api.totp_uses (tenant_id, user_id, counter, used_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT DO NOTHING
    RETURNING counter
"""

TOTP_STEP_S = 30
TOTP_DIGITS = 6
ISSUER = "Orylo"

CodeKind = Literal["totp", "recovery_code"]


async def begin_enrolment(connection: Connection, keyring: Keyring, user: Principal) -> tuple[str, str] | None:
    """Return a new secret and its `otpauth://` URI, or None if a second factor is on.

    It takes effect once it is confirmed.
    """
    current = await lock_second_factor(connection, user.tenant.id, user.id)
    if current.active is not None:
        return None
    secret = pyotp.random_base32()
    await set_second_factor(
        connection, user.tenant.id, user.id, SecondFactor(current.active, pending=keyring.encrypt(secret))
    )
    return secret, pyotp.TOTP(secret, name=user.name, issuer=f"{ISSUER} {user.tenant.slug}").provisioning_uri()


async def confirm_enrolment(
    connection: Connection, keyring: Keyring, user: Principal, pending: bytes, code: str, now: datetime
) -> list[str] | None:
    """Switch the pending second factor on and return its recovery codes, or None if the code is wrong."""
    if not await _use_totp(connection, keyring, user, pending, code, now):
        return None
    await set_second_factor(connection, user.tenant.id, user.id, SecondFactor(active=pending))
    return await replace_recovery_codes(connection, user.tenant.id, user.id)


async def use_code(
    connection: Connection, keyring: Keyring, user: Principal, encrypted: bytes, code: str, now: datetime
) -> CodeKind | None:
    """Use a code of the user: a current one, or a recovery code. Return None if it is wrong or was used before."""
    if len(code) == TOTP_DIGITS:
        return "totp" if await _use_totp(connection, keyring, user, encrypted, code, now) else None
    used = await use_recovery_code(connection, user.tenant.id, user.id, code)
    return "recovery_code" if used else None


async def _use_totp(
    connection: Connection, keyring: Keyring, user: Principal, encrypted: bytes, code: str, now: datetime
) -> bool:
    totp = pyotp.TOTP(keyring.decrypt(encrypted), digits=TOTP_DIGITS, interval=TOTP_STEP_S)
    current = int(now.timestamp()) // TOTP_STEP_S
    # One step to either side: clocks differ, and people take time to type.
    for counter in (current - 1, current, current + 1):
        if compare_digest(totp.generate_otp(counter), code):
            return await connection.fetchval(USE_TOTP_COUNTER, user.tenant.id, user.id, counter, now) is not None
    return False
