"""Realistic traffic through the real endpoints, with real signatures."""

from orylo_cli.simulate.doors import Door, Gateway
from orylo_cli.simulate.run import RemoteTargetRefused, SimulateOptions, run
from orylo_cli.simulate.summary import SimulateSummary

__all__ = ["Door", "Gateway", "RemoteTargetRefused", "SimulateOptions", "SimulateSummary", "run"]
