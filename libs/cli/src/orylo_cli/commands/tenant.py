"""`orylo tenant`: the merchants whose data the platform holds."""

from typing import Annotated

import typer

from orylo_cli.commands.options import DEFAULT_DATA_DIR, DataDirOption, JsonOption
from orylo_cli.console import note, say, say_json, show
from orylo_cli.target import open_target
from orylo_common.control.admin import create_tenant

SELECT_TENANTS = """
    SELECT t.id, t.slug, t.name, t.created_at,
           ARRAY(SELECT gateway FROM control.gateways g WHERE g.tenant_id = t.id AND g.enabled ORDER BY 1) AS gateways,
           (SELECT count(*) FROM control.users u WHERE u.tenant_id = t.id) AS users
    FROM control.tenants t ORDER BY t.slug
"""

app = typer.Typer(no_args_is_help=True, help="The merchants whose data the platform holds.")


@app.command()
def create(
    slug: Annotated[str, typer.Argument(metavar="SLUG", help="Its name in addresses: a-z, 0-9 and hyphens.")],
    name: Annotated[str | None, typer.Option(help="Its name for people; the slug unless given.")] = None,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Make a tenant.

    Example: `orylo tenant create minha-loja --name "Minha Loja"`
    """
    with open_target(data_dir, "tenant create", creates=True) as target:
        tenant = target.run(lambda connection: create_tenant(connection, slug, name=name))
    if as_json:
        say_json({"id": tenant.id, "slug": tenant.slug, "name": tenant.name})
        return
    say(f"tenant {tenant.slug} ({tenant.id})")
    note(f"next: orylo gateway set {tenant.slug} stripe --secret whsec_…")


@app.command("list")
def list_tenants(as_json: JsonOption = False, data_dir: DataDirOption = DEFAULT_DATA_DIR) -> None:
    """List the tenants, each with the gateways it has switched on.

    Example: `orylo tenant list --json`
    """
    with open_target(data_dir, "tenant list") as target:
        rows = target.run(lambda connection: connection.fetch(SELECT_TENANTS))
    show([dict(row) for row in rows], as_json=as_json, empty="no tenant yet: orylo tenant create SLUG")
