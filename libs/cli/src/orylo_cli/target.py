"""The platform that a command works on: an embedded one in its data directory, or the one the environment names."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import asyncpg
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from orylo_cli.embedded.data_dir import Connection, DataDir
from orylo_cli.embedded.errors import EmbeddedError
from orylo_cli.embedded.postgres import running_postgres
from orylo_cli.migrations import all_migrations
from orylo_common.control.keyring import Keyring
from orylo_common.postgres.migrations import migrate
from orylo_common.postgres.pool import open_pool

Result = TypeVar("Result")

# No service's role: whoever the address logs in as, for what only the platform's owner may do.
OWN_ROLE = "none"


class Environment(BaseSettings):
    """Where a platform is, when it is not embedded."""

    model_config = SettingsConfigDict(env_prefix="ORYLO_", env_ignore_empty=True, extra="ignore", frozen=True)

    database_url: str | None = Field(default=None, repr=False)
    broker_url: str | None = Field(default=None, repr=False)
    redis_url: str | None = Field(default=None, repr=False)
    master_key: SecretStr | None = None


@dataclass(frozen=True)
class Target:
    """`data_dir` is None where the environment names the platform; `running` is set while an `up` works on it."""

    database_url: str = field(repr=False)
    broker_url: str = field(repr=False)
    redis_url: str | None = field(repr=False)
    master_key: str | None = field(repr=False)
    data_dir: DataDir | None = None
    running: Connection | None = None

    def keyring(self) -> Keyring:
        if self.master_key is None:
            raise EmbeddedError("ORYLO_MASTER_KEY is missing: it encrypts the secrets that are stored")
        try:
            return Keyring.parse(self.master_key)
        except ValueError:
            raise EmbeddedError("ORYLO_MASTER_KEY is no key: 32 bytes as URL-safe base64") from None

    def run(self, work: Callable[[asyncpg.pool.PoolConnectionProxy], Awaitable[Result]]) -> Result:
        """What `work` makes of a connection to the database, in one transaction."""

        async def connected() -> Result:
            async with (
                open_pool(self.database_url, role=OWN_ROLE, max_size=1) as pool,
                pool.acquire() as connection,
                connection.transaction(),
            ):
                return await work(connection)

        return asyncio.run(connected())


@contextmanager
def open_target(data_dir: Path, command: str, *, migrated: bool = True, creates: bool = False) -> Iterator[Target]:
    """The environment's platform, else the embedded one; its database is started for a moment if it does not run.

    `command` is who we are, for those who have to wait. One that `creates` makes an embedded platform where there is
    none. Raises `EmbeddedError`.
    """
    environment = Environment()
    master_key = environment.master_key.get_secret_value() if environment.master_key else None
    if environment.database_url:
        if not environment.database_url.startswith(("postgresql://", "postgres://")):
            raise EmbeddedError("ORYLO_DATABASE_URL: must start with postgresql:// or postgres://")
        broker_url = environment.broker_url or "postgres"
        yield Target(environment.database_url, broker_url, environment.redis_url, master_key)
        return
    folder = DataDir(data_dir)
    running = folder.running()
    if running:
        master_key = master_key or folder.master_key()
        yield Target(running.database_url, "postgres", None, master_key, folder, running)
        return
    if not (creates or folder.holds_platform()):
        raise EmbeddedError(
            f"no platform in {folder.path}: start one with `orylo up`, or name its folder with --data-dir"
        )
    with folder.locked(command), running_postgres(folder.postgres) as dsn:
        if migrated:
            asyncio.run(migrate(dsn, all_migrations()))
        yield Target(dsn, "postgres", None, master_key or folder.master_key(), folder)
