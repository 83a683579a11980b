"""The check that a port is free."""

import errno
import socket

from orylo_cli.embedded.errors import EmbeddedError


def check_port(host: str, port: int, option: str) -> None:
    """Raise `EmbeddedError`, which names the port and the option that changes it, if the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # As the server sets it, so that connections in TIME_WAIT do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            why = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
            raise EmbeddedError(f"port {port} {why}: choose another with {option}") from error
