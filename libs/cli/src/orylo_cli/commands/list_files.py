"""`orylo list import` and `export`: lists as CSV files."""

import sys
from contextlib import nullcontext
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from orylo_cli.commands.options import DEFAULT_DATA_DIR, DataDirOption, JsonOption, TenantArgument
from orylo_cli.console import FAILED, print_json, print_note, print_text
from orylo_cli.operations.lists import ExpiresOption, ListOption, document_key_of, read_reason
from orylo_cli.target import open_target
from orylo_common.control.lists.csv_files import LineDefaults, entry_line, header_line, read_entries
from orylo_common.control.lists.entries import ListEntry
from orylo_common.control.lists.imports import MAX_PROBLEMS, ImportResult, import_entries, read_page
from orylo_common.control.lists.values import EntryType
from orylo_common.control.tenants import find_tenant
from orylo_common.postgres.pool import Connection


def import_(
    tenant: TenantArgument,
    file: Annotated[
        typer.FileBinaryRead,
        typer.Argument(metavar="FILE", help="A CSV file in UTF-8. `-` reads standard input."),
    ],
    name: ListOption = None,
    reason: Annotated[
        str | None, typer.Option(parser=read_reason, metavar="TEXT", help="The reason of lines that give none.")
    ] = None,
    expires: ExpiresOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count what would change, and store nothing.")] = False,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Import entries from a CSV file: all of it, or nothing if a line is invalid. A repeated import changes nothing.

    The first line names the columns: `type` and `value`, and of `list`, `reason` and `expires_at` those that the
    options do not set. They are separated by commas, semicolons or tabs. At most 16 MiB and 100,000 lines.

    Example: `orylo list import minha-loja stolen.csv --list block --reason "stolen cards" --expires 90d --dry-run`
    """
    with open_target(data_dir, "list import") as target:

        async def work(connection: Connection) -> ImportResult:
            found = await find_tenant(connection, tenant)
            key = await document_key_of(connection, target)
            read = read_entries(file, LineDefaults(name, reason, expires), key)
            now = datetime.now(UTC)
            return await import_entries(connection, found.id, read, actor=target.actor, now=now, dry_run=dry_run)

        result = target.run(work)
    if as_json:
        print_json(asdict(result))
    else:
        _print(result, dry_run=dry_run)
    if result.invalid:
        raise typer.Exit(FAILED)


def export(
    tenant: TenantArgument,
    name: ListOption = None,
    entry_type: Annotated[EntryType | None, typer.Option("--type", help="Only entries of this type.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file to write. Default: standard output.")
    ] = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Export the entries in effect as a CSV file, which `orylo list import` reads. Hashes stay hashes.

    Example: `orylo list export minha-loja --list block --output blocked.csv`
    """
    opened = nullcontext(sys.stdout.buffer) if output is None else output.open("wb")
    with open_target(data_dir, "list export") as target, opened as file:

        async def work(connection: Connection) -> None:
            found = await find_tenant(connection, tenant)
            file.write(header_line().encode())
            last: ListEntry | None = None
            while page := await read_page(connection, found.id, after=last, list_name=name, entry_type=entry_type):
                file.write("".join(map(entry_line, page)).encode())
                last = page[-1]

        target.run(work)


def _print(result: ImportResult, *, dry_run: bool) -> None:
    for problem in result.problems:
        place = f"line {problem.line}, {problem.column}" if problem.column else f"line {problem.line}"
        print_note(f"{place}: {problem.message}")
    if result.invalid > MAX_PROBLEMS:
        print_note(f"and {result.invalid - MAX_PROBLEMS:,} more invalid lines")
    counts = [f"{getattr(result, each):,} {each}" for each in ("added", "changed", "unchanged", "expired", "invalid")]
    outcome = "imported" if result.stored else "would be imported" if not result.invalid else "nothing was imported"
    print_text(f"{outcome}: {', '.join(counts)}" if not result.invalid or dry_run else outcome)
