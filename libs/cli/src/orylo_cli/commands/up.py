"""`orylo up`: the whole platform in one process."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from typing import Annotated, get_args
from urllib.parse import urlsplit

import typer

from orylo_cli.actor import command_actor
from orylo_cli.alerting.settings import NotifySettings
from orylo_cli.commands.options import DEFAULT_DATA_DIR, DataDirOption
from orylo_cli.console import exit_with_error, noting_progress, print_note, print_text
from orylo_cli.demo.fake_meta.faults import FaultMode
from orylo_cli.demo.fakes import run_fakes
from orylo_cli.demo.shop import EMAIL, FAKE_META_ONLY, PASSWORD, TENANT, close_shop, set_up_shop
from orylo_cli.demo.traffic import RATE, demo_traffic
from orylo_cli.embedded.data_dir import DataDir, RunningPlatform
from orylo_cli.embedded.errors import EmbeddedError
from orylo_cli.embedded.health import reserve_port, serve_health
from orylo_cli.embedded.logins import create_logins
from orylo_cli.embedded.master_key import store_new_master_key
from orylo_cli.embedded.ports import check_port
from orylo_cli.embedded.postgres import EmbeddedPostgres
from orylo_cli.embedded.supervision import Supervisor
from orylo_cli.migrations import all_migrations
from orylo_cli.target import OWN_ROLE
from orylo_common.control.keyring import Keyring
from orylo_common.postgres.migrations import migrate
from orylo_common.postgres.pool import open_pool
from orylo_common.process import run_until_stopped
from orylo_common.settings import KeyringSettings, load
from orylo_common.telemetry.error_reports import configure_error_reports
from orylo_common.telemetry.logs import configure_logs
from orylo_common.telemetry.traces import configure_traces

LOOPBACK = "127.0.0.1"
FAULT_MODES = ", ".join(get_args(FaultMode))

# Plus 4 s for PostgreSQL: Ctrl-C ends everything within 10 s.
DRAIN_LIMIT = timedelta(seconds=5)


@dataclass(frozen=True)
class UpOptions:
    demo: bool
    folder: DataDir
    ingest_url: str
    api_url: str


def up(
    demo: Annotated[
        bool,
        typer.Option(
            "--demo",
            help="Run a demo shop with sample traffic, and a fake Meta that also receives other shops' conversions.",
        ),
    ] = False,
    ingest_port: Annotated[
        int, typer.Option(envvar="ORYLO_INGEST_PORT", min=1, max=65535, help="The port for webhooks and tracking.")
    ] = 8080,
    api_port: Annotated[
        int, typer.Option(envvar="ORYLO_API_PORT", min=1, max=65535, help="The port of the dashboard and the API.")
    ] = 8000,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Run the whole platform in one process, with its own PostgreSQL, until Ctrl-C.

    Example: `orylo up --demo --api-port 9000`
    """
    folder = DataDir(data_dir)
    with folder.locked("up"):
        hosts = {name: os.environ.get(f"ORYLO_{name}_HOST") or LOOPBACK for name in ("INGEST", "API")}
        if demo:
            _check_loopback(hosts)
        if (hosts["INGEST"], ingest_port) == (hosts["API"], api_port):
            raise EmbeddedError(
                f"ingest and the API both use port {api_port}: choose another with --ingest-port or --api-port"
            )
        check_port(hosts["INGEST"], ingest_port, "--ingest-port")
        check_port(hosts["API"], api_port, "--api-port")
        options = UpOptions(demo, folder, _url(hosts["INGEST"], ingest_port), _url(hosts["API"], api_port))
        stored_key = os.environ.get("ORYLO_MASTER_KEY") or folder.master_key()
        os.environ |= {
            # A placeholder, replaced once PostgreSQL runs, so that the other settings are validated before that.
            "ORYLO_DATABASE_URL": "postgresql://embedded",
            "ORYLO_BROKER_URL": "postgres",
            "ORYLO_REDIS_URL": "redis://embedded",
            "ORYLO_MASTER_KEY": stored_key or Keyring.generate(),
            "ORYLO_INGEST_PORT": str(ingest_port),
            "ORYLO_API_PORT": str(api_port),
            "ORYLO_LOG_LEVEL": os.environ.get("ORYLO_LOG_LEVEL") or "warning",
        }
        settings = load(KeyringSettings)
        # Checked before anything starts.
        load(NotifySettings)
        master_key = settings.master_key.get_secret_value()
        if not folder.postgres.exists():
            print_note("creating the database …")
        postgres = EmbeddedPostgres(folder.postgres)
        database_url = postgres.start()
        supervisor = Supervisor(postgres, urlsplit(database_url).port or 0)
        try:
            os.environ["ORYLO_DATABASE_URL"] = database_url
            configure_logs("orylo", settings.log_level, stream=sys.stderr)
            with (
                configure_error_reports("embedded", settings.sentry_dsn),
                configure_traces("embedded", settings.otlp_endpoint),
            ):
                if stored_key is None:
                    asyncio.run(store_new_master_key(folder, database_url, master_key))
                logins = asyncio.run(_prepare(options, database_url, Keyring.parse(master_key)))
                code = run_until_stopped(
                    lambda: _run(options, supervisor, database_url, logins), exit_limit=DRAIN_LIMIT
                )
        finally:
            postgres.stop()
    if supervisor.failure:
        raise supervisor.failure
    if code:
        exit_with_error("stopped after the error above. No accepted webhook was lost.", code)
    print_note("stopped")


