"""The master key of an embedded platform, created once: a second one would decrypt none of the stored secrets."""

import asyncpg

from orylo_cli.embedded.data_dir import DataDir
from orylo_cli.embedded.errors import EmbeddedError
from orylo_common.control.master_key import stored_secrets


async def store_new_master_key(folder: DataDir, database_url: str, master_key: str) -> None:
    """Store the folder's first master key. Raises `EmbeddedError` if the database holds secrets of another."""
    connection = await asyncpg.connect(database_url)
    try:
        stored = await stored_secrets(connection)
    except asyncpg.UndefinedTableError:
        stored = []
    finally:
        await connection.close()
    if stored:
        raise EmbeddedError(missing_master_key(folder))
    folder.store_master_key(master_key)


def missing_master_key(folder: DataDir) -> str:
    return (
        f"{folder.path / 'master.key'} is missing, and the database holds secrets that it encrypts: "
        "restore it from your backup, or set ORYLO_MASTER_KEY"
    )
