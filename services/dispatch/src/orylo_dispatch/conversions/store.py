"""Record facts in PostgreSQL: many in one transaction, with one or two statements for each type of fact."""

from collections.abc import Sequence
from typing import TypeVar

from orylo_common.clock import Clock
from orylo_common.postgres.pool import Connection
from orylo_common.postgres.tables import Table
from orylo_dispatch.conversions.clicks import record_clicks
from orylo_dispatch.conversions.decisions import release, upsert_decisions
from orylo_dispatch.conversions.deliveries import add_deliveries
from orylo_dispatch.conversions.enrichments import enrich
from orylo_dispatch.conversions.facts import (
    ClickSeen,
    DecisionSeen,
    EnrichmentSeen,
    Fact,
    PaymentSeen,
    RedriveRequested,
    ReversalSeen,
)
from orylo_dispatch.conversions.redrives import redrive
from orylo_dispatch.conversions.revisions import revise
from orylo_dispatch.delivery.recorder import SideEffects
from orylo_dispatch.outbox import write_messages

# Kept for later corrections at the destinations.
REVERSALS = Table("dispatch.reversals", ReversalSeen)

OneType = TypeVar("OneType", ClickSeen, PaymentSeen, EnrichmentSeen, DecisionSeen, ReversalSeen, RedriveRequested)


class FactStore:
    """`write` runs in the transaction of a group commit."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def write(self, connection: Connection, facts: Sequence[Fact]) -> list[SideEffects]:
        """Record the facts; a repeated fact has no effect. Without facts of a type its statements are not executed."""
        now = self._clock.now()
        effects = [SideEffects() for _ in facts]
        payments = _of_type(PaymentSeen, facts, effects)
        decided = _of_type(DecisionSeen, facts, effects)

        # Every transaction takes its locks in this order.
        await record_clicks(connection, [fact for fact, _ in _of_type(ClickSeen, facts, effects)], now.date())
        await REVERSALS.insert_new(connection, [fact for fact, _ in _of_type(ReversalSeen, facts, effects)])
        decisions = await upsert_decisions(connection, [fact for fact, _ in payments], [fact for fact, _ in decided])
        await add_deliveries(connection, payments, decisions, now)
        await release(connection, decided, decisions, now)
        await revise(connection, decided, decisions, now)
        await enrich(connection, _of_type(EnrichmentSeen, facts, effects), now)
        await redrive(connection, _of_type(RedriveRequested, facts, effects), now)
        await write_messages(connection, [message for each in effects for message in each.messages])
        return effects


def _of_type(
    fact_type: type[OneType], facts: Sequence[Fact], effects: Sequence[SideEffects]
) -> list[tuple[OneType, SideEffects]]:
    return [(fact, effect) for fact, effect in zip(facts, effects, strict=True) if isinstance(fact, fact_type)]
