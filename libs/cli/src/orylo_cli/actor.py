"""The author of a command's changes in the audit log."""

import getpass
import os
import socket

from orylo_common.control.audit import Actor


def command_actor(command: str) -> Actor:
    """Return the operating-system user as the author, on this host, by `command` (such as "gateway set")."""
    return Actor("command", None, f"cli:{_user_name()}", socket.gethostname(), f"orylo {command}")


def _user_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container may run as a user id that has no name.
        return f"uid-{os.getuid()}"
