from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orylo_common.control.sections.trust import TrustPolicy
from orylo_common.messages import (
    DisputeLost,
    DisputeOpened,
    DisputeWon,
    FraudWarningReceived,
    PaymentCreated,
    PaymentFact,
    PaymentRefunded,
    PaymentSucceeded,
    TrustStatus,
)
from orylo_trust.domain.account import Account, StatusChange
from orylo_trust.domain.ledger import Cause, Entry, entries_for, month_of, score, total

NOW = datetime(2026, 5, 10, 12, tzinfo=UTC)
START = 50


def fact(message_class: type[PaymentFact], **changes: object) -> PaymentFact:
    return message_class.model_validate(
        {
            "message_id": uuid4(),
            "tenant_id": uuid4(),
            "correlation_id": uuid4(),
            "occurred_at": NOW,
            "event_id": "evt",
            "gateway": "stripe",
            "gateway_event_type": "any",
            "customer_id": "cus_1",
            "payment_id": "stripe:pi_1",
            "amount_minor": 1000,
            "currency": "BRL",
            **changes,
        }
    )


def score_after(*facts: PaymentFact, points: TrustPolicy | None = None) -> int:
    points = points or TrustPolicy()
    return score(total(points.start, [entry for each in facts for entry in entries_for(each, points)]))


def paid(number: int, occurred_at: datetime = NOW) -> PaymentFact:
    return fact(PaymentSucceeded, payment_id=f"stripe:pi_{number}", occurred_at=occurred_at)


def refunded(minor: int) -> PaymentFact:
    return fact(PaymentRefunded, refunded_minor=minor, full=False)


def dispute(message_class: type[PaymentFact]) -> PaymentFact:
    return fact(message_class, dispute_id="dp_1")


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ([paid(1)], 52),
        ([refunded(1000)], 45),
        ([fact(FraudWarningReceived, warning_id="issfr_1")], 20),
        ([dispute(DisputeOpened)], 0),
        ([fact(PaymentCreated)], 50),
    ],
)
def test_each_cause_has_its_points(facts: list[PaymentFact], expected: int) -> None:
    assert score_after(*facts) == expected


def test_parts_of_a_refund_are_one_refund() -> None:
    assert score_after(refunded(300), refunded(700)) == 45


def test_a_dispute_won_gives_back_what_it_took() -> None:
    assert score_after(paid(1), dispute(DisputeOpened), dispute(DisputeWon)) == 52


def test_a_dispute_won_that_was_never_heard_of_gives_nothing() -> None:
    assert score_after(paid(1), dispute(DisputeWon)) == 52


def test_a_lost_dispute_adds_nothing_to_the_opened_one_and_stands_for_it_alone() -> None:
    assert score_after(paid(1), dispute(DisputeOpened), dispute(DisputeLost)) == 2
    assert score_after(paid(1), dispute(DisputeLost)) == 2


def test_clean_payments_of_one_month_stop_counting_at_ten_points() -> None:
    assert score_after(*(paid(number) for number in range(9))) == 60


def test_each_month_of_the_utc_calendar_has_its_own_ten_points() -> None:
    may = [paid(number) for number in range(9)]
    june = [paid(number, NOW + timedelta(days=31)) for number in range(10, 13)]

    assert score_after(*may, *june) == 66


def test_a_month_begins_at_midnight_utc() -> None:
    in_sao_paulo = datetime.fromisoformat("2026-05-31T22:00:00-03:00")

    assert month_of(in_sao_paulo).isoformat() == "2026-06-01"


def test_a_test_event_says_nothing() -> None:
    assert score_after(fact(PaymentSucceeded, test=True), fact(DisputeOpened, dispute_id="dp_1", test=True)) == 50


def test_a_test_mode_payment_counts() -> None:
    assert score_after(fact(PaymentSucceeded, livemode=False)) == 52


def test_the_points_are_the_tenants() -> None:
    points = TrustPolicy(start=70, clean_payment=5, clean_payments_per_month=7, refund=-20)

    assert score_after(paid(1), paid(2), refunded(1), points=points) == 57


def test_clamping_comes_last_so_that_what_went_over_still_counts() -> None:
    good_years = [paid(number, NOW + timedelta(days=31 * (number // 5))) for number in range(60)]
    assert score_after(*good_years) == 100
    assert score_after(*good_years, dispute(DisputeOpened)) == 100
    assert score_after(dispute(DisputeOpened), fact(DisputeOpened, dispute_id="dp_2"), paid(1)) == 0


ENTRIES = st.builds(
    lambda cause, source, points, month, cap: (
        Entry(cause, source, points, month_of(NOW + timedelta(days=31 * month)), cap)
        if cause is Cause.CLEAN_PAYMENT
        else Entry(cause, source, -points)
    ),
    st.sampled_from(Cause),
    st.sampled_from([f"source {number}" for number in range(12)]),
    st.integers(0, 60),
    st.integers(0, 2),
    st.integers(0, 20),
)
# What two messages say of one source is the same: only such ledgers exist.
LEDGERS = st.lists(ENTRIES, max_size=25, unique_by=lambda entry: (entry.cause, entry.source_id))


@given(LEDGERS.flatmap(lambda entries: st.tuples(st.just(entries), st.permutations(entries * 2))))
def test_order_and_duplicates_change_nothing(case: tuple[list[Entry], list[Entry]]) -> None:
    entries, shuffled = case

    assert total(START, shuffled) == total(START, entries)


@given(LEDGERS.flatmap(st.permutations))
def test_posting_one_by_one_ends_where_the_whole_ledger_does(entries: list[Entry]) -> None:
    account = Account(START, START)
    for entry in entries:
        account.post(entry)

    assert account.total == total(START, entries)


def test_what_a_cap_swallows_is_no_change() -> None:
    account = Account(START, START)
    clean = [Entry(Cause.CLEAN_PAYMENT, str(number), 2, month_of(NOW), 10) for number in range(7)]

    assert [account.post(entry) for entry in clean] == [True] * 5 + [False] * 2
    assert account.version == 5


def test_the_newest_status_holds_whatever_order_they_come_in() -> None:
    account = Account(START, START)
    blocked = StatusChange(TrustStatus.BLOCKED, "ana", "stolen card", NOW)
    cleared = StatusChange(TrustStatus.NEUTRAL, "bia", "her own card", NOW + timedelta(seconds=1))

    assert [account.set_status(change) for change in (cleared, blocked, cleared)] == [True, False, False]
    assert (account.status, account.status_change, account.version) == (TrustStatus.NEUTRAL, cleared, 1)
