"""What counts as fraud, in whatever order the reports arrive."""

from collections.abc import Sequence
from functools import reduce
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orylo_common.fraud_evidence import Evidence, FraudReport, evidence_of, is_fraud, merged
from orylo_common.messages import (
    DisputeFact,
    DisputeLost,
    DisputeOpened,
    DisputeWon,
    FraudWarningReceived,
    PaymentVerdict,
    VerdictGiven,
)
from tests.unit.api.builders import after, payment, verdict


def dispute(kind: type[DisputeFact], minute: int, name: str = "dp_1") -> DisputeFact:
    return payment(kind, dispute_id=name, occurred_at=after(minute))


def judged(what: PaymentVerdict, minute: int) -> VerdictGiven:
    return verdict(what, occurred_at=after(minute))


WARNING = payment(FraudWarningReceived)
FRAUD, LEGITIMATE, WITHDRAWN = (judged(what, 9) for what in PaymentVerdict)
OPENED, WON, LOST = (dispute(kind, minute) for minute, kind in enumerate((DisputeOpened, DisputeWon, DisputeLost)))


def counts(reports: Sequence[FraudReport]) -> bool:
    evidence: Evidence = reduce(merged, map(evidence_of, reports), {})
    return is_fraud([sign for _, sign in evidence.values()])


@pytest.mark.parametrize(
    ("reports", "fraud"),
    [
        ([], False),
        ([OPENED], True),
        ([OPENED, LOST], True),
        ([OPENED, WON], False),
        # The bank decides again.
        ([OPENED, WON, LOST], True),
        ([OPENED, dispute(DisputeLost, 1), dispute(DisputeWon, 2)], False),
        # At the same moment: money is reinstated only after it was withdrawn.
        ([dispute(DisputeLost, 2), dispute(DisputeWon, 2)], False),
        ([OPENED, WON, dispute(DisputeOpened, 5, "dp_2")], True),
        ([WARNING], True),
        ([WARNING, OPENED, WON], False),
        ([WARNING, LEGITIMATE], False),
        ([LOST, LEGITIMATE], False),
        ([OPENED, WON, FRAUD], True),
        ([FRAUD], True),
        ([judged(PaymentVerdict.LEGITIMATE, 1), FRAUD], True),
        ([judged(PaymentVerdict.FRAUD, 1), WITHDRAWN], False),
        ([LOST, judged(PaymentVerdict.LEGITIMATE, 3), WITHDRAWN], True),
    ],
)
def test_a_payment_is_fraud_by_verdict_then_dispute_then_warning(reports: list[FraudReport], fraud: bool) -> None:
    for order in permutations(reports):
        assert counts([*order, *order]) is fraud


REPORTS = st.lists(
    st.one_of(
        st.builds(
            dispute,
            st.sampled_from([DisputeOpened, DisputeWon, DisputeLost]),
            st.integers(0, 3),
            st.sampled_from(["dp_1", "dp_2"]),
        ),
        st.builds(judged, st.sampled_from(PaymentVerdict), st.integers(0, 3)),
        st.just(WARNING),
    ),
    max_size=6,
)


@given(REPORTS.flatmap(lambda reports: st.tuples(st.just(reports), st.permutations(reports + reports[:3]))))
def test_neither_order_nor_repetition_matters(case: tuple[list[FraudReport], list[FraudReport]]) -> None:
    reports, shuffled = case
    assert counts(reports) is counts(shuffled)
