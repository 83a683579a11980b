"""`POST /evaluate` on the private port: decide on a payment that no webhook has reported yet."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus

import asyncpg
import orjson
from aiohttp import web

from orylo_common.errors import TransientError
from orylo_common.http.problems import Problem
from orylo_common.messages import DetectionCreated, PaymentCreated, UndecodableMessage, decode
from orylo_common.postgres.errors import TRANSIENT_ERRORS
from orylo_detector.engine import Engine
from orylo_detector.handlers import propose_decision
from orylo_detector.ports import DetectionPolicySource, FeatureSource

# Over all partitions that `detector.recent_payments` covers.
SELECT_NEWEST = """
    SELECT id, payment_id, decision, risk_score, reasons, points, override, rules, detectors, degraded, version
    FROM detector.detections
    WHERE tenant_id = $1 AND payment_id = $2 AND created_at > now() - interval '35 days'
    ORDER BY version DESC, id DESC LIMIT 1
"""

INVALID = Problem(HTTPStatus.BAD_REQUEST, "invalid_payment", "The body must be a `payment.created` message.")
UNAVAILABLE = Problem(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", "The database cannot be reached. Try again.")


@dataclass(frozen=True, slots=True)
class EvaluationEndpoint:
    """`decide` records, announces and returns its decision. `features` are those of a trial, which leaves no trace."""

    pool: asyncpg.Pool
    decide: Callable[[PaymentCreated], Awaitable[DetectionCreated | None]]
    features: FeatureSource
    engine: Engine
    policies: DetectionPolicySource

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/evaluate", self.evaluate)]

    async def evaluate(self, request: web.Request) -> web.Response:
        """Respond with the payment's current decision. With `dry_run=true` nothing is recorded."""
        try:
            payment = decode(await request.read())
        except UndecodableMessage:
            return INVALID.response()
        if not isinstance(payment, PaymentCreated):
            return INVALID.response()
        try:
            decision = await (self._try(payment) if request.query.get("dry_run") else self._decide(payment))
        except (TransientError, *TRANSIENT_ERRORS):
            return UNAVAILABLE.response()
        return web.Response(body=orjson.dumps(decision, default=str), content_type="application/json")

    async def _decide(self, payment: PaymentCreated) -> dict[str, object]:
        detection = await self.decide(payment)
        if detection is not None:
            return {"id": detection.detection_id, **_shown(detection)}
        # What is said of the payment adds nothing to what is known of it.
        return await self._newest(payment)

    async def _try(self, payment: PaymentCreated) -> dict[str, object]:
        policy = self.policies.policy(payment.tenant_id, payment.gateway)
        proposed = await propose_decision(payment, self.features, self.engine, policy)
        if proposed is not None and proposed.detection is not None:
            return {"id": None, **_shown(proposed.detection)}
        return await self._newest(payment)

    async def _newest(self, payment: PaymentCreated) -> dict[str, object]:
        row = await self.pool.fetchrow(SELECT_NEWEST, payment.tenant_id, payment.payment_id)
        if row is None:
            raise TransientError("the payment's decision is not stored yet")
        return dict(row)


def _shown(detection: DetectionCreated) -> dict[str, object]:
    return detection.model_dump(
        mode="json",
        include={
            "payment_id",
            "decision",
            "risk_score",
            "reasons",
            "points",
            "override",
            "rules",
            "detectors",
            "degraded",
            "version",
        },
    )
