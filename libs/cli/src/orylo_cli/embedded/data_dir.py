"""The folder that holds one embedded platform: its lock, its master key, its database, and how to reach it."""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from orylo_cli.embedded.errors import EmbeddedError
from orylo_common.control.keyring import Keyring

# How long a command waits for another one, or for an `up` that is still starting.
PATIENCE_S = 30.0
# Looking whether somebody has the lock takes it for a moment.
GLANCE_S = 0.2


@dataclass(frozen=True)
class Holder:
    """Who has the lock: `up`, or a command that has started the database for a moment."""

    pid: int
    command: str


@dataclass(frozen=True)
class Connection:
    """How to reach what `up` has started; in a `demo` a stand-in is Meta."""

    pid: int
    database_url: str
    ingest_url: str
    api_url: str
    health_url: str
    demo: bool = False


class DataDir:
    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().absolute()

    @property
    def postgres(self) -> Path:
        return self.path / "postgres"

    def holds_platform(self) -> bool:
        return (self.postgres / "data").exists()

    @contextmanager
    def locked(self, command: str) -> Iterator[None]:
        """Hold the platform for this process; waits for other commands, but not for an `up`.

        Raises `EmbeddedError`.
        """
        self._make()
        with self._lock_file() as lock:
            started = time.monotonic()
            while not _try_lock(lock):
                holder = _holder(lock)
                waited = time.monotonic() - started
                if holder and holder.command == "up" and waited > GLANCE_S:
                    raise EmbeddedError(f"orylo is already running on {self.path} (process {holder.pid})")
                if waited > PATIENCE_S:
                    who = f"`orylo {holder.command}` (process {holder.pid})" if holder else "another process"
                    raise EmbeddedError(f"{self.path} is in use by {who}")
                time.sleep(0.05)
            os.ftruncate(lock, 0)
            os.pwrite(lock, json.dumps(asdict(Holder(os.getpid(), command))).encode(), 0)
            yield

    def running(self) -> Connection | None:
        """How to reach the `up` that works here; None if there is none. Waits for one that is starting."""
        deadline = time.monotonic() + PATIENCE_S
        while holder := self._up():
            connection = self._connection()
            # An older one was left by an `up` that was killed.
            if connection and connection.pid == holder.pid:
                return connection
            if time.monotonic() > deadline:
                raise EmbeddedError(f"orylo (process {holder.pid}) is starting on {self.path} and not ready yet")
            time.sleep(0.05)
        return None

    @contextmanager
    def reachable(self, connection: Connection) -> Iterator[None]:
        """Tell the other commands, while this is open, how to reach what runs."""
        path = self.path / "connection.json"
        self._write(path, json.dumps(asdict(connection)))
        try:
            yield
        finally:
            path.unlink(missing_ok=True)

    def master_key(self) -> str:
        """Made on first use. Without it the stored secrets cannot be read: back it up with the data."""
        path = self.path / "master.key"
        if not path.exists():
            self._write(path, Keyring.generate() + "\n")
        return path.read_text().strip()

    def _make(self) -> None:
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise EmbeddedError(
                f"the data directory {self.path} cannot be made ({error.strerror}): choose another with --data-dir"
            ) from error

    def _up(self) -> Holder | None:
        if not (self.path / "lock").exists():
            return None
        with self._lock_file() as lock:
            if _try_lock(lock):
                return None
            holder = _holder(lock)
            return holder if holder and holder.command == "up" else None

    @contextmanager
    def _lock_file(self) -> Iterator[int]:
        try:
            lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise EmbeddedError(
                f"no access to the data directory {self.path} ({error.strerror}): "
                "run as its owner, or choose another with --data-dir"
            ) from error
        try:
            self._hand_over(lock)
            yield lock
        finally:
            os.close(lock)

    def _connection(self) -> Connection | None:
        try:
            return Connection(**json.loads((self.path / "connection.json").read_text()))
        except FileNotFoundError:
            return None

    def _write(self, path: Path, text: str) -> None:
        """Whole or not at all, and for the owner only."""
        unfinished = path.with_suffix(".unfinished")
        unfinished.unlink(missing_ok=True)
        file = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(file, text.encode())
            os.fsync(file)
            self._hand_over(file)
        finally:
            os.close(file)
        unfinished.rename(path)

    def _hand_over(self, file: int) -> None:
        """What root writes into somebody's folder stays theirs."""
        if os.geteuid() == 0:
            owner = self.path.stat()
            os.fchown(file, owner.st_uid, owner.st_gid)


def _try_lock(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(lock: int) -> Holder | None:
    try:
        return Holder(**json.loads(os.pread(lock, 4096, 0)))
    except (ValueError, TypeError):  # being written just now
        return None
