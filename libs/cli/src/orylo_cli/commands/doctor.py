"""`orylo doctor`: diagnose a platform."""

import asyncio
from dataclasses import asdict
from typing import Annotated

import typer

from orylo_cli.checks import Check, check_all
from orylo_cli.commands.options import DEFAULT_DATA_DIR, DataDirOption, JsonOption
from orylo_cli.console import FAILED, out, print_json, print_text
from orylo_cli.embedded.errors import EmbeddedError
from orylo_cli.target import open_target


def doctor(
    service: Annotated[
        list[str] | None,
        typer.Option(metavar="URL", help="Also check the service at this URL (distributed platforms). Repeatable."),
    ] = None,
    production: Annotated[
        bool, typer.Option("--production", help="Also check what going live needs: docs/go-live.md explains each line.")
    ] = False,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Check PostgreSQL, migrations, broker, Redis, master key and services. Exit with 1 if a check fails.

    Examples: `orylo doctor`, `orylo doctor --production`, `orylo doctor --service http://ingest:8080 --service
    http://detector:9100`
    """
    try:
        with open_target(data_dir, "doctor", migrated=False) as target:
            checks = asyncio.run(check_all(target, service or []))
            if production and all(check.ok for check in checks if check.name in {"postgres", "migrations"}):
                # Imported here, because it imports the demo with its gateways.
                from orylo_cli.production_checks import check_production

                checks += asyncio.run(check_production(target))
    except EmbeddedError as error:
        finding, _, advice = str(error).partition(": ")
        checks = [Check("platform", ok=False, finding=finding, advice=advice)]
    ok = all(check.ok for check in checks)
    if as_json:
        print_json({"ok": ok, "checks": [asdict(check) for check in checks]})
    else:
        for check in checks:
            mark = "[green]✓[/]" if check.ok else "[red]✗[/]"
            out.print(mark, check.name.ljust(12), end=" ")
            print_text(check.finding if check.ok else f"{check.finding} → {check.advice}")
    if not ok:
        raise typer.Exit(FAILED)
