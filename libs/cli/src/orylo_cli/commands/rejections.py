"""`orylo rejections`: webhooks that ingest rejected."""

from dataclasses import asdict
from typing import Annotated

import typer

from orylo_cli.commands.gateway_secret import GatewayFilterOption, check_gateway
from orylo_cli.commands.options import DEFAULT_DATA_DIR, DataDirOption, JsonOption, TenantFilterArgument
from orylo_cli.console import print_rows
from orylo_cli.operations.rejections import list_rejections
from orylo_cli.target import open_target

MAX_ROWS = 1000


def rejections(
    tenant: TenantFilterArgument = None,
    gateway: GatewayFilterOption = None,
    code: Annotated[
        str | None, typer.Option(help="A reason, such as signature_mismatch. Default: all reasons.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=MAX_ROWS, help="The maximum number of rows.")] = 50,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """List rejected webhooks with the reason, newest first: one row per gateway, reason and minute.

    Example: `orylo rejections minha-loja --json`
    """
    check_gateway(gateway, "--gateway")
    with open_target(data_dir, "rejections") as target:
        rows = target.run(lambda connection: list_rejections(connection, tenant, gateway, code, limit))
    print_rows([asdict(row) for row in rows], as_json=as_json, empty="no rejected webhooks")
