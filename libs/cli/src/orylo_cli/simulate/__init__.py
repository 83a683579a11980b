"""Realistic, correctly signed traffic to the real endpoints."""

from orylo_cli.simulate.requests import SimulatedGateway
from orylo_cli.simulate.run import RemoteTargetForbidden, SimulateOptions, run
from orylo_cli.simulate.summary import SimulateSummary

__all__ = ["RemoteTargetForbidden", "SimulateOptions", "SimulateSummary", "SimulatedGateway", "run"]
