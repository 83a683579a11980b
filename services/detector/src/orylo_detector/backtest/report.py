"""The result of a backtest as plain values, for JSON, the terminal and the page."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from operator import attrgetter
from typing import Any

from orylo_common.messages import Decision
from orylo_common.money import to_major
from orylo_detector.backtest.backtest import Backtest, Measures
from orylo_detector.backtest.contributions import Contribution, most_points_first
from orylo_detector.backtest.daily_ranking import INSPECTED
from orylo_detector.backtest.examples import BLOCKED_HONEST, CHANGES, MISSED_FRAUD, Example, Examples

# Digits after the point of a rate. The rest is noise in any file.
DIGITS = 4

# What live decisions read besides, in words: a file does not have it as it was at the time of each payment.
NOT_REPLAYED: Mapping[str, str] = {
    "other_list_entries": "list entries of emails, documents, devices and BINs",
    "statuses": "statuses of customers",
    "trust_scores": "trust scores",
    "refunds": "refunds",
    "snoozes": "snoozes of rules",
    "fuse": "the fuse",
}


def report(backtest: Backtest, *, interrupted: bool = False) -> dict[str, Any]:
    """Return the result. Rates are from 0 to 1, amounts are texts in the currency's main unit, times ISO 8601."""
    kinds = (MISSED_FRAUD, BLOCKED_HONEST, *(CHANGES if len(backtest.measures) > 1 else ()))
    return {
        "interrupted": interrupted,
        "warmup_from": backtest.period.warmup_from.isoformat(),
        "test_from": backtest.period.test_from.isoformat(),
        "test_to": backtest.period.test_to.isoformat(),
        "replayed_until": backtest.until.isoformat() if backtest.until else None,
        "feedback_delay_days": round(backtest.feedback_delay.total_seconds() / 86_400, 3),
        "replayed": backtest.replayed,
        "measured": backtest.measured,
        "list_entries": backtest.list_entries,
        "not_replayed": list(NOT_REPLAYED),
        "variants": [_variant(measures) for measures in backtest.measures],
        "examples": [_examples(backtest.examples, kind) for kind in kinds],
    }


def _variant(measures: Measures) -> dict[str, Any]:
    policy, counts = measures.variant.policy, measures.risks
    rates = counts.rates()
    return {
        "name": measures.variant.name,
        "review_at": policy.review_at,
        "block_at": policy.block_at,
        # Those that differ from the defaults.
        "settings": policy.model_dump(mode="json", exclude_defaults=True),
        "frauds": sum(counts.frauds),
        "honest": sum(counts.honest),
        "roc_auc": _rounded(counts.roc_auc()),
        "average_precision": _rounded(counts.average_precision()),
        "card_precision": {
            "inspected_a_day": INSPECTED,
            "mean": _rounded(measures.ranking.mean_precision()),
            "by_day": {str(day): _rounded(value) for day, value in measures.ranking.precisions().items()},
        },
        "decisions": [_decided(measures, decision) for decision in (Decision.BLOCK, Decision.REVIEW, Decision.ALLOW)],
        "thresholds": [{name: _rounded(value) for name, value in asdict(each).items()} for each in rates],
        "detectors": [_contribution(*each) for each in most_points_first(measures.contributions.by_detector)],
        "reasons": [_contribution(*each) for each in most_points_first(measures.contributions.by_reason)],
        "rules": [asdict(each) for each in sorted(measures.contributions.by_rule.values(), key=attrgetter("name"))],
        "lists": [asdict(each) for _, each in sorted(measures.contributions.by_list.items())],
        "degraded": dict(sorted(measures.degraded.items())),
    }


def _decided(measures: Measures, decision: Decision) -> dict[str, Any]:
    counts = measures.risks
    frauds, honest = measures.decisions[decision, True], measures.decisions[decision, False]
    return {
        "decision": decision.value,
        "frauds": frauds,
        "honest": honest,
        "share_of_frauds": _share(frauds, sum(counts.frauds)),
        "share_of_honest": _share(honest, sum(counts.honest)),
        "fraud_amount": _money(measures, decision, is_fraud=True),
        "honest_amount": _money(measures, decision, is_fraud=False),
    }


def _money(measures: Measures, decision: Decision, *, is_fraud: bool) -> dict[str, str]:
    return {
        currency: str(to_major(amount_minor, currency))
        for (decided, label, currency), amount_minor in sorted(measures.money.items())
        if decided is decision and label is is_fraud
    }


def _contribution(name: str, contribution: Contribution) -> dict[str, Any]:
    flagged = contribution.frauds + contribution.honest
    return {
        "name": name,
        **asdict(contribution),
        "precision": _share(contribution.frauds, flagged),
    }


def _examples(examples: Examples, kind: str) -> dict[str, Any]:
    return {"kind": kind, "count": examples.count(kind), "payments": list(map(_example, examples.kept(kind)))}


