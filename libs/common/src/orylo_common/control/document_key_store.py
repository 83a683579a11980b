"""The document key in the control plane: created once, and encrypted again when the master key is rotated."""

from secrets import token_hex
from uuid import UUID

from orylo_common.control.audit import Actor, write_audit_line
from orylo_common.control.document_key import KEY_BYTES, DocumentKey
from orylo_common.control.keyring import Keyring, WrongMasterKey
from orylo_common.postgres.pool import Connection

# Of the stored secrets, these can be read by every caller.
SELECT_SECRETS = "SELECT secret_encrypted FROM control.gateway_secrets"
SELECT_KEY = "SELECT key_encrypted FROM control.document_key"
INSERT_KEY = "INSERT INTO control.document_key (key_encrypted) VALUES ($1) ON CONFLICT DO NOTHING"
# Of two processes that encrypt it again, the second finds nothing to do.
UPDATE_KEY = "UPDATE control.document_key SET key_encrypted = $1 WHERE key_encrypted = $2"
REPLACE_KEY = """
    INSERT INTO control.document_key (key_encrypted) VALUES ($1)
    ON CONFLICT (only_row) DO UPDATE SET key_encrypted = EXCLUDED.key_encrypted
"""


async def ensure_document_key(connection: Connection, keyring: Keyring) -> DocumentKey:
    """Return the platform's document key. Create it if there is none; encrypt it with the first master key.

    Safe to call from several processes at once. Raises `WrongMasterKey`, also instead of creating a key that the
    services' master key would not decrypt.
    """
    stored = await connection.fetchval(SELECT_KEY)
    if stored is None:
        secrets = [row["secret_encrypted"] for row in await connection.fetch(SELECT_SECRETS)]
        if secrets and not any(map(keyring.decrypts, secrets)):
            raise WrongMasterKey("ORYLO_MASTER_KEY does not decrypt the stored secrets")
        await connection.execute(INSERT_KEY, keyring.encrypt(token_hex(KEY_BYTES)))
        # Another process may have inserted first: what is stored counts.
        stored = await connection.fetchval(SELECT_KEY)
    key = keyring.decrypt(stored)
    if not keyring.encrypted_with_first(stored):
        await connection.execute(UPDATE_KEY, keyring.encrypt(key), stored)
    return DocumentKey(bytes.fromhex(key))


async def read_document_key(connection: Connection, keyring: Keyring) -> DocumentKey | None:
    """Return the platform's document key, or None if there is none or no master key decrypts it."""
    stored = await connection.fetchval(SELECT_KEY)
    if stored is None or not keyring.decrypts(stored):
        return None
    return DocumentKey(bytes.fromhex(keyring.decrypt(stored)))


async def replace_lost_document_key(connection: Connection, keyring: Keyring, tenant_id: UUID, *, actor: Actor) -> bool:
    """Replace a key that no master key decrypts, and return whether it was one. The audit line is the tenant's.

    Documents get other hashes from then on: a buyer known only by a document becomes a new customer.
    """
    stored = await connection.fetchval(SELECT_KEY)
    if stored is None or keyring.decrypts(stored):
        return False
    await connection.execute(REPLACE_KEY, keyring.encrypt(token_hex(KEY_BYTES)))
    await write_audit_line(connection, tenant_id, actor, action="document_key.replace", subject="document key")
    return True
