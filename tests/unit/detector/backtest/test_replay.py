import asyncio
import gc
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from orylo_common.control.lists.effective import EffectiveEntry
from orylo_common.control.lists.values import EntryType
from orylo_common.control.sections.detection import DetectionPolicy
from orylo_common.messages import Decision
from orylo_detector.adapters.memory_lists import MemoryLists
from orylo_detector.backtest.backtest import REPORT_EVERY, Backtest
from orylo_detector.backtest.examples import BLOCKED_HONEST, KEPT, MISSED_FRAUD, STRICTER_FRAUD, STRICTER_HONEST
from orylo_detector.backtest.labelled_payment import LabelledPayment
from orylo_detector.backtest.page import page
from orylo_detector.backtest.period import Period
from orylo_detector.backtest.replay import Replay, Variant
from orylo_detector.backtest.report import lines, report
from orylo_rules import AddPoints, AddToList, Decide, Rule
from tests.unit.detector.backtest.cases import CURRENT, backtest, labelled, shop, whole

DAY = timedelta(days=1)
DISPUTES = "trust_history.disputes"


async def reasons(replay: Replay, payment: LabelledPayment) -> set[str]:
    [verdict] = await replay.decide(payment)
    return {each.reason for each in verdict.points}


@pytest.mark.parametrize(("after", "is_known"), [(7 * DAY - timedelta(seconds=1), False), (7 * DAY, True)])
async def test_a_label_is_not_visible_before_the_delay(after: timedelta, is_known: bool) -> None:
    replay = Replay([CURRENT], feedback_delay=7 * DAY)
    await replay.decide(labelled(is_fraud=True))
    assert (DISPUTES in await reasons(replay, labelled(after))) is is_known
    assert ("ana" in replay.compromised) is is_known


@pytest.mark.parametrize(("disputed", "known"), [(3 * DAY, 7 * DAY), (20 * DAY, 20 * DAY)])
async def test_a_dispute_is_visible_when_it_was_reported_but_not_before_the_delay(
    disputed: timedelta, known: timedelta
) -> None:
    replay = Replay([CURRENT], feedback_delay=7 * DAY)
    first = labelled()
    await replay.decide(first._replace(disputed_at=first.occurred_at + disputed))
    assert DISPUTES not in await reasons(replay, labelled(known - timedelta(seconds=1)))
    assert DISPUTES in await reasons(replay, labelled(known))
    # The dispute of an honest payment does not make its customer a victim.
    assert not replay.compromised


async def test_a_replay_leaves_no_reference_cycles_and_the_collector_runs_afterwards() -> None:
    payments = shop(500)
    gc.collect()

    await backtest(payments, CURRENT, Variant("rules", DetectionPolicy(), [BIG])).run(payments)

    assert gc.isenabled()
    # Fewer than one for ten payments: the event loop's own.
    assert gc.collect() < len(payments) / 10


async def test_the_label_of_a_declined_payment_is_not_a_dispute() -> None:
    replay = Replay([CURRENT], feedback_delay=DAY)
    await replay.decide(labelled(is_fraud=True, status="failed"))
    assert DISPUTES not in await reasons(replay, labelled(2 * DAY))


async def test_countries_come_from_the_file_or_else_from_the_address() -> None:
    replay = Replay([CURRENT], country={"203.0.113.7": "PT"}.get)
    assert "geo_mismatch.card_ip" in await reasons(replay, labelled(ip="203.0.113.7", card_country="BR"))
    assert "geo_mismatch.card_ip" not in await reasons(
        replay, labelled(ip="203.0.113.7", ip_country="BR", card_country="BR", customer_id="bia")
    )
    # Impossible travel: Ana paid from Portugal at the same time.
    assert "geo_mismatch.impossible_travel" in await reasons(replay, labelled(timedelta(hours=1), ip_country="BR"))


async def test_declined_attempts_count_for_velocity_and_card_testing() -> None:
    replay = Replay([CURRENT])
    for number in range(12):
        await replay.decide(labelled(timedelta(seconds=number), status="failed", card_fingerprint=f"card{number}"))
    found = await reasons(replay, labelled(timedelta(seconds=30)))
    assert found >= {"velocity.customer.1h", "card_testing.customer.1h.declines", "card_testing.customer.1h.cards"}


async def test_a_payment_reported_twice_counts_once() -> None:
    replay = Replay([CURRENT])
    for number in range(6):
        for status in ("created", "succeeded"):
            payment = labelled(number * timedelta(hours=1), payment_id=f"p{number}", status=status)
            assert not any(reason.startswith("velocity") for reason in await reasons(replay, payment))


