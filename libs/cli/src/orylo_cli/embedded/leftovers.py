"""PostgreSQL processes that outlived whoever started them."""

import os
import signal
import time
from pathlib import Path

from orylo_cli.embedded.errors import EmbeddedError

STOP_TIMEOUT_S = 20.0


def stop_leftovers(data: Path) -> None:
    """End every process that still works in the data directory, so that a new server may.

    The caller holds the lock of the platform's folder: nobody else is starting one there.
    """
    for ending in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        if not _end(data, ending):
            # With nobody working there the file is stale, and its process id may be another program's by now.
            (data / "postmaster.pid").unlink(missing_ok=True)
            return
    raise EmbeddedError(f"another PostgreSQL is at work in {data} and does not end")


def _end(data: Path, ending: signal.Signals) -> list[int]:
    """Signal and wait; who is still there."""
    working = _working_in(data)
    for pid in working:
        _kill(pid, ending)
    deadline = time.monotonic() + STOP_TIMEOUT_S
    while working and time.monotonic() < deadline:
        time.sleep(0.05)
        working = _working_in(data)
    return working


def _working_in(data: Path) -> list[int]:
    """PostgreSQL's processes have their data directory as working directory."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if Path(os.readlink(process / "cwd")) == data and Path(os.readlink(process / "exe")).name == "postgres":
                found.append(int(process.name))
        except OSError:  # another user's, or gone
            continue
    return found


def _kill(pid: int, ending: signal.Signals) -> None:
    try:
        os.kill(pid, ending)
    except ProcessLookupError:
        return
