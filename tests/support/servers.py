"""Start servers for tests: in Docker, else a local program, else installed by apt-get; otherwise fail the test."""

import fcntl
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import docker
import docker.errors
import pytest
from testcontainers.core.container import DockerContainer

START_TIMEOUT_S = 90.0
STOP_TIMEOUT_S = 15.0

# Below the kernel's range for outgoing connections, which could take a port before its server starts or restarts.
PORTS = range(10_000, 32_768)
EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")

# While this file exists, Debian does not start services after installing them.
SERVICE_POLICY = Path("/usr/sbin/policy-rc.d")


@cache
def docker_answers() -> bool:
    try:
        docker.from_env(timeout=3).ping()
    except (docker.errors.DockerException, OSError):
        return False
    return True


@contextmanager
def container(image: str, *ports: int, **options: Any) -> Iterator[tuple[str, list[int], Any]]:
    """Run a container. Yield its host, the host ports mapped to `ports`, and its handle."""
    with DockerContainer(image, **options).with_exposed_ports(*ports) as running:
        yield running.get_container_host_ip(), [int(running.get_exposed_port(port)) for port in ports], running


def program(name: str, package: str, places: Sequence[str] = ()) -> Path:
    """Return the path of a server's program. If it is missing and we are root, install its package."""
    found = _find(name, places)
    if not found and os.geteuid() == 0 and shutil.which("apt-get"):
        with _install_lock():
            # Another process may have installed it while this one waited.
            if not _find(name, places):
                _install(package)
        found = _find(name, places)
    if not found:
        pytest.fail(
            f"this test needs {name}: start Docker, or install it (Debian, Ubuntu: sudo apt-get install {package})",
            pytrace=False,
        )
    return found


@contextmanager
def child(command: Sequence[str | Path], folder: Path, *, env: Mapping[str, str] | None = None) -> Iterator[int]:
    """Run a process in `folder`, with its output in `folder/log`, until this block or this process ends."""
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            killed_with_parent(command), cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def killed_with_parent(command: Sequence[str | Path]) -> list[str | Path]:
    """Return a command line that runs `command` and makes Linux kill it when the thread that started it ends."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL", *command] if setpriv else [*command]


def wait_until(ready: Callable[[], bool], what: str, log: Path | None = None) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while not ready():
        if time.monotonic() > deadline:
            words = log.read_text(errors="replace")[-2000:] if log else ""
            pytest.fail(f"{what} did not start within {START_TIMEOUT_S:.0f} s\n{words}", pytrace=False)
        time.sleep(0.05)


def listens(port: int, host: str = "127.0.0.1") -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0


def free_ports(count: int) -> list[int]:
    """Return ports that are free and outside the range for outgoing connections. No port is returned twice."""
    lowest_ephemeral = int(EPHEMERAL.read_text().split()[0]) if EPHEMERAL.exists() else PORTS.stop
    worker, workers = _worker()
    candidates = PORTS[: max(lowest_ephemeral, PORTS.start + 1_000) - PORTS.start][worker :: workers + 1]
    found: list[int] = []
    while len(found) < count:
        port = secrets.choice(candidates)
        if port not in _given and _is_free(port):
            _given.add(port)
            found.append(port)
    return found


_given: set[int] = set()


def _worker() -> tuple[int, int]:
    """Return this pytest-xdist worker's number, from 1 (0 outside a worker), and how many workers there are."""
    name = os.environ.get("PYTEST_XDIST_WORKER", "gw-1")
    return int(name.removeprefix("gw")) + 1, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", 0))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _find(name: str, places: Sequence[str]) -> Path | None:
    for place in places:
        for candidate in sorted(Path("/").glob(place.lstrip("/"))):
            if os.access(candidate / name, os.X_OK):
                return candidate / name
    found = shutil.which(name)
    return Path(found) if found else None


@contextmanager
def _install_lock() -> Iterator[None]:
    with (Path(tempfile.gettempdir()) / "orylo-tests-install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _install(package: str) -> None:
    ours = not SERVICE_POLICY.exists()
    if ours:
        SERVICE_POLICY.write_text("#!/bin/sh\nexit 101\n")
        SERVICE_POLICY.chmod(0o755)
    apt = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"]
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        subprocess.run([*apt, "update"], env=env, check=False, capture_output=True)
        subprocess.run(
            [*apt, "install", "-y", "--no-install-recommends", package], env=env, check=False, capture_output=True
        )
    finally:
        if ours:
            SERVICE_POLICY.unlink(missing_ok=True)