@asynccontextmanager
async def _run(
    options: UpOptions, supervisor: Supervisor, database_url: str, logins: Mapping[str, str]
) -> AsyncIterator[None]:
    # Imported here, because it imports every service, which takes the other commands too long.
    from orylo_cli.alerting.running import watch_alarms
    from orylo_cli.composition import open_platform

    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        await enter(supervisor)
        facts = {"Dashboard": options.api_url, "API": f"{options.api_url}/api/docs"}
        if options.demo:
            fakes = await enter(run_fakes())
            meta = fakes.meta
            os.environ |= fakes.environment | {"ORYLO_API_LOOPBACK_NAMES_ONLY": "true"}
            os.environ["ORYLO_API_CHECKS_LOOPBACK_PAGES"] = "true"
            facts |= {
                "Sign in": f"{EMAIL}, password {PASSWORD}",
                "Fake Meta": f"{meta.base_url}/__control; switch its mode to test failures:",
                "": f"""curl -H 'Content-Type: application/json' -d '{{"mode": "down"}}' """
                f"{meta.base_url}/__control/mode ({FAULT_MODES})",
                "Note": FAKE_META_ONLY,
            }
        listener, health_url = reserve_port()
        os.environ |= {
            "ORYLO_DETECTOR_URL": f"{health_url}/detector",
            "ORYLO_INGEST_PRIVATE_URL": f"{health_url}/ingest",
            "ORYLO_INGEST_URL": options.ingest_url,
            "ORYLO_WEBHOOK_BASE_URL": os.environ.get("ORYLO_WEBHOOK_BASE_URL") or options.ingest_url,
            "ORYLO_DISPATCH_URL": f"{health_url}/dispatch",
            "ORYLO_TRUST_URL": f"{health_url}/trust",
        }
        services = await enter(open_platform(logins))
        await enter(serve_health(services, listener))
        channels = await enter(
            watch_alarms(
                load(NotifySettings),
                health_url=health_url,
                services=services,
                dashboard=options.api_url,
                folder=options.folder.path,
            )
        )
        facts["Alarms"] = ", ".join(channels) or "in this log; `orylo notify --help` explains how to be notified"
        if options.demo:
            await enter(demo_traffic(options.ingest_url))
            facts |= {"Traffic": f"{RATE:g} requests per second to tenant {TENANT}"}
        stack.enter_context(
            options.folder.reachable(
                RunningPlatform(
                    os.getpid(), database_url, options.ingest_url, options.api_url, health_url, options.demo
                )
            )
        )
        facts |= {
            "Webhooks": f"{options.ingest_url}/api/v1/webhooks/{{gateway}}/{{tenant}}",
            "Data": f"{options.folder.path} (PostgreSQL in {options.folder.postgres.resolve()})",
        }
        _announce(facts)
        yield


async def _prepare(options: UpOptions, database_url: str, keyring: Keyring) -> Mapping[str, str]:
    """Bring the database up to date, and return the services' logins."""
    # Imported here, because it imports the adapters, which takes the other commands too long.
    from orylo_cli.keyed_documents import SEARCHING, key_documents

    await migrate(database_url, all_migrations())
    await key_documents(database_url, keyring, progress=noting_progress(SEARCHING))
    async with (
        open_pool(database_url, role=OWN_ROLE, max_size=1) as pool,
        pool.acquire() as connection,
        connection.transaction(),
    ):
        if options.demo:
            await set_up_shop(connection, keyring, command_actor("up --demo"))
        else:
            await close_shop(connection, command_actor("up"))
    return await create_logins(database_url)


def _check_loopback(hosts: Mapping[str, str]) -> None:
    for name, host in hosts.items():
        if not _is_loopback(host):
            raise EmbeddedError(
                f"--demo has a public password and may only listen on the loopback interface: unset ORYLO_{name}_HOST"
            )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _announce(facts: dict[str, str]) -> None:
    print_text("\nOrylo is running. Press Ctrl-C to stop it.\n")
    for name, value in facts.items():
        print_text(f"  {name:<10} {value}")
    print_text("")


def _url(host: str, port: int) -> str:
    shown = LOOPBACK if host in ("0.0.0.0", "::") else host  # noqa: S104
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"
