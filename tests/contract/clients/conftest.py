"""The generated clients of the API, current with its document, and the API as in its integration tests."""

import subprocess
from pathlib import Path

from tests.integration.api.conftest import api, shared_api

ROOT = Path(__file__).parents[3]

# Before the test modules import the client. Does nothing if it is current.
subprocess.run([ROOT / "scripts/clients"], check=True)

__all__ = ["api", "shared_api"]
