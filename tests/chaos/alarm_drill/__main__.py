"""Cause faults on a distributed platform, and check that each alarm reaches a receiver and clears later.

    python -m tests.chaos.alarm_drill [--only ALARM …] [--rules deployed|quick]

Starts PostgreSQL, RabbitMQ, Redis, the five services, a fake Meta and a fake Stripe, with sales as traffic, and a real
Prometheus and Alertmanager. Faults of one round happen at once; the next round begins when they have ended.

The pages are tried with the deployed rules and routes at their interval of 15 s: a page must reach the receiver within
two minutes, another alarm within five. The other alarms are tried with quick variants: every `for`, range, offset and
grouping time is mapped to a few seconds, in the same order, and the interval is one second. Their times show only that
the alarm fires and clears. Each of the two kinds has a platform of its own, and both run at the same time.

Writes docs/alarm-drill.json, from which `make docs` fills docs/alarms.md. `--rules quick` tries the pages in seconds,
too, and writes nothing. The exit status is 1 if an alarm arrives too late or does not clear. A whole drill takes
about 20 minutes and needs root, to mount a small disk.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import pytest

from tests.chaos.alarm_drill.faults import FAULTS, Fault
from tests.chaos.alarm_drill.results import QUICK_WITHIN_S, RESULTS, goal_s
from tests.chaos.alarm_drill.site import SALES_PER_SECOND, Site, running_site, watched
from tests.contract.test_alerts import ALERTS

# The longest range of an alarm that is tried with the deployed rules, and Alertmanager's interval.
CLEARED_WITHIN_S = 900.0
# These inhibit other alarms that the drill tries: all earlier ones must have cleared before.
INHIBITING = ("DatabaseUnreachable", "BrokerUnreachable", "ServiceDown")


@dataclass(slots=True)
class Trial:
    """The times of one alarm in Unix seconds. `told` and `cleared` are deliveries to the receiver."""

    alarm: str
    fault: Fault
    began: float
    told: float | None = None
    ended: float = 0.0
    cleared: float | None = None
    note: str = ""

    def goal_s(self, *, is_quick: bool) -> float:
        return goal_s(ALERTS[self.alarm]["labels"]["severity"], is_quick=is_quick)

    def is_right(self, *, is_quick: bool) -> bool:
        in_time = self.told is not None and self.told - self.began <= self.goal_s(is_quick=is_quick)
        return in_time and self.cleared is not None and not self.note


@contextmanager
def noted(trials: Sequence[Trial]) -> Iterator[None]:
    """Write an error into the trials: the other faults go on."""
    try:
        yield
    except (Exception, pytest.fail.Exception) as error:
        for trial in trials:
            trial.note = f"{type(error).__name__}: {error}"
        print(f"{time.strftime('%X')}    {trials[0].note}", flush=True)


class Drill:
    def __init__(self, site: Site, *, is_quick: bool) -> None:
        self.site = site
        self.is_quick = is_quick
        self.trials: list[Trial] = []

    def run(self, faults: Sequence[Fault]) -> None:
        for _, group in groupby(sorted(faults, key=lambda each: each.round), key=lambda each: each.round):
            together = list(group)
            if self.is_quick or any(alarm in INHIBITING for each in together for alarm in each.alarms):
                self.wait_until_cleared()
            self.play(together)
        self.wait_until_cleared()

    def play(self, faults: Sequence[Fault]) -> None:
        """Begin the faults, wait until their alarms are told, and end them."""
        happening: list[tuple[AbstractContextManager[None], list[Trial]]] = []
        try:
            for fault in faults:
                firing = self.still_firing(fault.alarms)
                print(f"{time.strftime('%X')}  {fault.words}", flush=True)
                context = fault.happen(self.site)
                trials = [
                    Trial(alarm, fault, 0.0, note="fired before the fault" if alarm in firing else "")
                    for alarm in fault.alarms
                ]
                self.trials += trials
                self.site.began()
                with noted(trials):
                    context.__enter__()
                    happening.append((context, trials))
                for trial in trials:
                    trial.began = self.site.began_at
            self.wait_until_told([trial for _, trials in happening for trial in trials])
        finally:
            for context, trials in reversed(happening):
                for trial in trials:
                    trial.ended = time.time()
                with noted(trials):
                    context.__exit__(None, None, None)

    def still_firing(self, alarms: Sequence[str]) -> list[str]:
        """Return those of the alarms that fire, once the quick windows of earlier faults have passed."""
        give_up = time.time() + (QUICK_WITHIN_S if self.is_quick else 0.0)
        while True:
            firing = [alarm for alarm in alarms if self.site.monitor.receiver.is_firing(alarm)]
            if not firing or time.time() >= give_up:
                return firing
            time.sleep(0.2)

    def wait_until_told(self, trials: Sequence[Trial]) -> None:
        give_up = {trial.alarm: time.time() + trial.goal_s(is_quick=self.is_quick) * 2 for trial in trials}
        while waiting := [each for each in trials if each.told is None and time.time() < give_up[each.alarm]]:
            for trial in waiting:
                trial.told = self.site.monitor.receiver.began_at(trial.alarm, trial.began)
                if trial.told:
                    print(f"{time.strftime('%X')}    {trial.alarm}: {trial.told - trial.began:.0f} s", flush=True)
            time.sleep(0.2)

    def wait_until_cleared(self) -> None:
        limit_s = QUICK_WITHIN_S if self.is_quick else CLEARED_WITHIN_S
        while waiting := [
            each for each in self.trials if each.told and not each.cleared and time.time() < each.ended + limit_s
        ]:
            for trial in waiting:
                cleared = self.site.monitor.receiver.ended_at(trial.alarm)
                if cleared and cleared > trial.began:
                    trial.cleared = cleared
                    after = cleared - trial.ended
                    print(f"{time.strftime('%X')}    {trial.alarm} cleared: {after:.0f} s", flush=True)
            time.sleep(0.2)


def report(trials: Sequence[Trial], *, is_quick: bool) -> Iterator[str]:
    for each in trials:
        told = f"{each.told - each.began:.0f} s" if each.told else "never"
        cleared = f"{each.cleared - each.ended:.0f} s" if each.cleared else "never"
        mark = "ok  " if each.is_right(is_quick=is_quick) else "FAIL"
        yield f"{mark} {each.alarm:28} told {told:>6}  cleared {cleared:>7}  {each.fault.words} {each.note}"


def write_results(trials: Mapping[str, Sequence[Trial]]) -> None:
    """Add to the results, or replace those of the same alarms."""
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for rules, tried in trials.items():
        for each in tried:
            if each.is_right(is_quick=rules == "quick") and each.told and each.cleared:
                results[each.alarm] = {
                    "fault": each.fault.words,
                    "rules": rules,
                    "told_s": round(each.told - each.began),
                    "cleared_s": max(0, round(each.cleared - each.ended)),
                }
    RESULTS.write_text(json.dumps(results, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


def drill(faults: Sequence[Fault], is_quick: bool) -> list[Trial]:
    """Run the faults on a site of their own."""
    if not faults:
        return []
    with (
        tempfile.TemporaryDirectory(prefix="orylo-drill-", ignore_cleanup_errors=True) as folder,
        running_site(Path(folder)) as site,
        watched(site, Path(folder) / "monitoring", is_quick=is_quick),
        site.steadily(SALES_PER_SECOND, site.sell_by_turns),
    ):
        # Ranges need a few samples of the sound platform.
        time.sleep(15 if is_quick else 90)
        running = Drill(site, is_quick=is_quick)
        running.run(faults)
    return running.trials


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    alarms = sorted(alarm for each in FAULTS for alarm in each.alarms)
    parser.add_argument(
        "--only", nargs="+", choices=alarms, metavar="ALARM", help=f"one or more of {', '.join(alarms)}"
    )
    parser.add_argument("--rules", choices=["deployed", "quick"], help="only these; default: each alarm with its own")
    arguments = parser.parse_args()
    chosen = [each for each in FAULTS if not arguments.only or set(arguments.only) & set(each.alarms)]
    runs = {
        "deployed": [each for each in chosen if each.real and arguments.rules != "quick"],
        "quick": [each for each in chosen if arguments.rules == "quick" or (not each.real and not arguments.rules)],
    }
    with ThreadPoolExecutor() as threads:
        trials = dict(zip(runs, threads.map(drill, runs.values(), [rules == "quick" for rules in runs]), strict=True))
    for rules, tried in trials.items():
        print("\n".join(report(tried, is_quick=rules == "quick")))
    if arguments.rules != "quick":
        write_results(trials)
    right = all(each.is_right(is_quick=rules == "quick") for rules, tried in trials.items() for each in tried)
    raise SystemExit(0 if right else 1)


if __name__ == "__main__":
    main()
