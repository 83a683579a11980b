"""Attempts of a conversion, gathered from its messages in any order."""

from functools import reduce
from itertools import permutations
from typing import Any

from orylo_api.conversions.projection import conversion_row, merge
from orylo_common.ids import uuid7
from orylo_common.messages import ConversionAttempted, ConversionDispatched, ConversionMatched, ReportedAttempt
from tests.unit.api.builders import after, conversion


def tried(number: int, outcome: str, **changes: Any) -> ReportedAttempt:
    return ReportedAttempt(number=number, at=after(number), outcome=outcome, duration_ms=90, **changes)


def test_every_attempt_is_kept_whatever_the_order_of_messages() -> None:
    conversion_id = uuid7()
    of_one: dict[str, Any] = {"conversion_id": conversion_id}
    messages = [
        conversion(ConversionMatched, **of_one, occurred_at=after(0)),
        conversion(
            ConversionAttempted, **of_one, occurred_at=after(1), attempt=tried(1, "transient", reason="503", code="1")
        ),
        conversion(ConversionDispatched, **of_one, occurred_at=after(2), attempts=2, attempt=tried(2, "dispatched")),
    ]

    for order in permutations(messages):
        row = reduce(merge, map(conversion_row, order))
        assert (row.status, row.attempts, row.reason) == ("dispatched", 2, None)
        assert {number: answer["outcome"] for number, (_, answer) in row.attempt_log.items()} == {
            "1": "transient",
            "2": "dispatched",
        }

    pending = merge(conversion_row(messages[0]), conversion_row(messages[1]))
    assert (pending.status, pending.attempts, pending.reason, pending.code) == ("pending", 1, "503", "1")


def test_messages_of_earlier_versions_have_no_attempts() -> None:
    row = conversion_row(conversion(ConversionDispatched, attempts=3))

    assert (row.attempts, row.attempt_log) == (3, {})
