"""Log rejected and unprocessed webhooks, with at most one line per kind every ten seconds."""

import time

import structlog

from orylo_ingest.webhooks.record import Record

QUIET_S = 10.0
MAX_KINDS = 1000
_MAX_SEGMENT = 64

# Gateway, tenant, and code or status.
LogKind = tuple[str, str, str]

_UNPROCESSED = {"quarantined": "webhook.quarantined", "conflict": "webhook.conflict"}

log = structlog.get_logger(__name__)


class RejectionLog:
    """Logs the first of each kind at once, and later ones together."""

    def __init__(self) -> None:
        self._kinds: dict[LogKind, tuple[float, int]] = {}

    def log_rejection(
        self, *, gateway: str, tenant: str, tenant_known: bool, code: str, status: int, size: int
    ) -> None:
        """Log a rejection. All unknown tenants are one kind, so that invented names add no lines."""
        kind = gateway[:_MAX_SEGMENT], tenant[:_MAX_SEGMENT] if tenant_known else "", code
        suppressed = self._suppressed(kind)
        if suppressed is not None:
            log.warning(
                "webhook.rejected",
                gateway=kind[0],
                tenant=tenant[:_MAX_SEGMENT],
                code=code,
                status=status,
                bytes=size,
                suppressed=suppressed,
            )

    def log_unprocessed(self, record: Record, outcome: str) -> None:
        suppressed = self._suppressed((record.gateway, str(record.tenant_id), outcome))
        if suppressed is not None:
            log.warning(
                _UNPROCESSED[outcome],
                gateway=record.gateway,
                tenant_id=record.tenant_id,
                event_id=record.event_id,
                event_type=record.gateway_event_type,
                reason=record.reason,
                suppressed=suppressed,
            )

    def _suppressed(self, kind: LogKind) -> int | None:
        """Return how many of the kind were suppressed since its last line, or None to suppress this one too."""
        now = time.monotonic()
        logged_at, suppressed = self._kinds.get(kind, (-QUIET_S, 0))
        if now - logged_at < QUIET_S:
            self._kinds[kind] = logged_at, suppressed + 1
            return None
        if len(self._kinds) >= MAX_KINDS:
            self._kinds.clear()
        self._kinds[kind] = now, 0
        return suppressed
