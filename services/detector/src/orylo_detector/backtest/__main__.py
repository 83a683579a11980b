"""python -m orylo_detector.backtest: run one backtest in a process of its own.

Reads a `BacktestTask` as the first line of the standard input, list entries from the lines up to an empty one, and a
CSV file from the rest. Writes lines of JSON: `{"done", "total"}` while it works, then `{"check": …}`, `{"report": …}`
or `{"refused": …}` with a sentence.
"""

import asyncio
import os
import resource
import sys
from collections.abc import Iterator
from io import BytesIO
from typing import Any, BinaryIO

import orjson

from orylo_common.control.lists.effective import EffectiveEntry
from orylo_detector.adapters.memory_lists import MemoryLists
from orylo_detector.backtest.backtest import Backtest
from orylo_detector.backtest.checking import check
from orylo_detector.backtest.period import InvalidPeriod, period_of
from orylo_detector.backtest.reading import UnreadableFile, read_labelled_csv
from orylo_detector.backtest.replay import Variant
from orylo_detector.backtest.report import report
from orylo_detector.backtest.request import ENTRIES, BacktestTask

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
    lists = MemoryLists(read_entries(sys.stdin.buffer))
    content = sys.stdin.buffer.read()
    try:
        write({"check": check(content, task.columns)} if task.check_only else {"report": run(task, lists, content)})
    except UnreadableFile as unreadable:
        write({"refused": f"{unreadable.invalid} lines cannot be used" if unreadable.invalid else str(unreadable)})
    except InvalidPeriod as invalid:
        write({"refused": str(invalid)})
    return 0


def read_entries(lines: BinaryIO) -> Iterator[EffectiveEntry]:
    while line := lines.readline().strip():
        yield from ENTRIES.validate_json(line)


def run(task: BacktestTask, lists: MemoryLists, content: bytes) -> dict[str, Any]:
    file = read_labelled_csv(BytesIO(content), len(content), NAME, columns=task.columns)
    period = period_of(file.payments, warmup_from=task.warmup_from, test_from=task.test_from, test_to=task.test_to)
    variants = [Variant(each.name, each.policy, each.rules) for each in task.variants]
    backtest = Backtest(variants, period, feedback_delay=task.feedback_delay, lists=lists)
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
