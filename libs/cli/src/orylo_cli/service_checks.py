"""The check of `orylo doctor` that services answer and are ready."""

from collections.abc import Mapping
from typing import NamedTuple

import aiohttp

TIMEOUT_S = 5.0


class ServiceFinding(NamedTuple):
    name: str
    ok: bool
    finding: str
    advice: str


async def check_services(urls: Mapping[str, str]) -> list[ServiceFinding]:
    """Ask each service, given by name and URL, whether it is ready."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S)) as session:
        return [await _check_service(session, name, url) for name, url in urls.items()]


async def _check_service(session: aiohttp.ClientSession, name: str, url: str) -> ServiceFinding:
    try:
        async with session.get(f"{url.rstrip('/')}/readyz") as response:
            readiness = await response.json(content_type=None)
            # Through a proxy, a service says only whether it is ready.
            states = readiness.get("checks", {"service": "ok" if response.status == 200 else readiness["status"]})
            bad = {what: state for what, state in states.items() if state != "ok"}
    except (aiohttp.ClientError, TimeoutError, ValueError, KeyError, TypeError, AttributeError) as error:
        return ServiceFinding(
            name, False, f"no answer ({type(error).__name__})", "check that it is running and read its log"
        )
    finding = ", ".join(f"{what} {state}" for what, state in bad.items()) or "ready"
    return ServiceFinding(name, response.status == 200, finding, "restore what is missing; its log has the details")
