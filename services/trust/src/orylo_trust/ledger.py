"""Posting to the ledger: committed with others in one batch, then told to the bus and to the cache."""

from collections.abc import Sequence
from typing import Protocol

from prometheus_client import Counter

from orylo_common.broker.ports import Outgoing
from orylo_common.postgres.group_commit import GroupCommit
from orylo_trust.ports import StandingCache
from orylo_trust.posting import Posting
from orylo_trust.store import Posted

CHANGES = Counter("orylo_trust_changes_total", "Changes of a score or a status")
UNCHANGED = Counter("orylo_trust_unchanged_total", "Messages that changed no score and no status, such as repeats")


class Announcer(Protocol):
    def offer(self, messages: Sequence[Outgoing]) -> None: ...


class Ledger:
    def __init__(self, batches: GroupCommit[Posting, Posted], announcer: Announcer, cache: StandingCache) -> None:
        self._batches = batches
        self._announcer = announcer
        self._cache = cache

    async def post(self, posting: Posting) -> None:
        """Returns once it is committed, or was before, or waits for its payment."""
        posted = await self._batches.add(posting)
        if not posted.announced:
            UNCHANGED.inc()
            return
        CHANGES.inc(len(posted.announced))
        self._announcer.offer(posted.announced)
        for tenant_id, customer_id in posted.customers:
            self._cache.forget(tenant_id, customer_id)
