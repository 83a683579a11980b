"""What an endpoint receives: one validated request, and the services of the process."""

from asyncio import Semaphore
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import aiohttp
import asyncpg
from aiohttp import web

from orylo_api.access.identity import Principal
from orylo_api.access.sessions import Lifetimes, Origin
from orylo_api.destinations.dispatch_client import DispatchClient
from orylo_api.detections.detector_client import DetectorClient
from orylo_api.http.fields import ResponseBody
from orylo_api.http.tenancy import tenant_transaction
from orylo_api.http.tenant_turns import TenantTurns
from orylo_api.payment_health.checks import PaymentHealthChecks
from orylo_api.read_models.stream_events import encode_event
from orylo_api.settings import Settings
from orylo_api.stream.hub import StreamHub
from orylo_api.stream.overview import OverviewWatches
from orylo_api.web_vitals.limit import VitalsLimit
from orylo_api.webhooks.ingest_client import IngestClient
from orylo_common.broker.ports import Broker, Outgoing
from orylo_common.clock import Clock
from orylo_common.control import Keyring
from orylo_common.control.plane import ControlPlane
from orylo_common.postgres.outbox import OutboxRelay
from orylo_common.postgres.pool import Connection
from orylo_common.telemetry.health import Health

# Connections of the requests' pool. No tenant has more than half of what the requests of all share.
CONNECTIONS = 8
# Each import holds its file, of up to 16 MiB, and a connection of the pool.
UPLOADS_AT_ONCE = 2
# Each holds a connection of the pool while it waits for a destination's answer.
CHECKS_AT_ONCE = 2
# Each fetches a page of a tenant's site, and holds up to a megabyte for up to 8 s.
PAGES_AT_ONCE = 4
# Each verification takes 64 MiB and about 50 ms of a core.
PASSWORDS_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Services:
    # Row-level security binds each of its transactions to one tenant.
    tenant_pool: asyncpg.Pool
    # For lookups before the tenant is known: sessions, API keys, the stream.
    private_pool: asyncpg.Pool
    keyring: Keyring
    broker: Broker
    relay: OutboxRelay
    hub: StreamHub
    overviews: OverviewWatches
    detector: DetectorClient
    # Of the control plane, the switches.
    plane: ControlPlane
    payment_health: PaymentHealthChecks
    ingest: IngestClient
    dispatch: DispatchClient
    # For ingest's public port.
    http: aiohttp.ClientSession
    clock: Clock
    settings: Settings
    # This replica's own, as `/readyz` shows it.
    health: Health
    # The age of the oldest message that this replica has received and not projected.
    projection_lag_s: Callable[[], float]
    # The OpenAPI document, as bytes.
    document: bytes = field(repr=False)
    password_turns: Semaphore = field(default_factory=lambda: Semaphore(PASSWORDS_AT_ONCE))
    connection_turns: TenantTurns = field(default_factory=lambda: _halved(CONNECTIONS))
    check_turns: TenantTurns = field(default_factory=lambda: _halved(CHECKS_AT_ONCE))
    upload_turns: TenantTurns = field(default_factory=lambda: _halved(UPLOADS_AT_ONCE))
    page_turns: TenantTurns = field(default_factory=lambda: _halved(PAGES_AT_ONCE))
    vitals_limit: VitalsLimit = field(default_factory=VitalsLimit)

    @property
    def lifetimes(self) -> Lifetimes:
        settings = self.settings
        return Lifetimes(
            settings.api_access_lifetime, settings.api_refresh_lifetime, session=settings.api_session_lifetime
        )

    @asynccontextmanager
    async def tenant_transaction(self, principal: Principal, *, readonly: bool = False) -> AsyncIterator[Connection]:
        """Open a transaction bound to the caller's tenant, once that tenant has a turn at a connection."""
        tenant_id = principal.tenant.id
        async with (
            self.connection_turns.turn(tenant_id),
            tenant_transaction(self.tenant_pool, tenant_id, principal.role, readonly=readonly) as connection,
        ):
            yield connection


def _halved(in_all: int) -> TenantTurns:
    return TenantTurns(of_one=in_all // 2, in_all=in_all)


SERVICES = web.AppKey("services", Services)

PathValues = TypeVar("PathValues")
Query = TypeVar("Query")
Body = TypeVar("Body")


@dataclass(frozen=True, slots=True)
class Call(Generic[PathValues, Query, Body]):
    request: web.Request
    services: Services
    path: PathValues
    query: Query
    body: Body
    origin: Origin
    # The file that the request carries, for routes that take one.
    upload: bytes = field(default=b"", repr=False)
    known_principal: Principal | None = None
    open_transaction: Connection | None = None
    # Messages whose outbox rows are in the transaction; they are published after the commit.
    outgoing: list[Outgoing] = field(default_factory=list)
    # Events of the caller's tenant, which are written at the end of the transaction.
    stream_events: list[bytes] = field(default_factory=list)

    def stream(self, event_type: str, data: ResponseBody) -> None:
        """Send an event to the tenant's open streams once the transaction commits.

        The type is one of `stream/event_types.py`, and `data` its model.
        """
        self.stream_events.append(encode_event(event_type.encode(), data.model_dump(mode="json")))

    @property
    def principal(self) -> Principal:
        """The caller. Only for routes that are not open to anyone."""
        if self.known_principal is None:
            raise RuntimeError("this route is open to anyone")
        return self.known_principal

    @property
    def connection(self) -> Connection:
        """The transaction of this request, bound to the caller's tenant. Only for routes with a permission."""
        if self.open_transaction is None:
            raise RuntimeError("this route has no transaction")
        return self.open_transaction


Endpoint = Callable[[Call[Any, Any, Any]], Awaitable[ResponseBody | web.StreamResponse]]
