"""Authenticate a webhook and parse its body, with a problem as the response if either fails."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from orylo_common.control.models import GatewaySetting
from orylo_common.http.bodies import unreadable
from orylo_common.http.problems import HTTPProblem
from orylo_ingest.documents.parsing import UnreadableBody
from orylo_ingest.gateways.authentication import authenticate_hmac
from orylo_ingest.gateways.port import AuthenticationFailed, Gateway
from orylo_ingest.gateways.raw_webhook import RawWebhook
from orylo_ingest.http import problems

# Until someone may have restored the key.
RETRY_AFTER_UNDECRYPTABLE = timedelta(seconds=5)


def authenticate(gateway: Gateway, setting: GatewaySetting, webhook: RawWebhook, now: datetime) -> UUID:
    """Return the id of the secret that authenticates the webhook. Raises `HTTPProblem`."""
    try:
        if setting.mode == "hmac":
            return authenticate_hmac(webhook, setting.secrets)
        return gateway.authenticate(webhook, setting.secrets, now)
    except AuthenticationFailed as failed:
        if setting.undecryptable and failed.code.endswith("_mismatch"):
            # It may be authentic. The gateway retries until an operator has restored the key.
            raise HTTPProblem(problems.undecryptable(RETRY_AFTER_UNDECRYPTABLE)) from None
        raise HTTPProblem(problems.unauthenticated(failed.code, failed.advice)) from None
    except UnreadableBody as error:
        raise HTTPProblem(unreadable(str(error))) from None


def parse_body(webhook: RawWebhook) -> Any:
    """Return the webhook's document. Raises `HTTPProblem`."""
    try:
        return webhook.document()
    except UnreadableBody as error:
        raise HTTPProblem(unreadable(str(error))) from None
