"""Run Redis for tests, without persistence."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.support.servers import child, container, docker_answers, free_ports, listens, program, wait_until


@contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    if docker_answers():
        with container("redis:7-alpine", 6379) as (host, [port], _):
            wait_until(lambda: listens(port, host), "Redis")
            yield f"redis://{host}:{port}/0"
        return
    (port,) = free_ports(1)
    with redis_program(folder, port):
        yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def redis_cluster(folder: Path) -> Iterator[str]:
    """Run a cluster of three local nodes."""
    ports = free_ports(3)
    with ExitStack() as stack:
        for port in ports:
            (folder / str(port)).mkdir()
            bus = free_ports(1)[0]
            own = ("--cluster-enabled", "yes", "--cluster-port", str(bus))
            stack.enter_context(redis_program(folder / str(port), port, *own))
        nodes = [f"127.0.0.1:{port}" for port in ports]
        create: list[str | Path] = [program("redis-cli", "redis-tools"), "--cluster", "create", *nodes, "--cluster-yes"]
        subprocess.run(create, check=True, capture_output=True, timeout=60)
        yield f"redis+cluster://{nodes[0]}"


@contextmanager
def redis_program(folder: Path, port: int, *own: str) -> Iterator[int]:
    """Run the local Redis on a given port and yield its process id. A test can kill it and restart it there."""
    command: list[str | Path] = [program("redis-server", "redis-server"), "--bind", "127.0.0.1", "--port", str(port)]
    command += [*own, "--save", "", "--appendonly", "no", "--daemonize", "no", "--dir", str(folder)]
    with child(command, folder) as pid:
        wait_until(lambda: listens(port), "Redis", folder / "log")
        yield pid
