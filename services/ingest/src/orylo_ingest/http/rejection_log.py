"""Wide log lines for what was refused or set aside, however many times it is: a few a minute of a kind."""

import time

import structlog

from orylo_ingest.webhooks.record import Record

QUIET_S = 10.0
MAX_KINDS = 1000
_MAX_SEGMENT = 64

Kind = tuple[str, str, str]

log = structlog.get_logger(__name__)


class RejectionLog:
    """The first of a kind is logged at once, the next ones together."""

    def __init__(self) -> None:
        self._kinds: dict[Kind, tuple[float, int]] = {}

    def tell(self, *, gateway: str, tenant: str, code: str, status: int, size: int) -> None:
        kind = gateway[:_MAX_SEGMENT], tenant[:_MAX_SEGMENT], code
        unsaid = self._unsaid(kind)
        if unsaid is not None:
            log.warning(
                "webhook.rejected",
                gateway=kind[0],
                tenant=kind[1],
                code=code,
                status=status,
                bytes=size,
                more_since_the_last_line=unsaid,
            )

    def tell_set_aside(self, record: Record, why: str) -> None:
        """`why`: quarantined, or conflict."""
        unsaid = self._unsaid((record.gateway, str(record.tenant_id), why))
        if unsaid is not None:
            log.warning(
                "webhook.set_aside",
                why=why,
                gateway=record.gateway,
                tenant_id=record.tenant_id,
                event_id=record.event_id,
                event_type=record.gateway_event_type,
                reason=record.reason,
                more_since_the_last_line=unsaid,
            )

    def _unsaid(self, kind: Kind) -> int | None:
        """How many of the kind went without a line since the last one; None while it is too soon for another."""
        now = time.monotonic()
        said_at, unsaid = self._kinds.get(kind, (-QUIET_S, 0))
        if now - said_at < QUIET_S:
            self._kinds[kind] = said_at, unsaid + 1
            return None
        if len(self._kinds) >= MAX_KINDS:
            self._kinds.clear()
        self._kinds[kind] = now, 0
        return unsaid
