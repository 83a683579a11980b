"""A PostgreSQL server as a child process, with its own folder, on the loopback interface only."""

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

from orylo_cli.embedded.binaries import PostgresBinaries, copy_binaries, find_binaries
from orylo_cli.embedded.errors import EmbeddedError
from orylo_cli.embedded.orphans import stop_orphans
from orylo_cli.embedded.service_account import ServiceAccount, account_for

SUPERUSER = "postgres"
DATABASE = "orylo"

Command = list[str | Path]

# The data directory if root cannot give PostgreSQL access to the chosen folder.
SHARED_STATE = Path("/var/lib/orylo")

# Crash recovery may have to replay `max_wal_size` of WAL.
START_TIMEOUT_S = 300.0
# After this PostgreSQL stops without a checkpoint. No data is lost; the next start replays the WAL.
STOP_TIMEOUT_S = 4.0
LOG_BYTES = 10_000_000

# Every commit is on disk before it is confirmed. The sizes suit two cores and a few gigabytes of memory.
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
        # The first change of a page after a checkpoint writes the page whole.
        "wal_compression": "pglz",
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
        # The details of an error would quote the row.
        "log_error_verbosity": "terse",
    }
)


class EmbeddedPostgres:
    """A database cluster in `folder`, created on first start.

    Start it from the main thread, because it ends with the thread that started it.
    """

    def __init__(self, folder: Path, *, settings: Mapping[str, str] = DURABLE) -> None:
        self._chosen = folder
        self._settings = {**_ALWAYS, **settings}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def folder(self) -> Path:
        """The folder that contains the data, behind the link if there is one."""
        return self._chosen.resolve()

    @property
    def pid(self) -> int:
        if self._process is None:
            raise RuntimeError("PostgreSQL has not been started")
        return self._process.pid

    def start(self, port: int | None = None) -> str:
        """Start it and return the superuser's DSN, on a free port unless one is given. Raises `EmbeddedError`."""
        self._chosen.mkdir(mode=0o700, parents=True, exist_ok=True)
        account, binaries = self._choose()
        stop_orphans(self._data)
        if not self._data.exists():
            self._initialise(account, binaries)
        for _ in range(3):
            chosen = port or _free_port()
            if self._launch(account, binaries, chosen):
                password = (self.folder / "password").read_text()
                # No TLS on the loopback interface, which also saves its negotiation.
                return f"postgresql://{SUPERUSER}:{password}@127.0.0.1:{chosen}/{DATABASE}?sslmode=disable"
        raise EmbeddedError(f"PostgreSQL did not start; the last error in {self._log}: {self._last_error()}")

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """Stop it. Every committed change is on disk."""
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

    def _choose(self) -> tuple[ServiceAccount, PostgresBinaries]:
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
            raise EmbeddedError(f"root cannot start PostgreSQL as another user in {self.folder}: run as that user")
        return account, binaries

    def _initialise(self, account: ServiceAccount, binaries: PostgresBinaries) -> None:
        password = self.folder / "password"
        password.unlink(missing_ok=True)
        with os.fdopen(os.open(password, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(24))
        account.own(password)
        # Renamed when it is complete, so that a start that was killed here begins again.
        unfinished = self.folder / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        initdb: Command = [binaries.initdb, "-D", unfinished, f"--username={SUPERUSER}", f"--pwfile={password}"]
        initdb += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"]
        if binaries.major >= 17:
            # Case mapping by PostgreSQL's own tables, independent of the system's locales.
            initdb += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        self._run(account, initdb)
        single_user: Command = [binaries.postgres, "--single", "-D", unfinished, "-j", "-c", "fsync=off", "template1"]
        self._run(account, single_user, text=f"CREATE DATABASE {DATABASE};\n")
        unfinished.rename(self._data)

    def _run(self, account: ServiceAccount, command: Command, *, text: str = "") -> None:
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
            raise EmbeddedError(f"the database could not be created in {self.folder}: {_last_line(done.stdout)}")

    def _launch(self, account: ServiceAccount, binaries: PostgresBinaries, port: int) -> bool:
        command: Command = [binaries.postgres, "-D", self._data, "-p", str(port)]
        for name, value in self._settings.items():
            command += ["-c", f"{name}={value}"]
        if self._log.exists() and self._log.stat().st_size > LOG_BYTES:
            self._log.replace(self.folder / "log.1")
        with self._log.open("ab") as log:
            # In a new session, so that Ctrl-C does not reach it: it stops last.
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
            return self._wait_until_ready(self._process)
        except BaseException:
            self.stop()
            raise

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> bool:
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

    def _last_error(self) -> str:
        return _last_line(self._log.read_text(errors="replace")[-4000:]) if self._log.exists() else "(empty)"


@contextmanager
def running_postgres(folder: Path, *, settings: Mapping[str, str] = DURABLE) -> Iterator[str]:
    """Run the cluster in `folder` while the context is open, and yield its DSN."""
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
    # Without the caller's PG* variables and locale.
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if re.search(r"FATAL|PANIC|error|could not", line)]
    return (errors or lines or ["(no output)"])[-1].strip()
