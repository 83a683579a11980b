"""The failures that a command expects, in the words for the person at the console."""

import asyncpg

from orylo_cli.embedded.errors import EmbeddedError
from orylo_common.control.errors import InvalidChange
from orylo_common.control.keyring import WrongMasterKey
from orylo_common.errors import TransientError
from orylo_common.postgres.migrations import MigrationError


def describe(error: Exception) -> str | None:
    """Return one line of text with advice, or None for a failure that is not expected."""
    match error:
        case EmbeddedError() | InvalidChange() | WrongMasterKey() | MigrationError() | TransientError():
            return str(error)
        case asyncpg.UndefinedTableError() | asyncpg.UndefinedColumnError():
            return "the database schemas are missing or out of date: run `orylo migrate`"
        case asyncpg.InsufficientPrivilegeError():
            return "the database user lacks the privilege: set ORYLO_DATABASE_URL to the user who runs the migrations"
        case asyncpg.InvalidAuthorizationSpecificationError():
            return "PostgreSQL rejected the user or password in ORYLO_DATABASE_URL"
        case asyncpg.InvalidCatalogNameError():
            return "the database in ORYLO_DATABASE_URL does not exist"
    return None
