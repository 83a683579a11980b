"""Run Redis for tests, without persistence."""

from collections.abc import Iterator
from contextlib import contextmanager
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
def redis_program(folder: Path, port: int) -> Iterator[int]:
    """Run the local Redis on a given port and yield its process id. A test can kill it and restart it there."""
    command: list[str | Path] = [program("redis-server", "redis-server"), "--bind", "127.0.0.1", "--port", str(port)]
    command += ["--save", "", "--appendonly", "no", "--daemonize", "no", "--dir", str(folder)]
    with child(command, folder) as pid:
        wait_until(lambda: listens(port), "Redis", folder / "log")
        yield pid
