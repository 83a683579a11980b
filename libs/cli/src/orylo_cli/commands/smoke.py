"""`orylo smoke`: one sale through the whole platform."""

import asyncio
import os
from dataclasses import asdict
from typing import Annotated
from urllib.parse import urlsplit

import typer

from orylo_cli.commands.options import DEFAULT_DATA_DIR, DataDirOption, JsonOption
from orylo_cli.console import FAILED, exit_with_error, out, print_json, print_text
from orylo_cli.operations.destinations import DestinationLine, list_destinations
from orylo_cli.signers import read_signers
from orylo_cli.smoke.sale import new_sale
from orylo_cli.smoke.steps import SmokeStep, SmokeTest
from orylo_cli.target import OWN_ROLE, Target, open_target
from orylo_common.clock import SystemClock
from orylo_common.control.tenants import find_tenant
from orylo_common.postgres.pool import open_pool

DEFAULT_INGEST_URL = "http://127.0.0.1:8080"
REAL_META = "graph.facebook.com"


def smoke(
    tenant: Annotated[str, typer.Option(help="The tenant's slug or id. Best one of its own, for tests.")] = "demo",
    ingest_url: Annotated[
        str | None,
        typer.Option(envvar="ORYLO_INGEST_URL", help="The URL of ingest. Default: the one that `orylo up` runs."),
    ] = None,
    report_sale: Annotated[
        bool,
        typer.Option(
            "--report-sale", help="Send the sale of 1.00 BRL to real destinations too. They count it as a sale."
        ),
    ] = False,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Send one sale through a running platform: ad click, webhook, decision, conversion, dashboard.

    It needs a tenant with Stripe or Hotmart and with a destination. Every step is checked in the database, and shown
    with its time since the start. The first step that fails ends the test, with advice.

    Exit status: 0 if the sale arrived everywhere, 1 if a step failed, always within 30 seconds. Run it after every
    deployment, or from a scheduler.

    The sale is a real one to the platform. A destination that is neither a fake nor has a `test_event_code` would count
    it, so the command refuses to use such a one without --report-sale.

    Example: `orylo smoke` (while `orylo up --demo` runs)

    Example: `orylo smoke --tenant smoke-test --json`
    """
    with open_target(data_dir, "smoke", migrated=False) as target:
        url = ingest_url or (target.running.ingest_url if target.running else DEFAULT_INGEST_URL)
        steps = asyncio.run(_run(target, url, tenant, report_sale=report_sale))
    ok = all(step.ok for step in steps)
    if as_json:
        print_json({"ok": ok, "steps": [asdict(step) for step in steps]})
    else:
        for step in steps:
            mark = "[green]✓[/]" if step.ok else "[red]✗[/]"
            out.print(mark, step.name.ljust(12), f"{step.seconds:6.2f} s  ", end="")
            print_text(step.finding if step.ok else f"{step.finding} → {step.advice}")
    if not ok:
        raise typer.Exit(FAILED)


async def _run(target: Target, url: str, tenant: str, *, report_sale: bool) -> list[SmokeStep]:
    signers = await read_signers(target, tenant)
    if not signers:
        exit_with_error(f"neither Stripe nor Hotmart is enabled: orylo gateway set {tenant} stripe --secret-stdin")
    gateway = next(iter(signers))
    async with open_pool(target.database_url, role=OWN_ROLE, max_size=1) as pool, pool.acquire() as connection:
        found = await find_tenant(connection, tenant)
        destinations = [each for each in await list_destinations(connection, found.id) if each.enabled]
        _check_destinations(target, destinations, tenant, report_sale=report_sale)
        sale = new_sale(gateway, SystemClock().now())
        return await SmokeTest(connection, url, found.id, found.slug, sale, signers[gateway]).run()


def _check_destinations(target: Target, destinations: list[DestinationLine], tenant: str, *, report_sale: bool) -> None:
    ad_platforms = [each for each in destinations if each.kind != "stripe"]
    if not ad_platforms:
        exit_with_error(f"no destination is enabled: orylo destination add {tenant} meta --pixel-id … --token-stdin")
    fake = (target.running is not None and target.running.demo) or _uses_fake_meta()
    counting = [each.name for each in ad_platforms if not each.config.get("test_event_code")]
    if counting and not fake and not report_sale:
        exit_with_error(
            f"destination {', '.join(counting)} would count the sale of 1.00 BRL: give it a test_event_code, "
            "use a tenant for tests, or add --report-sale"
        )


def _uses_fake_meta() -> bool:
    host = urlsplit(os.environ.get("ORYLO_META_BASE_URL", "")).hostname
    return host is not None and host != REAL_META
