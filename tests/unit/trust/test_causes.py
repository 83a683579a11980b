"""The sums by cause, verdicts, corrections, and statuses that end."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import permutations
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orylo_common.control.sections.trust import TrustPolicy
from orylo_common.messages import PaymentVerdict, TrustStatus, VerdictGiven
from orylo_trust.domain.account import StatusChange, TrustAccount
from orylo_trust.domain.ledger import EntryCause, LedgerEntry, month_of, sums
from orylo_trust.domain.reversals import Reports, judgement_of, record
from tests.unit.trust.test_ledger import LEDGERS, NOW, START

FRAUD, LEGITIMATE, WITHDRAWN = PaymentVerdict


def verdict(minute: int, given: PaymentVerdict) -> VerdictGiven:
    return VerdictGiven(
        message_id=uuid4(),
        tenant_id=uuid4(),
        correlation_id=uuid4(),
        occurred_at=NOW + timedelta(minutes=minute),
        verdict_id=uuid4(),
        payment_id="stripe:pi_1",
        verdict=given,
        actor="ana",
    )


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ([verdict(1, FRAUD)], -50),
        ([verdict(1, LEGITIMATE)], 5),
        ([verdict(1, FRAUD), verdict(2, LEGITIMATE)], 5),
        ([verdict(1, FRAUD), verdict(2, LEGITIMATE), verdict(3, FRAUD)], -50),
        ([verdict(1, FRAUD), verdict(2, FRAUD)], -50),
        ([verdict(1, FRAUD), verdict(2, WITHDRAWN)], None),
        ([verdict(1, FRAUD), verdict(2, WITHDRAWN), verdict(3, LEGITIMATE)], 5),
        ([verdict(1, WITHDRAWN)], None),
    ],
)
def test_the_newest_verdict_on_a_payment_counts_once(verdicts: Sequence[VerdictGiven], expected: int | None) -> None:
    for order in permutations(verdicts):
        reports: Reports = {}
        entries = [entry for each in (*order, *order) for entry in record(reports, judgement_of(each, TrustPolicy()))]
        assert sums(entries) == ({} if expected is None else {"verdict": expected})
        assert len({(entry.cause, entry.source_id) for entry in entries}) == len(entries)


@given(LEDGERS.flatmap(lambda entries: st.tuples(st.just(entries), st.permutations(entries))))
def test_the_sums_by_cause_depend_on_no_order(case: tuple[list[LedgerEntry], list[LedgerEntry]]) -> None:
    entries, shuffled = case
    account = TrustAccount(START)
    for entry in shuffled:
        account.post(entry)

    assert account.causes == sums(entries)
    assert account.total == START + sum(sums(entries).values())


def test_a_blocked_payment_above_the_cap_leaves_the_same_sum_in_any_order() -> None:
    month = month_of(NOW)
    clean = [LedgerEntry(EntryCause.CLEAN_PAYMENT, str(number), 2, month, 10) for number in range(7)]
    blocked = LedgerEntry(EntryCause.PAYMENT_BLOCKED, "0", -2, month, 10)

    for place in range(1, 8):
        account = TrustAccount(START)
        for entry in (*clean[:place], blocked, *clean[place:]):
            account.post(entry)
        assert account.causes == {"clean_payment": 10}


def test_a_status_ends_once_and_only_a_newer_one_replaces_it() -> None:
    account, end = TrustAccount(START), NOW + timedelta(hours=1)
    blocked = StatusChange(TrustStatus.BLOCKED, "ana", "chargeback", NOW, expires_at=end)
    account.set_status(blocked)

    assert [account.expire_status(due) for due in (NOW, end, end)] == [False, True, False]
    assert account.status is TrustStatus.NEUTRAL
    # Reported again, or late: the newest change counts, not the one that arrives last.
    assert not account.set_status(blocked)
    during = StatusChange(TrustStatus.ALLOWLISTED, "bia", "her own card", NOW + timedelta(minutes=30))
    assert account.set_status(during)
    assert not account.expire_status(end)
    assert account.status_change == during
