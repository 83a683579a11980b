"""Run the distributed platform on this machine: every server and service is a process that tests can kill and restart.

PostgreSQL, RabbitMQ and Redis are local programs. They keep their data and their port across restarts.
"""

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from orylo_cli.embedded.postgres import EmbeddedPostgres
from orylo_common.control import Keyring
from tests.support.rabbitmq import CONFIGURATION, ERLANG_ARGUMENTS, PLACES
from tests.support.servers import free_ports, killed_with_parent, listens, program, wait_until

SERVICES = ("ingest", "detector", "trust", "dispatch", "api")


class Fleet:
    """All processes. `kill` and `start` take "postgres", "rabbitmq", "redis" or the name of a service."""

    def __init__(self, folder: Path, meta_url: str, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._postgres = EmbeddedPostgres(folder / "postgres")
        ports = free_ports(6 + len(SERVICES))
        self._postgres_port, self._redis_port, self._amqp_port, self._epmd_port, self._dist_port, self._mq_http = ports[
            :6
        ]
        self._health_ports = dict(zip(SERVICES, ports[6:], strict=True))
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._rabbitmq_node = f"orylo-{secrets.token_hex(4)}@localhost"
        self.dsn = ""
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PYTHONUNBUFFERED": "1",
            "ORYLO_MASTER_KEY": Keyring.generate(),
            "ORYLO_META_BASE_URL": meta_url,
            "ORYLO_REDIS_URL": f"redis://127.0.0.1:{self._redis_port}/0",
            "ORYLO_BROKER_URL": f"amqp://guest:guest@127.0.0.1:{self._amqp_port}/",
            "ORYLO_LOG_LEVEL": "info",
            **environment,
        }

    @property
    def ingest_port(self) -> int:
        return self._health_ports["ingest"]

    def url(self, service: str) -> str:
        """Return the base URL of a service's API or health server."""
        return f"http://127.0.0.1:{self._health_ports[service]}"

    @property
    def environment(self) -> dict[str, str]:
        """The environment that points the `orylo` command at this fleet."""
        return {**self._environment, "ORYLO_DATABASE_URL": self.dsn}

    def start(self, name: str, **environment: str) -> None:
        """Start one process, a service with further variables. Return once it accepts connections."""
        starters: dict[str, Callable[[], None]] = {
            "postgres": self._start_postgres,
            "rabbitmq": self._start_rabbitmq,
            "redis": self._start_redis,
        }
        if name in starters:
            starters[name]()
        else:
            self._start_service(name, environment)

    def kill(self, name: str) -> None:
        """Send SIGKILL, without any shutdown."""
        if name == "postgres":
            os.kill(self._postgres.pid, signal.SIGKILL)
            # The backends end on their own once the postmaster is gone.
            wait_until(lambda: not listens(self._postgres_port), "PostgreSQL's end")
            return
        process = self._processes[name]
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def pid(self, name: str) -> int:
        return self._postgres.pid if name == "postgres" else self._processes[name].pid

    def log(self, name: str) -> Path:
        return self._folder / f"{name}.log"

    def rabbitmqctl(self, *arguments: str) -> str:
        """Run `rabbitmqctl` on this fleet's node. Return its output."""
        command: list[str | Path] = [program("rabbitmqctl", "rabbitmq-server", PLACES), *arguments]
        done = subprocess.run(command, env=self.rabbitmq_environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"rabbitmqctl {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout

    def redis_cli(self, *arguments: str) -> str:
        """Run `redis-cli` on this fleet's Redis. Return its output."""
        command: list[str | Path] = [program("redis-cli", "redis-tools"), "-p", str(self._redis_port), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def stop(self) -> None:
        """Stop the services with SIGTERM, then the servers."""
        for name in (*SERVICES, "redis", "rabbitmq", "epmd"):
            process = self._processes.get(name)
            if process and process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self._processes.values():
            try:
                process.wait(35)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
        self._postgres.stop()

    def orylo(self, *arguments: str, text: str | None = None) -> str:
        """Run an `orylo` command on this fleet. Return its output."""
        done = subprocess.run(
            [Path(sys.executable).with_name("orylo"), *arguments],
            env=self.environment,
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"orylo {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout

    def _start_postgres(self) -> None:
        self.dsn = self._postgres.start(self._postgres_port)

    def _start_redis(self) -> None:
        server = program("redis-server", "redis-server")
        # Without persistence: a killed Redis restarts empty.
        self._spawn("redis", server, "--bind", "127.0.0.1", "--port", str(self._redis_port), "--save", "")
        wait_until(lambda: listens(self._redis_port), "Redis", self.log("redis"))

    def _start_rabbitmq(self) -> None:
        folder = self._folder / "rabbitmq"
        folder.mkdir(exist_ok=True)
        (folder / "rabbitmq.conf").write_text(CONFIGURATION.format(amqp=self._amqp_port, http=self._mq_http))
        (folder / "plugins").write_text("[].\n")
        environment = self.rabbitmq_environment
        if "epmd" not in self._processes:
            epmd = program("epmd", "erlang-base", ("/usr/bin", "/usr/lib/erlang/erts-*/bin"))
            self._spawn("epmd", epmd, environment=environment)
            wait_until(lambda: listens(self._epmd_port), "epmd", self.log("epmd"))
        self._spawn("rabbitmq", program("rabbitmq-server", "rabbitmq-server", PLACES), environment=environment)
        wait_until(lambda: listens(self._amqp_port), "RabbitMQ", self.log("rabbitmq"))

    @property
    def rabbitmq_environment(self) -> dict[str, str]:
        folder = self._folder / "rabbitmq"
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
            "RUNNING_UNDER_SYSTEMD": "1",
            "ERL_EPMD_PORT": str(self._epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": self._rabbitmq_node,
            "RABBITMQ_DIST_PORT": str(self._dist_port),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": ERLANG_ARGUMENTS,
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "logs"),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
        }

    def _start_service(self, name: str, changes: Mapping[str, str]) -> None:
        port = str(self._health_ports[name])
        environment = {
            **self.environment,
            "ORYLO_HEALTH_PORT": port,
            "ORYLO_INGEST_PORT": port,
            "ORYLO_API_PORT": port,
            **changes,
        }
        self._spawn(name, sys.executable, "-m", f"orylo_{name}", "run", environment=environment)
        wait_until(lambda: listens(int(port)), name, self.log(name))

    def _spawn(self, name: str, *command: str | Path, environment: dict[str, str] | None = None) -> None:
        with self.log(name).open("ab") as log:
            self._processes[name] = subprocess.Popen(
                killed_with_parent(command),
                cwd=self._folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


@contextmanager
def running_fleet(
    folder: Path, meta_url: str, *set_up: Sequence[str], secret: str = "", **environment: str
) -> Iterator[Fleet]:
    """Start the servers, migrate, start the services, and stop everything at the end.

    The `orylo` commands in `set_up` run before the services start, with `secret` on standard input.
    """
    fleet = Fleet(folder, meta_url, environment)
    try:
        for server in ("postgres", "redis", "rabbitmq"):
            fleet.start(server)
        fleet.orylo("migrate")
        for command in set_up:
            fleet.orylo(*command, text=secret)
        for service in SERVICES:
            fleet.start(service)
        time.sleep(0.5)
        yield fleet
    finally:
        fleet.stop()
