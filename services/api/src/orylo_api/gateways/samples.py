"""Send a sample webhook to ingest, and describe the answer."""

from datetime import datetime

import aiohttp

from orylo_api.errors import Conflict
from orylo_api.gateways.models import SampleOutcome
from orylo_api.private_port import not_configured
from orylo_common.sample_sending import send_sample
from orylo_common.webhook_signing import WebhookSigner


def missing_secret() -> Conflict:
    return Conflict("the gateway has no secret to sign a sample with", code="no_secret")


async def try_sample(
    session: aiohttp.ClientSession, base_url: str | None, tenant: str, signer: WebhookSigner, now: datetime
) -> SampleOutcome:
    """Send a sample to the tenant's gateway. Raises `TransientError` without an answer."""
    if base_url is None:
        raise not_configured("ingest", "ORYLO_INGEST_URL")
    status, answer = await send_sample(session, base_url, tenant, signer, now)
    return SampleOutcome(
        status=status,
        code=answer.get("code"),
        reason=answer.get("detail"),
        webhook_id=answer.get("event_id"),
        state=None,
        payment_id=None,
    )
