"""The age of the oldest message that is not projected yet."""

import time

from orylo_api.projection.handlers import Unwritten
from orylo_common.ids import uuid7


def test_the_oldest_message_that_is_not_written_counts() -> None:
    unwritten = Unwritten()
    assert unwritten.oldest_seconds() == 0
    milliseconds = int(time.time() * 1000) - 90_000
    early = type(uuid7())(int=(milliseconds << 80) | (uuid7().int & ((1 << 80) - 1)))
    with unwritten.holding(early):
        with unwritten.holding(uuid7()):
            assert 89 < unwritten.oldest_seconds() < 120
        assert unwritten.oldest_seconds() > 89
    assert unwritten.oldest_seconds() == 0
