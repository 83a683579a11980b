"""Run the embedded platform as a user does: `orylo up`, as a process that tests can kill and restart."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from orylo_cli.embedded.data_dir import DataDir
from tests.support.servers import free_ports, killed_with_parent, wait_until

ORYLO = Path(sys.executable).with_name("orylo")
STOP_TIMEOUT_S = 90.0


class Embedded:
    """`orylo up` with its data directory below `folder`. It keeps its ports across restarts."""

    def __init__(self, folder: Path, environment: Mapping[str, str], descriptors: int | None = None) -> None:
        self.data_dir = folder / "data"
        self.log = folder / "up.log"
        self.ingest_port, self.api_port = free_ports(2)
        # Without the caller's ORYLO_ variables.
        self._environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **environment}
        # The hard limit of open files, where a test lowers it.
        self._limit = [] if descriptors is None else ["prlimit", f"--nofile={descriptors}:{descriptors}"]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def ingest_url(self) -> str:
        return f"http://127.0.0.1:{self.ingest_port}"

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.api_port}"

    @property
    def dsn(self) -> str:
        """The superuser's DSN. Works only while the platform runs."""
        connection = DataDir(self.data_dir).running()
        assert connection, "orylo up is not running"
        return connection.database_url

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    def start(self, *options: str) -> None:
        """Start it. Return once it accepts webhooks and API requests."""
        command: list[str | Path] = [*self._limit, ORYLO, "up", "--data-dir", self.data_dir]
        command += ["--ingest-port", str(self.ingest_port), "--api-port", str(self.api_port), *options]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                killed_with_parent(command),
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        process = self._process
        wait_until(lambda: process.poll() is not None or self._ready(), "orylo up", self.log)
        assert process.poll() is None, self.log.read_text()[-2000:]

    def kill(self) -> None:
        """Send SIGKILL, without any shutdown."""
        assert self._process
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """Interrupt it as Ctrl-C does. Return the exit status."""
        assert self._process
        self._process.send_signal(signal.SIGINT)
        return self._process.wait(STOP_TIMEOUT_S)

    def orylo(self, *arguments: str, text: str | None = None) -> str:
        """Run an `orylo` command on this platform, running or not. Return its output."""
        done = self.attempt(*arguments, "--data-dir", str(self.data_dir), text=text)
        assert done.returncode == 0, f"orylo {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout

    def attempt(self, *arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run an `orylo` command in this platform's environment. It may fail."""
        return subprocess.run(
            [ORYLO, *arguments],
            env=self._environment,
            input=text,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def _ready(self) -> bool:
        connection = DataDir(self.data_dir).running() if (self.data_dir / "connection.json").exists() else None
        return connection is not None and self._process is not None and connection.pid == self._process.pid


@contextmanager
def running_embedded(folder: Path, **environment: str) -> Iterator[Embedded]:
    with started(Embedded(folder, environment)) as platform:
        yield platform


@contextmanager
def started(platform: Embedded) -> Iterator[Embedded]:
    platform.start()
    try:
        yield platform
    finally:
        platform.stop()
