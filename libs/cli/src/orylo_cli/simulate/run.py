"""One run of the simulation, from its options to its summary."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

import aiohttp

from orylo_cli.simulate.requests import SimulatedGateway
from orylo_cli.simulate.scenario import Scenario
from orylo_cli.simulate.sender import MAX_IN_FLIGHT, RESPONSE_TIMEOUT_S, WebhookSender
from orylo_cli.simulate.summary import SimulateSummary
from orylo_common.clock import Clock, SystemClock
from orylo_common.webhook_signing import WebhookSigner


class RemoteTargetForbidden(ValueError):
    """The target is another machine, which `allow_remote` must permit."""


@dataclass(frozen=True, slots=True)
class SimulateOptions:
    """Without `duration_s`, the run ends when it is cancelled. `rate` is in requests per second."""

    tenant: str
    signers: Mapping[SimulatedGateway, WebhookSigner]
    ingest_url: str = "http://127.0.0.1:8080"
    seed: int = 1
    rate: float = 20.0
    duration_s: float | None = 60.0
    allow_remote: bool = False
    clock: Clock = field(default_factory=SystemClock)


async def run(options: SimulateOptions, summary: SimulateSummary | None = None) -> SimulateSummary:
    """Send the scenario's requests and return the summary. Pass a `summary` to read it during the run."""
    if not options.allow_remote and not _is_loopback(options.ingest_url):
        raise RemoteTargetForbidden(f"{options.ingest_url} is another machine: add --allow-remote to send to it")
    summary = summary if summary is not None else SimulateSummary()
    scenario = Scenario(
        seed=options.seed,
        epoch=options.clock.now(),
        rate=options.rate,
        tenant=options.tenant,
        signers=options.signers,
    )
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=MAX_IN_FLIGHT),
        timeout=aiohttp.ClientTimeout(total=RESPONSE_TIMEOUT_S),
    ) as session:
        await WebhookSender(session, options.ingest_url, summary).send_all(
            scenario.requests(), duration_s=options.duration_s
        )
    return summary


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
