from datetime import timedelta
from typing import Any

from redis.asyncio import Redis

from orylo_cli.embedded.cache import open_cache
from tests.support.eventually import eventually


async def keys_in_memory(redis: Redis) -> set[bytes]:
    """Read the dictionary directly, because a command would delete expired keys."""
    pool: Any = redis.connection_pool
    connection = await pool.get_connection()
    keys = set(connection._server.dbs[0]._dict)
    await pool.release(connection)
    return keys


async def test_an_expired_key_is_deleted_without_being_read() -> None:
    async with open_cache(sweep_every=timedelta(milliseconds=50)) as redis:
        await redis.set("lasting", 1)
        for number in range(100):
            await redis.set(f"limits:{number}", 1, px=1)

        async def forgotten() -> bool:
            return await keys_in_memory(redis) == {b"lasting"}

        await eventually(forgotten)
