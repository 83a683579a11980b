"""The folder of one embedded platform: its lock, its master key, its database and its connection file."""

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

# For another command to end, or for `orylo up` to become ready.
LOCK_TIMEOUT_S = 30.0
# `running` takes the lock for an instant to see whether it is free, so one failure does not mean that it is held.
PROBE_S = 0.2


@dataclass(frozen=True)
class LockHolder:
    """The process that holds the lock: `orylo up`, or a command that has started the database for its own use."""

    pid: int
    command: str


@dataclass(frozen=True)
class RunningPlatform:
    """The addresses of a platform that `orylo up` runs. With `demo`, conversions go to a fake Meta."""

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
        """Hold the folder's lock. Waits for another command to release it, but not for `orylo up`.

        Raises `EmbeddedError`.
        """
        self._make()
        with self._lock_file() as lock:
            started = time.monotonic()
            while not _try_lock(lock):
                holder = _holder(lock)
                waited = time.monotonic() - started
                if holder and holder.command == "up" and waited > PROBE_S:
                    raise EmbeddedError(f"orylo is already running in {self.path} (process {holder.pid})")
                if waited > LOCK_TIMEOUT_S:
                    who = f"`orylo {holder.command}` (process {holder.pid})" if holder else "another process"
                    raise EmbeddedError(f"{self.path} is in use by {who}")
                time.sleep(0.05)
            os.ftruncate(lock, 0)
            os.pwrite(lock, json.dumps(asdict(LockHolder(os.getpid(), command))).encode(), 0)
            yield

    def running(self) -> RunningPlatform | None:
        """Return the platform that `orylo up` runs in this folder, or None. Waits while it starts."""
        deadline = time.monotonic() + LOCK_TIMEOUT_S
        while holder := self._up():
            platform = self._read_platform()
            # A killed process leaves its file behind.
            if platform and platform.pid == holder.pid:
                return platform
            if time.monotonic() > deadline:
                raise EmbeddedError(f"orylo (process {holder.pid}) is still starting in {self.path}")
            time.sleep(0.05)
        return None

    @contextmanager
    def reachable(self, platform: RunningPlatform) -> Iterator[None]:
        """Publish the platform's addresses to the other commands while the context is open."""
        path = self.path / "connection.json"
        self._write(path, json.dumps(asdict(platform)))
        try:
            yield
        finally:
            path.unlink(missing_ok=True)

    def master_key(self) -> str | None:
        """Return the stored master key, or None without a file. Raises `EmbeddedError` if the file contains no key."""
        try:
            master_key = self._master_key.read_text().strip()
            Keyring.parse(master_key)
        except FileNotFoundError:
            return None
        except ValueError:
            raise EmbeddedError(f"{self._master_key} holds no valid master key: restore it from your backup") from None
        return master_key

    def store_master_key(self, master_key: str) -> None:
        """Store a new master key. Back it up: without it no stored secret can be decrypted."""
        self._write(self._master_key, master_key + "\n")

    @property
    def _master_key(self) -> Path:
        return self.path / "master.key"

    def _make(self) -> None:
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise EmbeddedError(
                f"the data directory {self.path} cannot be created ({error.strerror}): choose another with --data-dir"
            ) from error

    def _up(self) -> LockHolder | None:
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

    def _read_platform(self) -> RunningPlatform | None:
        try:
            return RunningPlatform(**json.loads((self.path / "connection.json").read_text()))
        except FileNotFoundError:
            return None

    def _write(self, path: Path, text: str) -> None:
        """Write the file atomically, readable by its owner only."""
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
        """Give a file that root wrote to the owner of the folder."""
        if os.geteuid() == 0:
            owner = self.path.stat()
            os.fchown(file, owner.st_uid, owner.st_gid)


def _try_lock(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(lock: int) -> LockHolder | None:
    try:
        return LockHolder(**json.loads(os.pread(lock, 4096, 0)))
    except (ValueError, TypeError):  # another process is writing it
        return None
