"""`orylo simulate`: a shop's traffic, as its gateways and buyers would make it."""

import asyncio
from contextlib import suppress
from typing import Annotated, get_args
from urllib.parse import urlsplit

import typer
from rich.live import Live
from rich.text import Text

from orylo_cli.commands.options import DEFAULT_DATA_DIR, DataDirOption, JsonOption
from orylo_cli.console import err, fail, note, say, say_json
from orylo_cli.simulate import Door, Gateway, RemoteTargetRefused, SimulateOptions, SimulateSummary, run
from orylo_cli.target import OWN_ROLE, Target, open_target
from orylo_common.control import ControlPlane, Part
from orylo_common.postgres.pool import open_pool

DEFAULT_INGEST_URL = "http://127.0.0.1:8080"

LONGEST_S = 86_400.0
_UNITS = {"s": 1, "m": 60, "h": 3600}


def _seconds(text: str | float) -> float:
    """A time as people write it."""
    written = str(text)
    number, unit = (written[:-1], written[-1]) if written[-1:] in _UNITS else (written, "s")
    try:
        seconds = float(number) * _UNITS[unit]
    except ValueError:
        raise typer.BadParameter(f"{written!r} is no time: write 90, 90s or 2m") from None
    if not 1 <= seconds <= LONGEST_S:
        raise typer.BadParameter("it takes from a second to a day")
    return seconds


def simulate(
    tenant: Annotated[str, typer.Option(help="The tenant's slug or id.")] = "demo",
    rate: Annotated[float, typer.Option(min=0.1, max=5_000, help="Requests a second, whatever the answers.")] = 20.0,
    duration: Annotated[
        float, typer.Option(parser=_seconds, metavar="TIME", help="Such as 90, 90s or 2m; seconds unless it says more.")
    ] = 60.0,
    seed: Annotated[int, typer.Option(help="The same seed: the same buyers and stories.")] = 1,
    ingest_url: Annotated[
        str | None,
        typer.Option(envvar="ORYLO_INGEST_URL", help="Where ingest is; that of the running `up` if left out."),
    ] = None,
    stripe_secret: Annotated[
        str | None, typer.Option(envvar="ORYLO_SIMULATE_STRIPE_SECRET", help="In place of the tenant's own.")
    ] = None,
    hotmart_hottok: Annotated[
        str | None, typer.Option(envvar="ORYLO_SIMULATE_HOTTOK", help="In place of the tenant's own.")
    ] = None,
    allow_remote: Annotated[bool, typer.Option("--allow-remote", help="Send to another machine too.")] = False,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Send realistic webhooks and page views: sales, declines, refunds, disputes, card testing, resends.

    Each is signed as its gateway signs. Weeks are compressed to seconds.

    Example: `orylo simulate --tenant minha-loja --rate 50 --duration 120`
    """
    if ingest_url is not None and not _is_url(ingest_url):
        raise typer.BadParameter(
            f"{ingest_url!r} is no URL: write one like {DEFAULT_INGEST_URL}", param_hint="--ingest-url"
        )
    given: dict[Gateway, str | None] = {"stripe": stripe_secret, "hotmart": hotmart_hottok}
    doors = {gateway: Door(gateway, secret) for gateway, secret in given.items() if secret}
    if not doors or ingest_url is None:
        with open_target(data_dir, "simulate") as target:
            doors = doors or asyncio.run(_doors(target, tenant))
            ingest_url = ingest_url or (target.running.ingest_url if target.running else DEFAULT_INGEST_URL)
    if not doors:
        fail(f"{tenant} has no Stripe or Hotmart switched on: orylo gateway set {tenant} hotmart --secret …")
    options = SimulateOptions(
        tenant, doors, ingest_url, seed=seed, rate=rate, duration_s=duration, allow_remote=allow_remote
    )
    summary = SimulateSummary()
    # Ctrl-C ends the sending, and what was sent is told all the same.
    with suppress(KeyboardInterrupt):
        asyncio.run(_watched(options, summary))
    if as_json:
        say_json(summary.as_json())
    else:
        say(_line(summary))
    if not summary.tracking:
        note("page views were left out: ingest has no tracking for this tenant")
    if not summary.answered:
        fail(f"nothing answered at {ingest_url}: is `orylo up` running?")


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


async def _doors(target: Target, tenant: str) -> dict[Gateway, Door]:
    """The tenant's own, with the first of each gateway's secrets."""
    async with open_pool(target.database_url, role=OWN_ROLE, max_size=1) as pool:
        plane = ControlPlane(pool, target.keyring(), frozenset({Part.GATEWAYS}))
        await plane.reload()
    found = plane.tenant(tenant)
    if found is None:
        fail(f"no tenant {tenant!r}: orylo tenant create {tenant}")
    doors: dict[Gateway, Door] = {}
    for gateway in get_args(Gateway):
        setting = plane.gateway(found.id, gateway)
        if setting and setting.enabled and setting.secrets:
            doors[gateway] = Door(gateway, setting.secrets[0].value.decode(), setting.mode)
    return doors


async def _watched(options: SimulateOptions, summary: SimulateSummary) -> None:
    with Live(get_renderable=lambda: Text(_line(summary)), console=err, refresh_per_second=4, transient=True):
        try:
            await run(options, summary)
        except RemoteTargetRefused as refused:
            fail(str(refused))


def _line(summary: SimulateSummary) -> str:
    return (
        f"{summary.elapsed_s:.0f} s  sent {summary.sent}  accepted {summary.accepted}  "
        f"duplicates {summary.duplicates}  page views {summary.visits}  refused {summary.refused}  "
        f"errors {summary.errors}  p95 {summary.percentile_ms(0.95):.1f} ms"
    )
