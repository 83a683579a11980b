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
from orylo_trust.domain.account import StatusChange, TrustAccount
from orylo_trust.domain.ledger import EntryCause, LedgerEntry, entries_for, month_of, score, total
from orylo_trust.domain.reversals import Reports, record, reversal_of

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


def score_after(*facts: PaymentFact, policy: TrustPolicy | None = None) -> int:
    policy = policy or TrustPolicy()
    reports: dict[str, Reports] = {}
    entries: list[LedgerEntry] = []
    for each in facts:
        entries += entries_for(each, policy)
        if reversal := reversal_of(each, policy):
            entries += record(reports.setdefault(each.payment_id, {}), reversal)
    return score(total(policy.start, entries))


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


@pytest.mark.parametrize(("minor", "expected"), [(1000, 45), (700, 46), (500, 47), (300, 48), (90, 50), (1200, 45)])
def test_a_partial_refund_counts_in_proportion(minor: int, expected: int) -> None:
    assert score_after(refunded(minor)) == expected


def test_partial_refunds_add_up_to_one_refund() -> None:
    assert score_after(refunded(300), refunded(700), refunded(1000)) == 45


def test_a_full_refund_less_fees_counts_in_full() -> None:
    assert score_after(fact(PaymentRefunded, refunded_minor=900, full=True)) == 45


def test_a_won_dispute_restores_its_points() -> None:
    assert score_after(paid(1), dispute(DisputeOpened), dispute(DisputeWon)) == 52


def test_a_won_dispute_whose_opening_was_never_reported_changes_nothing() -> None:
    assert score_after(paid(1), dispute(DisputeWon)) == 52


def test_a_lost_dispute_counts_as_opened_and_no_further() -> None:
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


def test_a_test_event_has_no_effect() -> None:
    assert score_after(fact(PaymentSucceeded, test=True), fact(DisputeOpened, dispute_id="dp_1", test=True)) == 50


def test_a_test_mode_payment_counts() -> None:
    assert score_after(fact(PaymentSucceeded, livemode=False)) == 52


def test_the_points_come_from_the_tenants_policy() -> None:
    policy = TrustPolicy(start=70, clean_payment=5, clean_payments_per_month=7, refund=-20)

    assert score_after(paid(1), paid(2), refunded(1000), policy=policy) == 57


def test_clamping_is_the_last_step_so_points_beyond_the_limits_still_count() -> None:
    good_years = [paid(number, NOW + timedelta(days=31 * (number // 5))) for number in range(60)]
    assert score_after(*good_years) == 100
    assert score_after(*good_years, dispute(DisputeOpened)) == 100
    assert score_after(dispute(DisputeOpened), fact(DisputeOpened, dispute_id="dp_2"), paid(1)) == 0


ENTRIES = st.builds(
    lambda cause, source, points, month, cap: (
        LedgerEntry(cause, source, points, month_of(NOW + timedelta(days=31 * month)), cap)
        if cause is EntryCause.CLEAN_PAYMENT
        else LedgerEntry(cause, source, -points)
    ),
    st.sampled_from(EntryCause),
    st.sampled_from([f"source {number}" for number in range(12)]),
    st.integers(0, 60),
    st.integers(0, 2),
    st.integers(0, 20),
)
# Two messages about the same source report the same entry, so only such ledgers exist.
LEDGERS = st.lists(ENTRIES, max_size=25, unique_by=lambda entry: (entry.cause, entry.source_id))


@given(LEDGERS.flatmap(lambda entries: st.tuples(st.just(entries), st.permutations(entries * 2))))
def test_order_and_duplicates_change_nothing(case: tuple[list[LedgerEntry], list[LedgerEntry]]) -> None:
    entries, shuffled = case

    assert total(START, shuffled) == total(START, entries)


@given(LEDGERS.flatmap(st.permutations))
def test_posting_entries_one_by_one_gives_the_total_of_the_whole_ledger(entries: list[LedgerEntry]) -> None:
    account = TrustAccount(START)
    for entry in entries:
        account.post(entry)

    assert account.total == total(START, entries)


def test_points_above_the_cap_are_no_change() -> None:
    account = TrustAccount(START)
    clean = [LedgerEntry(EntryCause.CLEAN_PAYMENT, str(number), 2, month_of(NOW), 10) for number in range(7)]

    assert [account.post(entry) for entry in clean] == [True] * 5 + [False] * 2
    assert account.version == 5


def test_the_newest_status_is_in_force_in_any_order() -> None:
    account = TrustAccount(START)
    blocked = StatusChange(TrustStatus.BLOCKED, "ana", "stolen card", NOW)
    cleared = StatusChange(TrustStatus.NEUTRAL, "bia", "her own card", NOW + timedelta(seconds=1))

    assert [account.set_status(change) for change in (cleared, blocked, cleared)] == [True, False, False]
    assert (account.status, account.status_change, account.version) == (TrustStatus.NEUTRAL, cleared, 1)
