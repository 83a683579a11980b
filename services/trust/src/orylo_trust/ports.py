"""The trust service's ports."""

from collections.abc import Awaitable
from typing import Protocol
from uuid import UUID

from orylo_common.control.sections.trust import TrustPolicy
from orylo_trust.domain.account import Standing
from orylo_trust.posting import Posting, PostingResult


class TrustPolicySource(Protocol):
    """The part of the control plane that the handlers use."""

    def settings(self, tenant_id: UUID, model: type[TrustPolicy], /) -> TrustPolicy: ...


class LedgerWriter(Protocol):
    def add(self, posting: Posting, /) -> Awaitable[PostingResult]:
        """Return once the posting is committed, was committed before, or waits for its payment."""


class StandingCache(Protocol):
    """Never raises: an unreachable cache behaves like an empty one."""

    async def get(self, tenant_id: UUID, customer_id: str) -> Standing | None: ...

    async def put(self, tenant_id: UUID, customer_id: str, standing: Standing) -> None: ...

    def forget(self, tenant_id: UUID, customer_id: str) -> None: ...
