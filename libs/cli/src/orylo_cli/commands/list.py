"""`orylo list`: what a tenant always blocks or allows, and what its rules look up."""

from dataclasses import asdict
from typing import Annotated
from uuid import UUID

import typer

from orylo_cli.commands.list_files import export, import_
from orylo_cli.commands.options import DEFAULT_DATA_DIR, DataDirOption, JsonOption, TenantArgument, secret_of
from orylo_cli.console import print_json, print_note, print_rows, print_text
from orylo_cli.operations.lists import ExpiresOption, ListOption, document_key_of, read_list_name, read_reason
from orylo_cli.target import open_target
from orylo_common.control.lists.entries import (
    ListEntry,
    NewEntry,
    add_entry,
    change_entry,
    find_by_value,
    find_entry,
    remove_entry,
)
from orylo_common.control.lists.imports import BATCH, read_page
from orylo_common.control.lists.values import EntryType, entry_value
from orylo_common.control.tenants import find_tenant
from orylo_common.postgres.pool import Connection

app = typer.Typer(no_args_is_help=True, help="What a tenant always blocks or allows, and what its rules look up.")
app.command("import")(import_)
app.command("export")(export)

EntryArgument = Annotated[UUID, typer.Argument(metavar="ID", help="The entry's id, from `orylo list show`.")]


@app.command()
def add(
    tenant: TenantArgument,
    name: Annotated[
        str,
        typer.Argument(
            metavar="LIST",
            parser=read_list_name,
            help="`block`, `allow`, or a list of your own, which only rules look up.",
        ),
    ],
    entry_type: Annotated[EntryType, typer.Argument(metavar="TYPE", help=f"One of {', '.join(EntryType)}.")],
    value: Annotated[
        str,
        typer.Argument(
            metavar="VALUE",
            help="A customer's id, an email address, its domain, an IP address or network (CIDR), a card's "
            "fingerprint, its first 6 to 8 digits, its country, a device (`_fbp`) or a document such as a CPF. "
            "`-` reads it from standard input, where no process list or shell history shows it.",
        ),
    ],
    reason: Annotated[
        str, typer.Option(parser=read_reason, metavar="TEXT", help="Why. It must not hold personal data.")
    ],
    expires: ExpiresOption = None,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Add an entry to a list. It holds from the next payment on.

    An entry that names the buyer (customer, email, document, card, device) counts before one that names a group (ip,
    email_domain, bin, card_country). Of several networks or BINs the longest counts, and then a block before an
    allowance. Emails, domains and documents are stored only as hashes.

    Example: `orylo list add minha-loja block ip 203.0.113.0/24 --reason "card testing" --expires 30d`

    Example: `echo ana@example.com | orylo list add minha-loja block email - --reason chargeback`
    """
    text = secret_of(value, from_stdin=value == "-") or ""
    with open_target(data_dir, "list add") as target:

        async def work(connection: Connection) -> ListEntry:
            found = await find_tenant(connection, tenant)
            key = await document_key_of(connection, target) if entry_type is EntryType.DOCUMENT else None
            new = NewEntry(name, entry_type, entry_value(entry_type, text, key), reason, expires)
            return await add_entry(connection, found.id, new, actor=target.actor)

        entry = target.run(work)
    if as_json:
        print_json(asdict(entry))
    else:
        print_text(f"added {entry.type} {entry.value} to the list {name} of {tenant}: {entry.id}")


@app.command()
def show(
    tenant: TenantArgument,
    name: ListOption = None,
    entry_type: Annotated[EntryType | None, typer.Option("--type", help="Only entries of this type.")] = None,
    value: Annotated[
        str | None,
        typer.Option(help="Only entries that apply to this value, which needs --type. `-` reads standard input."),
    ] = None,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Show the entries in effect, oldest first: at most 1,000. `orylo list export` writes all of them.

    Example: `orylo list show minha-loja --list block --type ip --value 203.0.113.7`
    """
    if value is not None and entry_type is None:
        raise typer.BadParameter("a value needs its --type", param_hint="--value")
    text = secret_of(value, from_stdin=value == "-")

    with open_target(data_dir, "list show") as target:

        async def work(connection: Connection) -> list[ListEntry]:
            found = await find_tenant(connection, tenant)
            if entry_type is None or text is None:
                return await read_page(connection, found.id, list_name=name, entry_type=entry_type)
            key = await document_key_of(connection, target) if entry_type is EntryType.DOCUMENT else None
            entries = await find_by_value(connection, found.id, entry_type, entry_value(entry_type, text, key))
            return [entry for entry in entries if name in {None, entry.list}]

        entries = target.run(work)
    hidden = () if as_json else ("updated_at",)
    rows = [{key: each for key, each in asdict(entry).items() if key not in hidden} for entry in entries]
    print_rows(rows, as_json=as_json, empty="no such entries; add one: orylo list add TENANT block ip ADDRESS")
    if len(entries) == BATCH:
        print_note(f"the first {BATCH:,} entries; orylo list export writes all of them")


@app.command()
def change(
    tenant: TenantArgument,
    entry_id: EntryArgument,
    reason: Annotated[
        str | None, typer.Option(parser=read_reason, metavar="TEXT", help="The new reason. Default: as it was.")
    ] = None,
    expires: ExpiresOption = None,
    endless: Annotated[bool, typer.Option("--endless", help="The entry no longer ends.")] = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Change an entry's reason, its expiry, or both. What is not named stays as it was.

    Example: `orylo list change minha-loja 0190f3c2-7c1b-7c6e-b1de-4f5a7f0f7e11 --expires 2026-12-31`
    """
    if endless and expires is not None:
        raise typer.BadParameter("use either --expires or --endless", param_hint="--endless")
    with open_target(data_dir, "list change") as target:

        async def work(connection: Connection) -> ListEntry:
            found = await find_tenant(connection, tenant)
            before = await find_entry(connection, found.id, entry_id, for_update=True)
            return await change_entry(
                connection,
                found.id,
                entry_id,
                reason=before.reason if reason is None else reason,
                expires_at=None if endless else expires or before.expires_at,
                actor=target.actor,
            )

        entry = target.run(work)
    ends = entry.expires_at.isoformat() if entry.expires_at else "never"
    print_text(f"changed {entry.type} {entry.value} on the list {entry.list} of {tenant}: {entry.reason}, ends {ends}")


@app.command()
def remove(tenant: TenantArgument, entry_id: EntryArgument, data_dir: DataDirOption = DEFAULT_DATA_DIR) -> None:
    """Remove an entry. The next payment is decided without it.

    Example: `orylo list remove minha-loja 0190f3c2-7c1b-7c6e-b1de-4f5a7f0f7e11`
    """
    with open_target(data_dir, "list remove") as target:

        async def work(connection: Connection) -> ListEntry:
            found = await find_tenant(connection, tenant)
            return await remove_entry(connection, found.id, entry_id, actor=target.actor)

        entry = target.run(work)
    print_text(f"removed {entry.type} {entry.value} from the list {entry.list} of {tenant}")