async def measured(payments: Sequence[LabelledPayment], *variants: Variant) -> Backtest:
    run = backtest(payments, *variants)
    await run.run(payments)
    return run


async def test_the_same_file_gives_the_same_result() -> None:
    payments = shop(2_000)
    assert report(await measured(payments)) == report(await measured(payments))


async def test_warm_up_is_learned_and_not_measured() -> None:
    payments = shop(3_000)
    middle = payments[1_000].occurred_at
    period = replace(whole(payments), warmup_from=payments[500].occurred_at, test_from=middle)
    run = Backtest([CURRENT], replace(period, test_to=payments[2_000].occurred_at), feedback_delay=DAY)
    await run.run(payments)
    assert (run.replayed, run.measured) == (1_500, 1_000)
    assert run.until == payments[1_999].occurred_at
    cold = Backtest(
        [CURRENT], replace(period, warmup_from=middle, test_to=payments[2_000].occurred_at), feedback_delay=DAY
    )
    await cold.run(payments)
    first, second = (report(each)["variants"][0]["detectors"] for each in (run, cold))
    assert first != second


async def test_points_of_every_decision_add_up_to_its_risk() -> None:
    replay = Replay([CURRENT])
    for payment in shop(3_000):
        [verdict] = await replay.decide(payment)
        assert sum(each.points for each in verdict.points) == verdict.risk_score


async def test_a_proposed_threshold_is_compared_on_the_same_payments() -> None:
    run = await measured(shop(5_000), CURRENT, Variant("proposed", DetectionPolicy(review_at=20, block_at=30)))
    result = report(run)
    current, proposed = result["variants"]
    assert [each["roc_auc"] for each in (current, proposed)] == [current["roc_auc"]] * 2
    blocked = {each["name"]: each["decisions"][0]["frauds"] for each in result["variants"]}
    assert blocked["proposed"] > blocked["current"]
    stricter = {each["kind"]: each for each in result["examples"]}[STRICTER_FRAUD]
    assert len(stricter["payments"]) == KEPT < stricter["count"]
    amounts = [float(each["amount"]) for each in stricter["payments"]]
    assert amounts == sorted(amounts, reverse=True)
    assert [each["decision"] for each in stricter["payments"][0]["decisions"]] != ["block", "block"]


async def test_mistakes_are_shown_with_examples() -> None:
    run = await measured(shop(5_000), Variant("current", DetectionPolicy(review_at=1, block_at=2)))
    assert run.examples.count(BLOCKED_HONEST) > 0
    assert all(
        example.verdicts[0].decision is Decision.BLOCK and not example.payment.is_fraud
        for example in run.examples.kept(BLOCKED_HONEST)
    )
    assert all(example.payment.is_fraud for example in run.examples.kept(MISSED_FRAUD))
    assert not run.examples.kept(STRICTER_HONEST)


async def test_a_cancelled_run_keeps_the_figures_of_the_payments_that_are_done() -> None:
    payments = shop(5 * REPORT_EVERY)
    run = backtest(payments)

    def cancel_later(done: int) -> None:
        if done == 2 * REPORT_EVERY:
            task.cancel()

    task = asyncio.create_task(run.run(payments, cancel_later))
    with pytest.raises(asyncio.CancelledError):
        await task
    assert run.measured == 2 * REPORT_EVERY
    [half] = report(run, interrupted=True)["variants"]
    assert half["frauds"] + half["honest"] == 2 * REPORT_EVERY
    complete = backtest(payments[: 2 * REPORT_EVERY])
    await complete.run(payments[: 2 * REPORT_EVERY])
    assert half == report(complete)["variants"][0]


def test_periods_are_half_open() -> None:
    payments = shop(3)
    period = Period(payments[0].occurred_at, payments[1].occurred_at, payments[2].occurred_at)
    run = Backtest([CURRENT], period, feedback_delay=DAY)
    asyncio.run(run.run(payments))
    assert (run.replayed, run.measured) == (2, 1)


BIG = Rule(
    id=uuid4(),
    name="big",
    expression="payment.amount > 300.0 && customer.payments == 0",
    action={"kind": "block"},
    mode="on",
)


async def test_rules_decide_in_a_backtest_and_are_counted() -> None:
    run = await measured(shop(3_000), CURRENT, Variant("proposed", CURRENT.policy, [BIG]))
    current, proposed = report(run)["variants"]
    assert current["rules"] == []
    [rule] = proposed["rules"]
    assert (rule["name"], rule["mode"]) == ("big", "on")
    assert 0 < rule["changed_frauds"] <= rule["frauds"]
    blocked = [each["decisions"][0]["frauds"] + each["decisions"][0]["honest"] for each in (current, proposed)]
    assert blocked[1] - blocked[0] == rule["changed_frauds"] + rule["changed_honest"]
    assert any("big" in line for line in lines(report(run)))


