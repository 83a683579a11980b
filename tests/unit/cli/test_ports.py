import socket

import pytest

from orylo_cli.embedded.errors import EmbeddedError
from orylo_cli.embedded.ports import check_port
from tests.support.servers import free_ports


def test_a_port_in_use_is_named_with_the_option_that_changes_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(EmbeddedError, match=f"port {port} is in use: choose another with --ingest-port"):
            check_port("127.0.0.1", port, "--ingest-port")


def test_the_check_leaves_a_free_port_free() -> None:
    (port,) = free_ports(1)
    check_port("127.0.0.1", port, "--api-port")
    with socket.create_server(("127.0.0.1", port)):
        pass
