"""A real PostgreSQL as a child process, in a folder of its own, reached on the loopback only."""

import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from orylo_cli.embedded.account import Account, account_for
from orylo_cli.embedded.binaries import Binaries, copy_binaries, find_binaries
from orylo_cli.embedded.errors import EmbeddedError
from orylo_cli.embedded.leftovers import stop_leftovers

SUPERUSER = "postgres"
DATABASE = "orylo"

Command = list[str | Path]

# Where the data go when root may not hand PostgreSQL a way into the chosen folder.
SHARED_STATE = Path("/var/lib/orylo")

# Crash recovery replays up to `max_wal_size`; the process is watched meanwhile.
START_TIMEOUT_S = 300.0
# Above this PostgreSQL is stopped without waiting for a checkpoint: nothing is lost, the next start replays.
STOP_TIMEOUT_S = 4.0
LOG_BYTES = 10_000_000

# Every commit is on disk before it is confirmed. Sizes suit two cores and a few gigabytes.
DURABLE: Mapping[str, str] = MappingProxyType(
    {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "shared_buffers": "256MB",
        "effective_cache_size": "1GB",
        "work_mem": "8MB",
        "maintenance_work_mem": "64MB",
        "wal_buffers": "16MB",
        "min_wal_size": "256MB",
        "max_wal_size": "2GB",
        "checkpoint_timeout": "15min",
        "random_page_cost": "1.1",
        "autovacuum_naptime": "15s",
    }
)
_ALWAYS = MappingProxyType(
    {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "max_connections": "100",
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        # Terse: an error's detail quotes the row.
        "log_error_verbosity": "terse",
    }
)


class EmbeddedPostgres:
    """One database cluster in `folder`, which is made if it is missing.

    Start it from the main thread: it is told to end when the thread that started it ends.
    """

    def __init__(self, folder: Path, *, settings: Mapping[str, str] = DURABLE) -> None:
        self._chosen = folder
        self._settings = {**_ALWAYS, **settings}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def folder(self) -> Path:
        """Where the data really lie."""
        return self._chosen.resolve()

    @property
    def pid(self) -> int:
        if self._process is None:
            raise RuntimeError("PostgreSQL has not been started")
        return self._process.pid

    def start(self, port: int | None = None) -> str:
        """The superuser's DSN, once logins are accepted; on a free port unless one is given. Raises `EmbeddedError`."""
        self._chosen.mkdir(mode=0o700, parents=True, exist_ok=True)
        account, binaries = self._choose()
        stop_leftovers(self._data)
        if not self._data.exists():
            self._initialise(account, binaries)
        for _ in range(3):
            chosen = port or _free_port()
            if self._launch(account, binaries, chosen):
                password = (self.folder / "password").read_text()
                # On the loopback there is nothing to encrypt, nor to ask about it.
                return f"postgresql://{SUPERUSER}:{password}@127.0.0.1:{chosen}/{DATABASE}?sslmode=disable"
        raise EmbeddedError(f"PostgreSQL did not start; its log is {self._log} and ends: {self._last_words()}")

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """End it with every change on disk."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        for ending in (signal.SIGINT, signal.SIGQUIT):
            process.send_signal(ending)
            try:
                process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                continue
            return
        process.kill()
        process.wait()

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def _log(self) -> Path:
        return self.folder / "log"

    def _choose(self) -> tuple[Account, Binaries]:
        version = self._data / "PG_VERSION"
        major = int(version.read_text()) if version.exists() else None
        binaries = find_binaries(major)
        account = account_for(self.folder, binaries.initdb)
        if account:
            return account, binaries
        if not any(self.folder.iterdir()):
            self._chosen.rmdir()
            self._chosen.symlink_to(_shared_folder(), target_is_directory=True)
        binaries = find_binaries(major, site=copy_binaries(SHARED_STATE))
        account = account_for(self.folder, binaries.initdb)
        if account is None:
            raise EmbeddedError(f"root may not start PostgreSQL as another user on {self.folder}: run as that user")
        return account, binaries

    def _initialise(self, account: Account, binaries: Binaries) -> None:
        password = self.folder / "password"
        password.unlink(missing_ok=True)
        with os.fdopen(os.open(password, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(24))
        account.own(password)
        # Renamed only when it is whole: a start that was killed here begins anew.
        unfinished = self.folder / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        initdb: Command = [binaries.initdb, "-D", unfinished, f"--username={SUPERUSER}", f"--pwfile={password}"]
        initdb += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"]
        if binaries.major >= 17:
            # Case and classes of all letters, by PostgreSQL's own tables whatever the system has.
            initdb += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        self._run(account, initdb)
        single_user: Command = [binaries.postgres, "--single", "-D", unfinished, "-j", "-c", "fsync=off", "template1"]
        self._run(account, single_user, text=f"CREATE DATABASE {DATABASE};\n")
        unfinished.rename(self._data)

    def _run(self, account: Account, command: Command, *, text: str = "") -> None:
        done = subprocess.run(  # noqa: S603
            account.command(command),
            cwd=self.folder,
            env=_environment(),
            input=text,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
        if done.returncode != 0:
            raise EmbeddedError(f"PostgreSQL's data could not be set up in {self.folder}: {_last_line(done.stdout)}")

    def _launch(self, account: Account, binaries: Binaries, port: int) -> bool:
        command: Command = [binaries.postgres, "-D", self._data, "-p", str(port)]
        for name, value in self._settings.items():
            command += ["-c", f"{name}={value}"]
        if self._log.exists() and self._log.stat().st_size > LOG_BYTES:
            self._log.replace(self.folder / "log.1")
        with self._log.open("ab") as log:
            # A session of its own: Ctrl-C is for us, and we stop it last.
            self._process = subprocess.Popen(  # noqa: S603
                account.command(command),
                cwd=self.folder,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            return self._becomes_ready(self._process)
        except BaseException:
            self.stop()
            raise

    def _becomes_ready(self, process: subprocess.Popen[bytes]) -> bool:
        deadline = time.monotonic() + START_TIMEOUT_S
        while process.poll() is None:
            if self._ready():
                return True
            if time.monotonic() > deadline:
                raise EmbeddedError(f"PostgreSQL is not ready after {START_TIMEOUT_S:.0f} s; its log: {self._log}")
            time.sleep(0.02)
        return False

    def _ready(self) -> bool:
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[0] == str(self.pid) and lines[7].strip() == "ready"

    def _last_words(self) -> str:
        return _last_line(self._log.read_text(errors="replace")[-4000:]) if self._log.exists() else "(empty)"


@contextmanager
def running_postgres(folder: Path, *, settings: Mapping[str, str] = DURABLE) -> Iterator[str]:
    """The DSN of the cluster in `folder`, started for as long as this is open."""
    postgres = EmbeddedPostgres(folder, settings=settings)
    dsn = postgres.start()
    try:
        yield dsn
    finally:
        postgres.stop()


def _shared_folder() -> Path:
    SHARED_STATE.mkdir(mode=0o755, parents=True, exist_ok=True)
    folder = SHARED_STATE / secrets.token_hex(6)
    folder.mkdir(mode=0o700)
    return folder


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _environment() -> dict[str, str]:
    # None of the caller's PG* variables or locale.
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if re.search(r"FATAL|PANIC|error|could not", line)]
    return (telling or lines or ["(no output)"])[-1].strip()
