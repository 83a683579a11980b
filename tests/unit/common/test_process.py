"""Signals to a real process."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

PROGRAM = """
import asyncio, sys
from contextlib import asynccontextmanager
from datetime import timedelta
from orylo_common import process
from orylo_common.telemetry.logs import configure_logs

@asynccontextmanager
async def open_all():
    {before}
    print("open", flush=True)
    yield
    print("draining", flush=True)
    {after}
    print("drained", flush=True)

configure_logs("test", log_format="json")
sys.exit(process.run_until_stopped(open_all, exit_limit=timedelta(seconds={limit})))
"""

# The limit is far above the deadline: a process that ends in time did not wait for the limit.
EXIT_LIMIT_S, ENDS_WITHIN_S = 600, 60

Started = subprocess.Popen[str]
Start = Callable[..., Started]


@pytest.fixture
def start() -> Iterator[Start]:
    processes: list[Started] = []

    def start(before: str = "pass", after: str = "pass", limit: float = EXIT_LIMIT_S) -> Started:
        program = PROGRAM.format(before=before, after=after, limit=limit)
        processes.append(subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def wait_for(process: Started, text: str) -> None:
    assert process.stdout is not None
    assert any(text in line for line in process.stdout), f"{text} was not printed"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_drains_and_exits_with_0(start: Start, number: signal.Signals) -> None:
    process = start()
    wait_for(process, "process.started")

    process.send_signal(number)
    output, _ = process.communicate(timeout=ENDS_WITHIN_S)

    assert process.returncode == 0
    assert output.index("draining") < output.index("drained") < output.index("process.stopped")


def test_draining_ends_at_its_limit(start: Start) -> None:
    process = start(after="await asyncio.Event().wait()", limit=0.1)
    wait_for(process, "process.started")

    process.terminate()
    output, _ = process.communicate(timeout=ENDS_WITHIN_S)

    assert process.returncode == 1
    assert "process.drain_aborted" in output
    assert "drained" not in output


def test_a_second_signal_aborts_the_draining(start: Start) -> None:
    process = start(after="await asyncio.Event().wait()")
    wait_for(process, "process.started")
    process.terminate()
    wait_for(process, "draining")

    process.terminate()

    assert process.wait(timeout=ENDS_WITHIN_S) == 1


def test_a_start_that_hangs_can_be_interrupted(start: Start) -> None:
    process = start(before="print('opening', flush=True); await asyncio.Event().wait()")
    wait_for(process, "opening")

    process.terminate()

    assert process.wait(timeout=ENDS_WITHIN_S) == 1


def test_a_failed_start_is_logged_without_traceback_and_secrets(start: Start) -> None:
    process = start(before="raise OSError('no database at postgresql://orylo:hunter2@db')")

    output, _ = process.communicate(timeout=ENDS_WITHIN_S)

    assert process.returncode == 1
    (line,) = output.splitlines()
    assert "process.failed" in line
    assert "no database at" in line
    assert "Traceback" not in line
    assert "hunter2" not in line


@pytest.mark.parametrize("failing", ["before", "after"])
def test_a_bug_is_logged_with_its_traceback(start: Start, failing: str) -> None:
    process = start(**{failing: "{}['nothing']" if failing == "before" else "open('/nowhere')"})
    if failing == "after":
        wait_for(process, "process.started")
        process.terminate()

    output, _ = process.communicate(timeout=ENDS_WITHIN_S)

    assert process.returncode == 1
    assert "Traceback" in output
