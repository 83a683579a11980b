"""What the trust service needs from outside."""

from typing import Protocol
from uuid import UUID

from orylo_trust.domain.account import Standing


class StandingCache(Protocol):
    """Raises nothing: a cache that is away is a cache that is empty."""

    async def get(self, tenant_id: UUID, customer_id: str) -> Standing | None: ...

    async def put(self, tenant_id: UUID, customer_id: str, standing: Standing) -> None: ...

    def forget(self, tenant_id: UUID, customer_id: str) -> None: ...
