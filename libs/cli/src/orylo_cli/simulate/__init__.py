"""Realistic, correctly signed traffic to the real endpoints."""

from orylo_cli.simulate.run import RemoteTargetForbidden, SimulateOptions, run
from orylo_cli.simulate.signing import SimulatedGateway, WebhookSigner
from orylo_cli.simulate.summary import SimulateSummary

__all__ = ["RemoteTargetForbidden", "SimulateOptions", "SimulateSummary", "SimulatedGateway", "WebhookSigner", "run"]
