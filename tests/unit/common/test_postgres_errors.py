import asyncpg
import pytest

from orylo_common.postgres.errors import TRANSIENT_ERRORS


@pytest.mark.parametrize(
    "error",
    [asyncpg.ReadOnlySQLTransactionError, asyncpg.PostgresIOError, asyncpg.AdminShutdownError],
    ids=["fail-over", "disk", "shutdown"],
)
def test_what_passes_by_itself_is_tried_again(error: type[Exception]) -> None:
    assert issubclass(error, TRANSIENT_ERRORS)


def test_what_is_wrong_with_the_data_stays_wrong() -> None:
    assert not issubclass(asyncpg.CharacterNotInRepertoireError, TRANSIENT_ERRORS)
