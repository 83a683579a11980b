"""When a tenant's fuse trips: the share of blocked payments is far above the usual one."""

from typing import NamedTuple

from orylo_common.control.models import BlockRate
from orylo_common.control.sections.fuse import FusePolicy
from orylo_common.messages import Decision, DetectionCreated
from orylo_detector.domain.rule_effects import BY_FUSE, BY_RULE


def blocks_by_rule_or_risk(detection: DetectionCreated) -> bool:
    """Return whether rules or the risk block the payment, or would if the fuse had not tripped."""
    if detection.override == BY_FUSE:
        return True
    return detection.decision is Decision.BLOCK and detection.override in (None, BY_RULE)


class BlockCount(NamedTuple):
    """Paid payments, and those of them that rules or the risk blocked."""

    payments: int
    blocked: int

    @property
    def rate(self) -> float:
        return self.blocked / self.payments if self.payments else 0.0


def may_trip(window: BlockCount, policy: FusePolicy) -> bool:
    """Return whether the window admits a trip for some usual share."""
    enough = window.payments >= policy.min_payments and window.blocked >= policy.min_blocked
    return policy.enabled and enough and window.rate > min(policy.min_rate, policy.new_shop_rate)


def excess_rate(window: BlockCount, history: BlockCount, policy: FusePolicy) -> BlockRate | None:
    """Return the figures of a trip, or None if the fuse holds."""
    usual = history.rate if history.payments >= policy.min_history else None
    limit = policy.new_shop_rate if usual is None else max(policy.min_rate, policy.times_usual * usual)
    if not may_trip(window, policy) or window.rate <= limit:
        return None
    return BlockRate(window.payments, window.blocked, usual, limit)
