"""python -m orylo_detector.backtest: run one backtest in a process of its own.

Reads a `BacktestTask` as the first line of the standard input, and a CSV file from its other lines. Writes lines of
JSON: `{"done", "total"}` while it works, then `{"check": …}` or `{"report": …}`, or `{"refused": …}` with a sentence.
"""

import asyncio
import os
import resource
import sys
from io import BytesIO
from typing import Any

import orjson

from orylo_detector.backtest.backtest import Backtest
from orylo_detector.backtest.checking import check
from orylo_detector.backtest.period import InvalidPeriod, period_of
from orylo_detector.backtest.reading import UnreadableFile, read_labelled_csv
from orylo_detector.backtest.replay import Variant
from orylo_detector.backtest.report import report
from orylo_detector.backtest.request import BacktestTask

# Live decisions come first.
NICENESS = 15
# 100,000 payments take some 300 MB and 20 s.
MEMORY_BYTES = 3 << 30
CPU_S = 900
NAME = "the file"


def main() -> int:
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    task = BacktestTask.model_validate_json(sys.stdin.buffer.readline())
    content = sys.stdin.buffer.read()
    try:
        write({"check": check(content, task.columns)} if task.check_only else {"report": run(task, content)})
    except UnreadableFile as unreadable:
        write({"refused": f"{unreadable.invalid} lines cannot be used" if unreadable.invalid else str(unreadable)})
    except InvalidPeriod as invalid:
        write({"refused": str(invalid)})
    return 0


def run(task: BacktestTask, content: bytes) -> dict[str, Any]:
    file = read_labelled_csv(BytesIO(content), len(content), NAME, columns=task.columns)
    period = period_of(file.payments, warmup_from=task.warmup_from, test_from=task.test_from, test_to=task.test_to)
    variants = [Variant(each.name, each.policy, each.rules) for each in task.variants]
    backtest = Backtest(variants, period, feedback_delay=task.feedback_delay)
    total = len(file.payments)
    asyncio.run(backtest.run(file.payments, lambda done: write({"done": done, "total": total})))
    if not backtest.measured:
        raise InvalidPeriod("no payment is in the measured period")
    return report(backtest)


def write(line: dict[str, Any]) -> None:
    """Write a line at once. A reader that is gone ends the process by SIGPIPE or an error."""
    sys.stdout.buffer.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main())
