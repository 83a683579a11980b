"""Users' second factors as the control plane stores them: an encrypted TOTP secret, and hashes of recovery codes."""

import secrets
from base64 import b32encode
from dataclasses import dataclass, field
from hashlib import sha256
from uuid import UUID

from orylo_common.postgres.pool import Connection

# The row is locked: of two concurrent changes, the second sees the first.
SELECT_SECOND_FACTOR = """
    SELECT totp_secret_encrypted AS active, totp_pending_encrypted AS pending
    FROM control.users WHERE tenant_id = $1 AND id = $2 FOR UPDATE
"""
SET_SECOND_FACTOR = """
    UPDATE control.users SET totp_secret_encrypted = $3, totp_pending_encrypted = $4 WHERE tenant_id = $1 AND id = $2
"""
INSERT_CODES = """
    INSERT INTO control.recovery_codes (tenant_id, user_id, code_hash) SELECT $1, $2, unnest($3::bytea[])
"""
DELETE_CODES = "DELETE FROM control.recovery_codes WHERE tenant_id = $1 AND user_id = $2"
USE_CODE = """
    DELETE FROM control.recovery_codes WHERE tenant_id = $1 AND user_id = $2 AND code_hash = $3 RETURNING true
"""
COUNT_CODES = "SELECT count(*) FROM control.recovery_codes WHERE tenant_id = $1 AND user_id = $2"

RECOVERY_CODES = 10
RECOVERY_CODE_BYTES = 10
GROUP = 4


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """The encrypted TOTP secrets: the one that sign-in asks for, and one that its user has not confirmed yet."""

    active: bytes | None = field(default=None, repr=False)
    pending: bytes | None = field(default=None, repr=False)


async def lock_second_factor(connection: Connection, tenant_id: UUID, user_id: UUID) -> SecondFactor:
    """Return the user's second factor, locked until the transaction ends."""
    row = await connection.fetchrow(SELECT_SECOND_FACTOR, tenant_id, user_id)
    return SecondFactor() if row is None else SecondFactor(**row)


async def set_second_factor(connection: Connection, tenant_id: UUID, user_id: UUID, changed: SecondFactor) -> None:
    await connection.execute(SET_SECOND_FACTOR, tenant_id, user_id, changed.active, changed.pending)


async def remove_second_factor(connection: Connection, tenant_id: UUID, user_id: UUID) -> None:
    """Remove the secrets and the recovery codes."""
    await set_second_factor(connection, tenant_id, user_id, SecondFactor())
    await connection.execute(DELETE_CODES, tenant_id, user_id)


async def replace_recovery_codes(connection: Connection, tenant_id: UUID, user_id: UUID) -> list[str]:
    """Return new codes, such as `ABCD-EFGH-IJKL-MNOP`, in place of all earlier ones. Only their hashes are stored."""
    codes = [_new_code() for _ in range(RECOVERY_CODES)]
    await connection.execute(DELETE_CODES, tenant_id, user_id)
    await connection.execute(INSERT_CODES, tenant_id, user_id, [_hash(code) for code in codes])
    return codes


async def use_recovery_code(connection: Connection, tenant_id: UUID, user_id: UUID, code: str) -> bool:
    """Return whether it is one of the user's codes. It cannot be used again."""
    return await connection.fetchval(USE_CODE, tenant_id, user_id, _hash(code)) is not None


async def count_recovery_codes(connection: Connection, tenant_id: UUID, user_id: UUID) -> int:
    count: int = await connection.fetchval(COUNT_CODES, tenant_id, user_id)
    return count


def _new_code() -> str:
    text = b32encode(secrets.token_bytes(RECOVERY_CODE_BYTES)).decode()
    return "-".join(text[start : start + GROUP] for start in range(0, len(text), GROUP))


def _hash(code: str) -> bytes:
    """Hash a code as people type it: case, spaces and hyphens do not matter."""
    return sha256("".join(filter(str.isalnum, code.upper())).encode()).digest()
