"""PostgreSQL processes whose parent was killed."""

import os
import signal
import time
from pathlib import Path

from orylo_cli.embedded.errors import EmbeddedError

STOP_TIMEOUT_S = 20.0


def stop_orphans(data: Path) -> None:
    """End every process that uses the data directory, so that a new server can start.

    The caller holds the lock of the platform's folder, so no other server is starting there.
    """
    for ending in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        if not _end(data, ending):
            # Without such a process the file is stale, and another program may have its process id now.
            (data / "postmaster.pid").unlink(missing_ok=True)
            return
    raise EmbeddedError(f"another PostgreSQL uses {data} and could not be stopped")


def _end(data: Path, ending: signal.Signals) -> list[int]:
    """Signal the processes and wait. Return those that still run."""
    running = _using(data)
    for pid in running:
        _kill(pid, ending)
    deadline = time.monotonic() + STOP_TIMEOUT_S
    while running and time.monotonic() < deadline:
        time.sleep(0.05)
        running = _using(data)
    return running


def _using(data: Path) -> list[int]:
    """Return the PostgreSQL processes whose working directory is `data`."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if Path(os.readlink(process / "cwd")) == data and Path(os.readlink(process / "exe")).name == "postgres":
                found.append(int(process.name))
        except OSError:  # it belongs to another user, or has ended
            continue
    return found


def _kill(pid: int, ending: signal.Signals) -> None:
    try:
        os.kill(pid, ending)
    except ProcessLookupError:
        return
