"""One run of the simulation, from its options to its summary."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

import aiohttp

from orylo_cli.simulate.doors import Door, Gateway
from orylo_cli.simulate.scenario import Scenario
from orylo_cli.simulate.sender import ANSWER_TIMEOUT_S, MAX_IN_FLIGHT, Sender
from orylo_cli.simulate.summary import SimulateSummary
from orylo_common.clock import Clock, SystemClock


class RemoteTargetRefused(ValueError):
    """The target is another machine, and nobody said that it may be."""


@dataclass(frozen=True, slots=True)
class SimulateOptions:
    """`duration_s` of None: until cancelled. `rate`: requests per second."""

    tenant: str
    doors: Mapping[Gateway, Door]
    ingest_url: str = "http://127.0.0.1:8080"
    seed: int = 1
    rate: float = 20.0
    duration_s: float | None = 60.0
    allow_remote: bool = False
    clock: Clock = field(default_factory=SystemClock)


async def run(options: SimulateOptions, summary: SimulateSummary | None = None) -> SimulateSummary:
    """Send the whole scenario; `summary` may be given to be watched while it runs."""
    if not options.allow_remote and not _is_loopback(options.ingest_url):
        raise RemoteTargetRefused(f"{options.ingest_url} is not this machine; --allow-remote if it is meant")
    summary = summary if summary is not None else SimulateSummary()
    scenario = Scenario(
        seed=options.seed,
        epoch=options.clock.now(),
        rate=options.rate,
        tenant=options.tenant,
        doors=options.doors,
    )
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=MAX_IN_FLIGHT),
        timeout=aiohttp.ClientTimeout(total=ANSWER_TIMEOUT_S),
    ) as session:
        await Sender(session, options.ingest_url, summary).send_all(scenario.requests(), duration_s=options.duration_s)
    return summary


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
