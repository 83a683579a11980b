"""Rollups are summed again in few passes over the rows."""

import pytest

from orylo_api.read_models.rebuilding import REBUILD
from orylo_api.read_models.rollups import COUNTED_CONVERSIONS, COUNTED_PAYMENTS


@pytest.mark.parametrize("view", [COUNTED_PAYMENTS, COUNTED_CONVERSIONS])
def test_a_period_is_read_once_for_all_rollups_of_a_view(view: str) -> None:
    assert sum(statement.count(view) for statement in REBUILD) == 1
