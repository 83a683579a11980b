"""Send a sample webhook to ingest's public port, signed as the gateway signs."""

import secrets
from datetime import datetime, timedelta
from http import HTTPStatus

import aiohttp

from orylo_api.errors import Conflict
from orylo_api.gateways.addresses import webhook_path
from orylo_api.gateways.models import SampleOutcome
from orylo_common.control.gateways import GatewayName
from orylo_common.errors import TransientError
from orylo_common.http.problems import HTTPProblem, Problem
from orylo_common.sample_webhooks import sample_webhook
from orylo_common.webhook_signing import WebhookSigner

TIMEOUT = timedelta(seconds=10)
NOT_CONFIGURED = Problem(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "ingest_not_configured",
    "The API does not know where ingest is. Its operator has to set ORYLO_INGEST_URL.",
    title="Not configured",
)


def missing_secret() -> Conflict:
    return Conflict("the gateway has no secret to sign a sample with", code="no_secret")


async def send_sample(
    session: aiohttp.ClientSession, base_url: str | None, tenant: str, signer: WebhookSigner, now: datetime
) -> SampleOutcome:
    """Send a new sample, and return ingest's answer. Raises `TransientError` if there is none."""
    if base_url is None:
        raise HTTPProblem(NOT_CONFIGURED)
    gateway: GatewayName = signer.gateway
    body = sample_webhook(gateway, secrets.token_hex(6), now, token=signer.secret)
    try:
        async with session.post(
            f"{base_url}{webhook_path(gateway, tenant)}",
            data=body,
            params=signer.query(body),
            headers=signer.headers(body, int(now.timestamp())),
            timeout=aiohttp.ClientTimeout(total=TIMEOUT.total_seconds()),
            allow_redirects=False,
        ) as response:
            answer = await response.json(content_type=None)
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise TransientError("ingest cannot be reached") from error
    return SampleOutcome(
        status=response.status,
        code=answer.get("code"),
        reason=answer.get("detail"),
        webhook_id=answer.get("event_id"),
        state=None,
        payment_id=None,
    )
