"""Run SNS and SQS for tests: moto's server, in this process."""

from collections.abc import Iterator
from contextlib import contextmanager

from moto.server import ThreadedMotoServer


@contextmanager
def sqs_server() -> Iterator[str]:
    """Run the server and yield its endpoint, such as `http://127.0.0.1:40123`."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()