async def test_lists_decide_in_place_of_the_risk_and_are_counted() -> None:
    payments = shop(2_000)
    lists = MemoryLists(
        [
            EffectiveEntry("block", EntryType.CUSTOMER, "customer7"),
            EffectiveEntry("allow", EntryType.CUSTOMER, "customer8"),
            EffectiveEntry("vip", EntryType.CUSTOMER, "customer9"),
        ]
    )
    vip = BIG.model_copy(update={"name": "vip", "expression": 'in_list("vip")', "action": Decide(kind="review")})
    of_7, of_8, of_9 = (sum(each.customer_id == f"customer{number}" for each in payments) for number in (7, 8, 9))
    assert min(of_7, of_8, of_9) > 0

    variants = CURRENT, Variant("proposed", CURRENT.policy, [vip])
    without = Backtest(variants, whole(payments), feedback_delay=DAY)
    run = Backtest(variants, whole(payments), feedback_delay=DAY, lists=lists)
    await without.run(payments)
    await run.run(payments)

    result = report(run)
    assert (result["list_entries"], report(without)["list_entries"]) == (3, 0)
    assert not {"lists"} & set(result["not_replayed"])
    for variant, unlisted in zip(result["variants"], report(without)["variants"], strict=True):
        allowed, blocked = variant["lists"]
        assert (blocked["name"], blocked["frauds"] + blocked["honest"]) == ("block_list.customer", of_7)
        assert (allowed["name"], allowed["frauds"] + allowed["honest"]) == ("allow_list.customer", of_8)
        assert 0 < blocked["changed_frauds"] + blocked["changed_honest"] <= of_7
        # An entry is an override: the risks are the same.
        assert variant["thresholds"] == unlisted["thresholds"]
        assert variant["decisions"] != unlisted["decisions"]
    [rule] = result["variants"][1]["rules"]
    assert rule["frauds"] + rule["honest"] == of_9
    shown = "\n".join(lines(result))
    assert "block_list.customer" in shown
    assert "by block_list.customer" in shown
    assert "Lists, current" in page(result, "payments.csv")
    assert [each for each in lines(result) if each.startswith("List entries in effect today")]


async def test_an_entry_ends_in_the_time_of_the_payments() -> None:
    ends = EffectiveEntry("block", EntryType.IP, "203.0.113.0/24", labelled(DAY).occurred_at)
    replay = Replay([CURRENT], lists=MemoryLists([ends]))
    for after, decision in ((timedelta(), Decision.BLOCK), (DAY, Decision.ALLOW)):
        [verdict] = await replay.decide(labelled(after, ip="203.0.113.7"))
        assert verdict.decision is decision


async def test_a_rule_adds_entries_for_its_days_and_only_for_its_own_variant() -> None:
    listing = BIG.model_copy(update={"action": AddToList(list="block", days=2), "expression": "payment.amount > 300.0"})
    lists = MemoryLists()
    replay = Replay([CURRENT, Variant("proposed", CURRENT.policy, [listing])], lists=lists)
    for after, amount_minor, proposed in (
        (timedelta(), 40_000, None),
        (DAY, 10_000, "block_list.customer"),
        (2 * DAY, 10_000, None),
    ):
        verdicts = await replay.decide(labelled(after, amount_minor=amount_minor))
        assert [each.override for each in verdicts] == [None, proposed]
    assert not len(lists)


async def test_a_result_says_what_was_not_replayed() -> None:
    result = report(await measured(shop(60)))
    assert result["not_replayed"][0] == "other_list_entries"
    [sentence] = [line for line in lines(result) if line.startswith("Not replayed")]
    assert "list entries of emails, documents, devices and BINs" in sentence
    assert sentence in page(result, "payments.csv").replace("&#x27;", "'")


async def test_a_rule_in_shadow_changes_nothing_and_shows_what_it_would_change() -> None:
    shadow = BIG.model_copy(update={"mode": "shadow"})
    current, proposed = report(await measured(shop(3_000), CURRENT, Variant("proposed", CURRENT.policy, [shadow])))[
        "variants"
    ]
    assert proposed["decisions"] == current["decisions"]
    assert proposed["rules"][0]["changed_frauds"] > 0


async def test_points_of_rules_are_reasons() -> None:
    points = BIG.model_copy(update={"action": AddPoints(points=30)})
    run = await measured(shop(3_000), Variant("current", CURRENT.policy, [points]))
    reasons = {each["name"]: each for each in report(run)["variants"][0]["reasons"]}
    assert reasons[f"custom_rules.{BIG.id}"]["points"] > 0
