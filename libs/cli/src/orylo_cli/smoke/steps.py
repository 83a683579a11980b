"""The steps of a smoke test, each with its time and, if it fails, advice."""

import asyncio
import time
from dataclasses import dataclass
from uuid import UUID

import aiohttp

from orylo_cli.smoke.sale import SmokeSale
from orylo_common.clock import SystemClock
from orylo_common.postgres.pool import Connection
from orylo_common.webhook_signing import WebhookSigner

# Until the last step: the command ends within 30 s.
TIME_LIMIT_S = 25.0
REQUEST_TIMEOUT_S = 10.0
LOOK_EVERY_S = 0.1

SELECT_CLICK = "SELECT 'stored' FROM dispatch.clicks WHERE tenant_id = $1 AND click_id = $2"
SELECT_DECISION = """
    SELECT decision || ', risk ' || risk_score FROM detector.detections
    WHERE tenant_id = $1 AND payment_id = $2 ORDER BY created_at DESC LIMIT 1
"""
# Every destination's delivery is settled, or there is no answer yet.
SELECT_CONVERSION = """
    SELECT string_agg(DISTINCT state || coalesce(' (' || code || ')', ''), ', ') FROM dispatch.deliveries
    WHERE tenant_id = $1 AND payment_id = $2 HAVING bool_and(state IN ('dispatched', 'failed', 'suppressed'))
"""
SELECT_SHOWN = "SELECT state FROM api.payments_view WHERE tenant_id = $1 AND payment_id = $2"


@dataclass(frozen=True, slots=True)
class SmokeStep:
    """`seconds` since the start of the test. `advice` is empty unless the step failed."""

    name: str
    ok: bool
    finding: str
    seconds: float
    advice: str = ""


@dataclass(frozen=True, slots=True)
class SmokeTest:
    connection: Connection
    ingest_url: str
    tenant_id: UUID
    tenant: str
    sale: SmokeSale
    signer: WebhookSigner
    limit_s: float = TIME_LIMIT_S

    async def run(self) -> list[SmokeStep]:
        """Return the steps up to the first that fails."""
        started = time.perf_counter()
        steps: list[SmokeStep] = []
        for step in (self._click, self._webhook, self._decision, self._conversion, self._dashboard):
            name = step.__name__.removeprefix("_")
            try:
                async with asyncio.timeout(max(0.0, self.limit_s - (time.perf_counter() - started))):
                    finding, advice = await step()
            except TimeoutError:
                finding, advice = f"nothing within {self.limit_s:g} s", ADVICE[name]
            steps.append(SmokeStep(name, not advice, finding, round(time.perf_counter() - started, 3), advice))
            if advice:
                break
        return steps

    async def _click(self) -> tuple[str, str]:
        headers = {"Content-Type": "application/json", "User-Agent": self.sale.user_agent}
        status = await self._post(f"/api/v1/track/{self.tenant}", self.sale.visit_body, headers)
        if status not in (200, 202, 204):
            return f"ingest answered {status}", ADVICE["click"]
        return await self._until(SELECT_CLICK, self.sale.visit.click_id), ""

    async def _webhook(self) -> tuple[str, str]:
        body = self.sale.webhook_body
        headers = dict(self.signer.headers(body, int(SystemClock().now().timestamp())))
        status = await self._post(f"/api/v1/webhooks/{self.sale.gateway}/{self.tenant}", body, headers)
        accepted = status in (200, 201, 202)
        return f"{self.sale.payment_id}: ingest answered {status}", "" if accepted else ADVICE["webhook"]

    async def _decision(self) -> tuple[str, str]:
        decision = await self._until(SELECT_DECISION, self.sale.payment_id)
        return decision, ADVICE["blocked"] if decision.startswith("block") else ""

    async def _conversion(self) -> tuple[str, str]:
        states = await self._until(SELECT_CONVERSION, self.sale.payment_id)
        return states, "" if states == "dispatched" else ADVICE["conversion"]

    async def _dashboard(self) -> tuple[str, str]:
        return await self._until(SELECT_SHOWN, self.sale.payment_id), ""

    async def _until(self, query: str, key: str) -> str:
        """Return the query's value as soon as it has one."""
        while True:
            found = await self.connection.fetchval(query, self.tenant_id, key)
            if found is not None:
                return str(found)
            await asyncio.sleep(LOOK_EVERY_S)

    async def _post(self, path: str, body: bytes, headers: dict[str, str]) -> int | str:
        timeout = aiohttp.ClientTimeout(total=REQUEST_TIMEOUT_S)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(self.ingest_url.rstrip("/") + path, data=body, headers=headers) as response,
            ):
                return response.status
        except (aiohttp.ClientError, TimeoutError) as error:
            return f"nothing ({type(error).__name__})"


ADVICE = {
    "click": "check that ingest runs and --ingest-url is right: `orylo doctor`",
    "webhook": "check ingest's log; `orylo rejections` has the reason of a refusal",
    "decision": "check that detector runs and its queue is not stuck: `orylo doctor`",
    "blocked": "a rule, a list or the risk blocks the test's sale: see the payment in the dashboard",
    "conversion": "see why with `orylo destination list TENANT` and `orylo dlq list`",
    "dashboard": "check that api runs and its queue is not stuck: `orylo doctor`",
}
