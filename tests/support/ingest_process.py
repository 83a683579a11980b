"""Run ingest as a separate process, as it is deployed. Only there can a test measure its memory."""

import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from orylo_common.control import Keyring
from orylo_common.control.gateway_secrets import put_gateway_secret
from orylo_common.control.gateways import GatewayConfig, set_gateway
from orylo_common.control.models import Mode
from orylo_common.control.sections.limits import LimitSettings
from orylo_common.control.sections.store import write_section
from orylo_common.control.tenants import create_tenant
from orylo_common.postgres.pool import open_pool
from orylo_ingest.gateways import GATEWAYS
from tests.support.actors import ACTOR
from tests.support.servers import child, free_ports, wait_until

SECRET = "whsec_process_only"
# A test sends in a moment what a shop sends in a week.
UNLIMITED = LimitSettings(**dict.fromkeys(LimitSettings.model_fields, 1_000_000))


@dataclass(frozen=True)
class IngestProcess:
    port: int
    pid: int
    log: Path

    @property
    def resident_mib(self) -> float:
        return float(psutil.Process(self.pid).memory_info().rss) / 2**20

    def metric(self, name: str) -> float:
        """Return a metric's sum over all labels."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as response:
            lines = response.read().decode().splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith((f"{name}{{", f"{name} ")))

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=1) as response:
                return bool(response.status == 200)
        except OSError:
            return False


@contextmanager
def ingest_process(folder: Path, environment: Mapping[str, str], *, port: int | None = None) -> Iterator[IngestProcess]:
    """Start ingest and wait until it answers. `environment` is from `environment_for`; processes may share `port`."""
    folder.mkdir(exist_ok=True)
    port = port or free_ports(1)[0]
    command = [sys.executable, "-m", "orylo_ingest", "run"]
    with child(command, folder, env={**environment, "ORYLO_INGEST_PORT": str(port)}) as pid:
        log = folder / "log"
        running = IngestProcess(port, pid, log)
        # Also check its own log: if processes share the port, another one may have answered.
        wait_until(lambda: "process.started" in log.read_text() and running.answers(), "ingest", log)
        yield running


def environment_for(
    dsn: str, *, master_key: str, redis_url: str, broker_url: str = "postgres", **more: str
) -> dict[str, str]:
    return {
        "PYTHONUNBUFFERED": "1",
        "ORYLO_DATABASE_URL": dsn,
        "ORYLO_REDIS_URL": redis_url,
        "ORYLO_BROKER_URL": broker_url,
        "ORYLO_MASTER_KEY": master_key,
        **more,
    }


async def open_shop(
    dsn: str, master_key: str, slug: str, *, mode: Mode = "native", limits: LimitSettings = UNLIMITED
) -> None:
    """Create a tenant with every gateway enabled, all with `SECRET`."""
    async with open_pool(dsn, role="none", max_size=1) as pool, pool.acquire() as connection, connection.transaction():
        tenant = await create_tenant(connection, slug, actor=ACTOR)
        await write_section(connection, tenant.id, limits, actor=ACTOR)
        for gateway in GATEWAYS:
            await set_gateway(connection, tenant.id, gateway, GatewayConfig(mode=mode), actor=ACTOR)
            await put_gateway_secret(
                connection, Keyring.parse(master_key), tenant.id, gateway, label="only", secret=SECRET, actor=ACTOR
            )
