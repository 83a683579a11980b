from datetime import timedelta

import pytest

from orylo_common.resilience.retry import RetryPolicy


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 1), (2, 2), (5, 16), (12, 2048), (13, 3600), (100_000, 3600)])
def test_the_longest_delay_doubles_up_to_the_cap(attempt: int, seconds: int) -> None:
    policy = RetryPolicy(jitter=lambda: 1.0)

    assert policy.delay(attempt) == timedelta(seconds=seconds)


def test_jitter_is_full() -> None:
    assert RetryPolicy(jitter=lambda: 0.0).delay(5) == timedelta()
    delays = {RetryPolicy().delay(10) for _ in range(50)}

    assert len(delays) > 40
    assert max(delays) <= timedelta(seconds=512)
