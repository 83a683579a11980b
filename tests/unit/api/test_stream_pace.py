"""A client that shows states gets as many events as a person can follow, and a report of those left out."""

from math import inf

import orjson

from orylo_api.stream.events import Position, StreamEvent
from orylo_api.stream.pace import (
    BURST,
    CAUSES_OF_WEBHOOKS,
    FOLLOWED_PER_S,
    SKIP_FOR,
    TYPES_OF_WEBHOOKS,
    EventsSkipped,
    StreamPace,
)
from orylo_trust.domain.ledger import EntryCause


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def decisions(count: int) -> list[StreamEvent]:
    """Return decisions on `count` payments."""
    data = (orjson.dumps({"payment_id": f"pay-{index}"}) for index in range(count))
    return [StreamEvent(Position(1, index), "detection.created", each) for index, each in enumerate(data)]


def trust(cause: str) -> StreamEvent:
    return StreamEvent(Position(1, 0), "trust.updated", orjson.dumps({"cause": cause}))


NOTE = StreamEvent(Position(2, 0), "note.changed", b"{}")


def test_events_that_can_be_followed_are_all_sent() -> None:
    clock = Clock()
    pace = StreamPace(clock)
    for _ in range(1_000):
        each_second = decisions(FOLLOWED_PER_S)
        assert pace.admit(each_second) == each_second
        clock.now += 1
    assert pace.admit(decisions(BURST)) == decisions(BURST)
    assert pace.seconds_left == inf


def test_beyond_the_pace_only_what_people_do_is_sent() -> None:
    pace = StreamPace(Clock())
    assert pace.admit([*decisions(BURST + 1), NOTE]) == [NOTE]
    assert pace.admit([*decisions(1), NOTE]) == [NOTE]
    # The first report is due at once.
    assert pace.seconds_left == 0
    pace.report()
    assert pace.seconds_left == SKIP_FOR.total_seconds()


def test_the_report_counts_payments_and_not_their_decisions() -> None:
    clock = Clock()
    pace = StreamPace(clock)
    pace.admit(decisions(BURST + 1))
    assert pace.report() == EventsSkipped(payments=BURST + 1)
    pace.admit(decisions(3))
    pace.admit(decisions(5))
    clock.now += SKIP_FOR.total_seconds()
    assert pace.seconds_left == 0
    assert pace.report() == EventsSkipped(payments=5)


def test_events_are_left_out_until_they_can_be_followed_again() -> None:
    clock = Clock()
    pace = StreamPace(clock)
    pace.admit(decisions(BURST + 1))
    pace.report()
    pace.admit(decisions(BURST))
    clock.now += SKIP_FOR.total_seconds()
    pace.report()
    assert pace.is_skipping

    few = decisions(int(FOLLOWED_PER_S * SKIP_FOR.total_seconds()))
    assert pace.admit(few) == []
    clock.now += SKIP_FOR.total_seconds()
    assert pace.report() == EventsSkipped(payments=len(few))
    assert not pace.is_skipping
    assert pace.admit(few) == few


def test_what_people_do_is_never_left_out() -> None:
    pace = StreamPace(Clock())
    changes = [trust("status_set"), trust("verdict_fraud"), trust("correction"), trust("clean_payment")]
    assert pace.admit([*decisions(BURST + 1), *changes]) == changes[:3]
    by_people = {"verdict.given", "review.changed", "note.changed", "job.progress", "conversion.correction_changed"}
    assert not by_people & TYPES_OF_WEBHOOKS


def test_every_cause_belongs_to_webhooks_or_to_people() -> None:
    by_people = {
        EntryCause.VERDICT_FRAUD,
        EntryCause.VERDICT_LEGITIMATE,
        EntryCause.VERDICT_WITHDRAWN,
        EntryCause.CORRECTION,
    }
    assert set(EntryCause) - by_people == CAUSES_OF_WEBHOOKS
