"""Attribute payments to clicks, and make the conversions to report."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from orylo_common.messages import Match
from orylo_common.postgres.pool import Connection
from orylo_dispatch.conversions.clicks import find_candidates
from orylo_dispatch.conversions.facts import PaymentSeen
from orylo_dispatch.domain.conversion import OutgoingConversion, conversion_of
from orylo_dispatch.domain.matching import match


class Attribution(NamedTuple):
    seen: PaymentSeen
    match: Match
    conversion: OutgoingConversion

    @property
    def utm(self) -> dict[str, Any] | None:
        """Return the click's utm parameters as they are stored."""
        return self.match.utm.model_dump(exclude_none=True) if self.match.utm else None


async def attribute(connection: Connection, payments: Sequence[PaymentSeen]) -> list[Attribution]:
    attributions = []
    for seen, clicks in zip(payments, await find_candidates(connection, payments), strict=True):
        matched, click = match(seen.signals, clicks, seen.policy)
        attributions.append(Attribution(seen, matched, conversion_of(seen.payment, click)))
    return attributions
