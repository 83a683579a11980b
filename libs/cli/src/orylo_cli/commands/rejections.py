"""`orylo rejections`: webhooks that were turned away at the door."""

from typing import Annotated

import typer

from orylo_cli.commands.gateway_secret import check_gateway
from orylo_cli.commands.options import DEFAULT_DATA_DIR, DataDirOption, JsonOption
from orylo_cli.console import show
from orylo_cli.target import open_target
from orylo_common.control.admin import find_tenant
from orylo_common.postgres.pool import Connection

SELECT_REJECTIONS = """
    SELECT t.slug AS tenant, r.gateway, r.status, r.code, r.count, r.first_at, r.last_at, r.remote, r.size, r.reason
    FROM api.rejections_view r JOIN control.tenants t ON t.id = r.tenant_id
    WHERE ($1::uuid IS NULL OR r.tenant_id = $1) AND ($2::text IS NULL OR r.gateway = $2)
      AND ($3::text IS NULL OR r.code = $3)
    ORDER BY r.created_at DESC, r.id DESC LIMIT $4
"""
MAX_SHOWN = 1000


def rejections(
    tenant: Annotated[
        str | None, typer.Argument(metavar="[TENANT]", help="Only of this tenant, by slug or id; else of all.")
    ] = None,
    gateway: Annotated[str | None, typer.Option(help="Only of this gateway.")] = None,
    code: Annotated[str | None, typer.Option(help="Only for this reason, such as signature_mismatch.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=MAX_SHOWN, help="The newest so many.")] = 50,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """List webhooks that were turned away, and why: a line for each gateway, reason and minute, newest first.

    Example: `orylo rejections minha-loja --json`
    """
    check_gateway(gateway, "--gateway")

    async def work(connection: Connection) -> list[dict[str, object]]:
        tenant_id = (await find_tenant(connection, tenant)).id if tenant is not None else None
        rows = await connection.fetch(SELECT_REJECTIONS, tenant_id, gateway, code, limit)
        return [dict(row) for row in rows]

    with open_target(data_dir, "rejections") as target:
        rows = target.run(work)
    show(rows, as_json=as_json, empty="no webhook was turned away")
