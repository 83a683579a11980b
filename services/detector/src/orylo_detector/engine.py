"""Runs the detectors concurrently and combines their findings. All inputs are arguments."""

import asyncio
import time
from collections.abc import Awaitable, Sequence
from datetime import timedelta

import structlog
from prometheus_client import Counter

from orylo_common.control.sections.detection import DetectionPolicy
from orylo_common.messages import PaymentFact, TrustStatus
from orylo_detector.detectors import DETECTORS, Detector
from orylo_detector.domain.features import FeatureMissing, Features
from orylo_detector.domain.finding import Finding, WeightedFinding
from orylo_detector.domain.lists import override_of
from orylo_detector.domain.verdict import Verdict, conclude

TIME_LIMIT = timedelta(milliseconds=100)

# `cause` is one of missing (its features could not be read), late, failed.
LEFT_OUT = Counter("orylo_detector_left_out_total", "Detectors left out of a decision", ["detector", "cause"])
_CAUSES: dict[type[Exception], str] = {FeatureMissing: "missing", TimeoutError: "late"}

log = structlog.get_logger(__name__)

# A finding and its duration in microseconds.
TimedFinding = tuple[Finding, int]


class Engine:
    def __init__(self, detectors: Sequence[Detector] = DETECTORS, *, time_limit: timedelta = TIME_LIMIT) -> None:
        self._detectors = detectors
        self._limit_s = time_limit.total_seconds()

    async def decide(self, payment: PaymentFact, features: Features, policy: DetectionPolicy) -> Verdict:
        """Return a verdict in any case. A detector that fails or is late is left out and named in `degraded`."""
        found, degraded = [], []
        for detector, timed in zip(self._detectors, await self._run(payment, features, policy), strict=True):
            if timed is None:
                degraded.append(detector.name)
                continue
            finding, duration_us = timed
            weight = policy.weights.get(detector.name, detector.weight)
            found.append(WeightedFinding(detector.name, finding, weight, duration_us))
        status = features.customer.status if features.customer else TrustStatus.NEUTRAL
        return conclude(found, tuple(degraded), override_of(features.listed, status), policy)

    async def _run(
        self, payment: PaymentFact, features: Features, policy: DetectionPolicy
    ) -> list[TimedFinding | None]:
        """Return the findings in the detectors' order, with None for each that is left out.

        Only a detector that awaits something gets a task. One that only computes cannot be interrupted; if it took
        too long its finding is discarded.
        """
        results: list[TimedFinding | None] = [None] * len(self._detectors)
        waiting: list[tuple[int, asyncio.Task[TimedFinding | None]]] = []
        for index, detector in enumerate(self._detectors):
            started = time.perf_counter_ns()
            try:
                finding = detector.assess(payment, features, policy)
            except Exception as error:  # noqa: BLE001  (a failing detector must not fail the decision)
                _leave_out(detector, error)
                continue
            if isinstance(finding, Finding):
                results[index] = self._unless_late(detector, finding, started)
            else:
                waiting.append((index, asyncio.create_task(self._wait_for(detector, finding, started))))
        for index, task in waiting:
            results[index] = await task
        return results

    def _unless_late(self, detector: Detector, finding: Finding, started: int) -> TimedFinding | None:
        duration_us = _microseconds_since(started)
        if duration_us <= self._limit_s * 1_000_000:
            return finding, duration_us
        _leave_out(detector, TimeoutError())
        return None

    async def _wait_for(self, detector: Detector, finding: Awaitable[Finding], started: int) -> TimedFinding | None:
        try:
            async with asyncio.timeout(self._limit_s):
                return await finding, _microseconds_since(started)
        except Exception as error:  # noqa: BLE001  (a failing detector must not fail the decision)
            _leave_out(detector, error)
            return None


def _microseconds_since(started_ns: int) -> int:
    return (time.perf_counter_ns() - started_ns) // 1000


def _leave_out(detector: Detector, error: Exception) -> None:
    cause = _CAUSES.get(type(error), "failed")
    LEFT_OUT.labels(detector.name, cause).inc()
    if cause == "failed":
        log.error("detector.failed", detector=detector.name, exc_info=error)