def _example(example: Example) -> dict[str, Any]:
    payment = example.payment
    return {
        "payment_id": payment.payment_id,
        "customer_id": payment.customer_id,
        "occurred_at": payment.occurred_at.isoformat(),
        "amount": str(to_major(payment.amount_minor, payment.currency)),
        "currency": payment.currency,
        "decisions": [
            {
                "decision": verdict.decision.value,
                "risk_score": verdict.risk_score,
                "override": verdict.override,
                "points": [{"reason": each.reason, "points": each.points} for each in verdict.points],
            }
            for verdict in example.verdicts
        ],
    }


def lines(result: Mapping[str, Any]) -> Iterator[str]:
    """Yield the result as lines of text."""
    if result["interrupted"]:
        yield f"Interrupted. The figures are of the payments until {result['replayed_until']}."
    yield (
        f"{result['measured']:,} payments measured from {result['test_from']} to {result['test_to']}, "
        f"{result['replayed'] - result['measured']:,} before them to warm up. "
        f"Labels known after {result['feedback_delay_days']:g} days."
    )
    yield replayed_lists(result)
    yield not_replayed(result)
    for variant in result["variants"]:
        yield ""
        yield from _variant_lines(variant)
    for examples in result["examples"]:
        if examples["count"]:
            yield ""
            yield f"{examples['kind']}: {examples['count']:,}"
            yield from (f"  {example_line(each)}" for each in examples["payments"])


def _variant_lines(variant: Mapping[str, Any]) -> Iterator[str]:
    yield f"{variant['name']} (review at {variant['review_at']}, block at {variant['block_at']})"
    yield f"  frauds / honest       {variant['frauds']:,} / {variant['honest']:,}"
    yield f"  ROC AUC               {number(variant['roc_auc'])}"
    yield f"  average precision     {number(variant['average_precision'])}"
    card_precision = variant["card_precision"]
    yield f"  card precision@{card_precision['inspected_a_day']}    {number(card_precision['mean'])}"
    for decided in variant["decisions"]:
        yield (
            f"  {decided['decision']:<7}{decided['frauds']:>8,} frauds ({percent(decided['share_of_frauds'])})"
            f"{decided['honest']:>10,} honest ({percent(decided['share_of_honest'])})"
        )
    yield "  threshold  detection  false positives  precision"
    for rates in variant["thresholds"][10:101:10]:
        yield (
            f"  {rates['threshold']:>9}  {percent(rates['detection_rate']):>9}"
            f"  {percent(rates['false_positive_rate']):>15}  {percent(rates['precision']):>9}"
        )
    for name, count in variant["degraded"].items():
        yield f"  {name} was left out of {count:,} decisions"
    if variant["rules"]:
        yield "  rules: frauds / honest that they are true of, mode, decisions that they change"
        yield from (_effect_line(each, each["mode"]) for each in variant["rules"])
    if variant["lists"]:
        yield "  lists: frauds / honest that they decide on, decisions that they change"
        yield from map(_effect_line, variant["lists"])
    for title in ("detectors", "reasons"):
        if variant[title]:
            yield f"  {title}: frauds / honest, points, decisive for a review"
        for each in variant[title]:
            yield (
                f"    {each['name']:<36}{each['frauds']:>8,} /{each['honest']:>9,}{each['points']:>12,}"
                f"{each['decisive_frauds']:>9,} /{each['decisive_honest']:>7,}"
            )


def _effect_line(effect: Mapping[str, Any], mode: str = "") -> str:
    return (
        f"    {effect['name']:<36}{effect['frauds']:>8,} /{effect['honest']:>9,}{mode:>12}"
        f"{effect['changed_frauds']:>9,} /{effect['changed_honest']:>7,}"
    )


def example_line(example: Mapping[str, Any]) -> str:
    decided = decisions_of(example)
    points = ", ".join(f"{each['reason']} {each['points']:+}" for each in example["decisions"][-1]["points"])
    return (
        f"{example['payment_id']}  {example['occurred_at']}  {example['amount']} {example['currency']}  {decided}"
        + (f"  ({points})" if points else "")
    )


def decisions_of(example: Mapping[str, Any]) -> str:
    """Return the decision of each variant with its risk, and with what decided in place of the risk."""
    return " → ".join(
        f"{each['decision']} {each['risk_score']}" + (f" by {each['override']}" if each["override"] else "")
        for each in example["decisions"]
    )


def replayed_lists(result: Mapping[str, Any]) -> str:
    """Return the sentence about the lists that decided."""
    entries = result["list_entries"]
    return f"List entries in effect today, which apply to all payments before they end: {entries:,}."


def not_replayed(result: Mapping[str, Any]) -> str:
    """Return the sentence about what the decisions were made without."""
    names = ", ".join(NOT_REPLAYED[name] for name in result["not_replayed"])
    return f"Not replayed, so live decisions may differ: {names}."


def number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.2f} %"


def _share(part: int, whole: int) -> float | None:
    return _rounded(part / whole) if whole else None


def _rounded(value: float | None) -> float | None:
    return round(value, DIGITS) if isinstance(value, float) else value
