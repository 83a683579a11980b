"""The explanation of a detector, for the dashboard and the README."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Parameter:
    """A figure that a detector uses. `source` names the tenant's setting, or says why the figure is fixed."""

    name: str
    default: str
    source: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """`looks_at` and `reasons` are plain words; `reasons` has every code that the detector can return."""

    looks_at: str = ""
    parameters: tuple[Parameter, ...] = ()
    reasons: Mapping[str, str] = field(default_factory=dict)
