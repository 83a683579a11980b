"""Whether the ports that people know are free."""

import errno
import socket

from orylo_cli.embedded.errors import EmbeddedError


def check_port(host: str, port: int, option: str) -> None:
    """Raises `EmbeddedError` naming the port and the option that changes it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # As the server does it: a connection that is being closed is no hindrance.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            why = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be had ({error.strerror})"
            raise EmbeddedError(f"port {port} {why}: choose another with {option}") from error
