"""Send a sample webhook to ingest's public port, as the gateway would."""

import secrets
from datetime import datetime, timedelta
from typing import Any

import aiohttp

from orylo_common.errors import TransientError
from orylo_common.sample_webhooks import sample_webhook
from orylo_common.webhook_signing import WebhookSigner

TIMEOUT = timedelta(seconds=10)


async def send_sample(
    session: aiohttp.ClientSession, base_url: str, tenant: str, signer: WebhookSigner, now: datetime
) -> tuple[int, dict[str, Any]]:
    """Return the HTTP status and the body of the response to a new sample. Raises `TransientError` without one."""
    body = sample_webhook(signer.gateway, secrets.token_hex(6), now, token=signer.secret)
    try:
        async with session.post(
            f"{base_url.rstrip('/')}/api/v1/webhooks/{signer.gateway}/{tenant}",
            data=body,
            params=signer.query(body),
            headers=signer.headers(body, int(now.timestamp())),
            timeout=aiohttp.ClientTimeout(total=TIMEOUT.total_seconds()),
            allow_redirects=False,
        ) as response:
            return response.status, await response.json(content_type=None)
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise TransientError(f"ingest cannot be reached at {base_url} ({type(error).__name__})") from error
