"""HTTP requests of the simulation."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

SimulatedGateway = Literal["stripe", "hotmart"]
RequestKind = Literal["webhook", "visit"]


@dataclass(frozen=True, slots=True)
class SimulatedRequest:
    """A complete request. `offset_s` is the time to send it, in seconds after the start of the run."""

    offset_s: float
    kind: RequestKind
    path: str
    headers: Mapping[str, str]
    body: bytes
