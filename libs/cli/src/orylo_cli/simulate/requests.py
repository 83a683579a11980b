"""One HTTP request of the simulation, finished to the byte."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["webhook", "visit"]


@dataclass(frozen=True, slots=True)
class Request:
    """`offset_s`: seconds after the start of the run at which it is due."""

    offset_s: float
    kind: Kind
    path: str
    headers: Mapping[str, str]
    body: bytes
