"""The check that a writer uses the same master key as the services."""

from orylo_common.control.errors import InvalidChange
from orylo_common.control.keyring import Keyring
from orylo_common.postgres.pool import Connection

SELECT_SECRETS = """
    SELECT secret_encrypted FROM control.gateway_secrets
    UNION ALL SELECT secret_encrypted FROM control.destinations
    UNION ALL SELECT totp_secret_encrypted FROM control.users WHERE totp_secret_encrypted IS NOT NULL
"""
HAS_DOCUMENT_KEY = "SELECT to_regclass('control.document_key') IS NOT NULL"
SELECT_DOCUMENT_KEY = "SELECT key_encrypted FROM control.document_key"


async def stored_secrets(connection: Connection) -> list[bytes]:
    """Return every stored secret, encrypted. The document key is one."""
    stored = [row["secret_encrypted"] for row in await connection.fetch(SELECT_SECRETS)]
    # Asked before the migrations too, of a database that has no such table yet.
    if await connection.fetchval(HAS_DOCUMENT_KEY):
        stored += [row["key_encrypted"] for row in await connection.fetch(SELECT_DOCUMENT_KEY)]
    return stored


async def check_master_key(connection: Connection, keyring: Keyring) -> None:
    """Raise `InvalidChange` if the keyring decrypts none of the stored secrets: the services use other keys."""
    stored = await stored_secrets(connection)
    if stored and not any(map(keyring.decrypts, stored)):
        raise InvalidChange(
            "ORYLO_MASTER_KEY decrypts none of the stored secrets: use the key that the services use. "
            "If that key is lost, give the services a new one and add --key-lost to this command"
        )
