"""`orylo tenant`: the merchants that use the platform."""

from dataclasses import asdict
from typing import Annotated

import typer

from orylo_cli.commands import tenant_state
from orylo_cli.commands.options import DEFAULT_DATA_DIR, DataDirOption, JsonOption
from orylo_cli.console import print_json, print_note, print_rows, print_text
from orylo_cli.target import open_target
from orylo_common.control.tenants import create_tenant, list_tenants

app = typer.Typer(no_args_is_help=True, help="The merchants that use the platform.")
for command in (tenant_state.suspend, tenant_state.resume, tenant_state.delete, tenant_state.restore):
    app.command()(command)


@app.command()
def create(
    slug: Annotated[
        str, typer.Argument(metavar="SLUG", help="The tenant's name in URLs: lower-case letters, digits, hyphens.")
    ],
    name: Annotated[str | None, typer.Option(help="The name shown to people. Default: the slug.")] = None,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Create a tenant.

    Example: `orylo tenant create minha-loja --name "Minha Loja"`
    """
    with open_target(data_dir, "tenant create", creates=True) as target:
        tenant = target.run(lambda connection: create_tenant(connection, slug, name=name, actor=target.actor))
    if as_json:
        print_json({"id": tenant.id, "slug": tenant.slug, "name": tenant.name})
        return
    print_text(f"created tenant {tenant.slug} ({tenant.id})")
    print_note(f"next: orylo gateway set {tenant.slug} stripe --secret-stdin")


@app.command("list")
def list_(as_json: JsonOption = False, data_dir: DataDirOption = DEFAULT_DATA_DIR) -> None:
    """List the tenants with their state and their enabled gateways.

    Example: `orylo tenant list --json`
    """
    with open_target(data_dir, "tenant list") as target:
        tenants = target.run(list_tenants)
    print_rows(
        [asdict(tenant) for tenant in tenants],
        as_json=as_json,
        empty="no tenants; create one: orylo tenant create SLUG",
    )
