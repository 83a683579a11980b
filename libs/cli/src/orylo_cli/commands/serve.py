"""`orylo serve`: one service of a distributed platform."""

import os
import sys
from enum import StrEnum
from typing import Annotated

import typer


class Service(StrEnum):
    INGEST = "ingest"
    DETECTOR = "detector"
    TRUST = "trust"
    DISPATCH = "dispatch"
    API = "api"


def serve(service: Annotated[Service, typer.Argument(metavar="SERVICE", help="One of: " + ", ".join(Service))]) -> None:
    """Run one service until SIGTERM. Its configuration comes from the environment (see `.env.example`).

    Example: `ORYLO_BROKER_URL=amqp://… orylo serve detector`
    """
    # Replaces this process, so that signals reach the service directly.
    os.execv(sys.executable, [sys.executable, "-m", f"orylo_{service}", "run"])  # noqa: S606
