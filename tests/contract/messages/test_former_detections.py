"""Decisions that were published before reasons had points are still read: from queues, outboxes and dead letters."""

from typing import Any

import orjson
import pytest

from orylo_common.messages import Decision, DetectionCreated, decode, encode
from tests.contract.messages.golden import path_of

SINCE = ("points", "override")


def former(**changes: Any) -> bytes:
    envelope = orjson.loads(path_of("detection.created.v1").read_bytes())
    data = {name: value for name, value in envelope["data"].items() if name not in SINCE}
    return orjson.dumps({**envelope, "data": {**data, **changes}})


@pytest.mark.parametrize(
    ("decision", "risk_score", "reasons"),
    [
        (Decision.REVIEW, 61, ("velocity.card.1h",)),
        (Decision.ALLOW, 0, ()),
        (Decision.BLOCK, 100, ("list.blocked", "velocity.card.1h")),
        (Decision.ALLOW, 95, ("list.allowlisted",)),
    ],
)
def test_a_decision_without_points_is_decoded_and_stays_as_it_was(
    decision: Decision, risk_score: int, reasons: tuple[str, ...]
) -> None:
    detection = decode(former(decision=decision, risk_score=risk_score, reasons=reasons))

    assert isinstance(detection, DetectionCreated)
    assert (detection.decision, detection.risk_score, detection.reasons) == (decision, risk_score, reasons)
    assert (detection.points, detection.override) == ((), None)
    assert decode(encode(detection)) == detection


@pytest.mark.parametrize("override", ["fuse", "blocked"])
def test_an_override_of_a_later_version_is_read(override: str) -> None:
    detection = decode(former(override=override, points=[{"reason": "a", "detector": "b", "points": -3, "new": 1}]))

    assert isinstance(detection, DetectionCreated)
    assert detection.override == override
    assert detection.points[0].points == -3
