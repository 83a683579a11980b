import asyncpg
import pytest

from orylo_common.postgres.errors import TRANSIENT_ERRORS


@pytest.mark.parametrize(
    "error",
    [asyncpg.ReadOnlySQLTransactionError, asyncpg.PostgresIOError, asyncpg.AdminShutdownError],
    ids=["fail-over", "disk", "shutdown"],
)
def test_errors_that_pass_are_transient(error: type[Exception]) -> None:
    assert issubclass(error, TRANSIENT_ERRORS)


def test_errors_in_the_data_are_not_transient() -> None:
    assert not issubclass(asyncpg.CharacterNotInRepertoireError, TRANSIENT_ERRORS)
