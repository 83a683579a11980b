"""A gateway is silent once the webhooks that would usually have arrived since its last one are too many for chance."""

from datetime import UTC, datetime, timedelta

import pytest

from orylo_ingest.webhooks.activity import is_silent, usual_by_hour, usual_gap

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
MIDNIGHT = NOON.replace(hour=0)
# 60 an hour by day, none from midnight to six.
SHOP = [0.0] * 6 + [60.0] * 18


@pytest.mark.parametrize(("minutes", "silent"), [(0, False), (6, False), (7, True), (600, True)])
def test_a_gap_of_seven_usual_webhooks_is_silence(minutes: int, silent: bool) -> None:
    assert is_silent(SHOP, NOON - timedelta(minutes=minutes), NOON) is silent


def test_a_night_without_webhooks_is_usual() -> None:
    evening, morning = MIDNIGHT - timedelta(minutes=5), MIDNIGHT + timedelta(hours=6)
    assert not is_silent(SHOP, evening, morning + timedelta(minutes=1))
    assert is_silent(SHOP, evening, morning + timedelta(minutes=2))


def test_a_slow_gateway_is_not_silent_for_days() -> None:
    daily = [1 / 24] * 24
    assert not is_silent(daily, NOON - timedelta(days=6), NOON)
    assert is_silent(daily, NOON - timedelta(days=7), NOON)


def test_a_gateway_that_is_new_or_never_sent_anything_is_not_silent() -> None:
    assert not is_silent(None, NOON - timedelta(days=3), NOON)
    assert not is_silent(SHOP, None, NOON)


def test_the_usual_is_a_mean_over_the_days_that_the_gateway_exists() -> None:
    counts = [0] * 12 + [120] + [0] * 11
    assert usual_by_hour(counts, MIDNIGHT - timedelta(days=1), MIDNIGHT) is None
    four_days = usual_by_hour(counts, MIDNIGHT - timedelta(days=4), MIDNIGHT)
    assert four_days is not None
    assert four_days[12] == 30
    a_year = usual_by_hour(counts, MIDNIGHT - timedelta(days=365), MIDNIGHT)
    assert a_year is not None
    assert a_year[12] == pytest.approx(120 / 28)


def test_the_usual_gap_is_that_of_this_hour() -> None:
    assert usual_gap(SHOP, NOON) == 60.0
    assert usual_gap(SHOP, MIDNIGHT) is None
    assert usual_gap(None, NOON) is None
