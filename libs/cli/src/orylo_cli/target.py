"""The platform that a command works on: the one the environment names, else the embedded one in its data directory."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import asyncpg
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from orylo_cli.actor import command_actor
from orylo_cli.embedded.data_dir import DataDir, RunningPlatform
from orylo_cli.embedded.errors import EmbeddedError
from orylo_cli.embedded.master_key import missing_master_key, store_new_master_key
from orylo_cli.embedded.postgres import running_postgres
from orylo_cli.migrations import all_migrations
from orylo_common.control.audit import Actor
from orylo_common.control.keyring import Keyring
from orylo_common.postgres.migrations import migrate
from orylo_common.postgres.pool import open_pool

Result = TypeVar("Result")

# SET ROLE none: keep the rights of the user in ORYLO_DATABASE_URL instead of switching to a service's role.
OWN_ROLE = "none"


class Environment(BaseSettings):
    """The variables that name a platform other than the embedded one."""

    model_config = SettingsConfigDict(env_prefix="ORYLO_", env_ignore_empty=True, extra="ignore", frozen=True)

    database_url: str | None = Field(default=None, repr=False)
    broker_url: str | None = Field(default=None, repr=False)
    redis_url: str | None = Field(default=None, repr=False)
    master_key: SecretStr | None = None


@dataclass(frozen=True)
class Target:
    """A platform and the author of the changes made to it.

    `data_dir` is None if the environment names the platform. `running` is set while `orylo up` runs in the folder.
    """

    actor: Actor
    database_url: str = field(repr=False)
    broker_url: str = field(repr=False)
    redis_url: str | None = field(repr=False)
    master_key: str | None = field(repr=False)
    data_dir: DataDir | None = None
    running: RunningPlatform | None = None

    def keyring(self) -> Keyring:
        """Raises `EmbeddedError` for a missing or malformed key."""
        if self.master_key is None and self.data_dir is not None:
            raise EmbeddedError(missing_master_key(self.data_dir))
        if self.master_key is None:
            raise EmbeddedError("ORYLO_MASTER_KEY is missing: it encrypts the stored secrets")
        try:
            return Keyring.parse(self.master_key)
        except ValueError:
            raise EmbeddedError("ORYLO_MASTER_KEY is not valid: it must be 32 bytes as URL-safe base64") from None

    def run(self, work: Callable[[asyncpg.pool.PoolConnectionProxy], Awaitable[Result]]) -> Result:
        """Run `work` on a connection to the database, in one transaction, and return its result."""

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
    """Open the platform for `command`. If the embedded database is stopped, it runs while the context is open.

    With `creates`, an empty folder becomes a new embedded platform. Raises `EmbeddedError`.
    """
    environment, actor = Environment(), command_actor(command)
    master_key = environment.master_key.get_secret_value() if environment.master_key else None
    if environment.database_url:
        if not environment.database_url.startswith(("postgresql://", "postgres://")):
            raise EmbeddedError("ORYLO_DATABASE_URL: must start with postgresql:// or postgres://")
        broker_url = environment.broker_url or "postgres"
        yield Target(actor, environment.database_url, broker_url, environment.redis_url, master_key)
        return
    folder = DataDir(data_dir)
    running = folder.running()
    if running:
        master_key = master_key or folder.master_key()
        yield Target(actor, running.database_url, "postgres", None, master_key, folder, running)
        return
    if not (creates or folder.holds_platform()):
        raise EmbeddedError(
            f"no platform in {folder.path}: start one with `orylo up`, or name its folder with --data-dir"
        )
    with folder.locked(command), running_postgres(folder.postgres) as dsn:
        if migrated:
            asyncio.run(migrate(dsn, all_migrations()))
        master_key = master_key or folder.master_key() or _new_master_key(folder, dsn)
        yield Target(actor, dsn, "postgres", None, master_key, folder)


def _new_master_key(folder: DataDir, dsn: str) -> str | None:
    """Return the folder's first master key, or None if the database holds secrets: most commands need no key."""
    master_key = Keyring.generate()
    try:
        asyncio.run(store_new_master_key(folder, dsn, master_key))
    except EmbeddedError:
        return None
    return master_key
