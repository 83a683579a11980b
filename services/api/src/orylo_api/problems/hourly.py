"""The counts of a group's last hours, as a sparkline draws them."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

HOURS = 24
# Of one response.
MAX_GROUPS = 100

Hourly = Annotated[
    list[int],
    Field(
        min_length=HOURS,
        max_length=HOURS,
        description="counts of the last 24 hours, each an hour long, the oldest first",
        examples=[[0] * 20 + [3, 120, 60, 31]],
    ),
]


def hourly_series(counts: Mapping[str, int]) -> list[int]:
    """Return the counts of all hours, given those that have any by the number of hours ago."""
    return [counts.get(str(hours_ago), 0) for hours_ago in reversed(range(HOURS))]
