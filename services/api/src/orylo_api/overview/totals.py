"""Counts and totals of a span, from the sums of its messages, payments and conversions."""

from orylo_api.overview.models import Amounts, Counts, Totals
from orylo_api.timeseries.metrics import NO_MATCH, total
from orylo_api.timeseries.queries import Sums
from orylo_common.messages import Decision

AMOUNTS = ("succeeded_minor", "blocked_minor", "dispatched_minor")
# A condition by which conversions are summed, where the method is not needed.
MATCHED = f"match_method <> '{NO_MATCH}'"
NOT_MATCHED = (NO_MATCH, "false")


def counts_of(activity: Sums, payments: Sums, conversions: Sums) -> Counts:
    """Count a span. The last dimension of `conversions` is the match method or MATCHED."""
    matched = {key: each for key, each in conversions.items() if key[-1] not in NOT_MATCHED}
    return Counts(
        **activity.get((), {}),
        payments_succeeded=total(payments, "succeeded"),
        conversions_matched=total(matched, "pending", "dispatched", "failed"),
        conversions_dispatched=total(conversions, "dispatched"),
        conversions_failed=total(conversions, "failed"),
        conversions_suppressed=total(conversions, "suppressed"),
    )


def totals_of(activity: Sums, payments: Sums, conversions: Sums) -> Totals:
    """`payments` are by currency and decision, `conversions` by currency and match method."""
    return Totals(counts=counts_of(activity, payments, conversions), amounts=_amounts(payments, conversions))


def _amounts(payments: Sums, conversions: Sums) -> list[Amounts]:
    sums: dict[str, dict[str, int]] = {}

    def add(currency: str, name: str, minor: int) -> None:
        sums.setdefault(currency, dict.fromkeys(AMOUNTS, 0))[name] += minor

    for (currency, decision), each in payments.items():
        add(currency, "succeeded_minor", each["succeeded_minor"])
        if decision == Decision.BLOCK:
            add(currency, "blocked_minor", each["amount_minor"])
    for (currency, _), each in conversions.items():
        add(currency, "dispatched_minor", each["dispatched_minor"])
    return [Amounts(currency=currency, **each) for currency, each in sorted(sums.items()) if any(each.values())]
