"""`orylo rule snooze` and `unsnooze`."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from orylo_cli.commands.options import DEFAULT_DATA_DIR, DataDirOption, RuleArgument, TenantArgument
from orylo_cli.console import print_text
from orylo_cli.rule_texts import parse_length
from orylo_cli.target import open_target
from orylo_common.control.rule_snoozes import end_snooze, snooze_rule
from orylo_common.control.rules import StoredRule, find_rule
from orylo_common.control.tenants import find_tenant
from orylo_common.postgres.pool import Connection

CustomerArgument = Annotated[str, typer.Argument(metavar="CUSTOMER", help="The customer's id.")]


def snooze(
    tenant: TenantArgument,
    rule: RuleArgument,
    customer: CustomerArgument,
    reason: Annotated[str, typer.Option(help="Why, for the audit log.")],
    length: Annotated[str, typer.Option("--for", metavar="TIME", help="How long: `90m`, `12h`, `7d`.")] = "7d",
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Do not apply a rule to one customer for a while. Afterwards it applies again.

    Example: `orylo rule snooze minha-loja "No prepaid cards" cus_0196b7a0 --for 30d --reason "gift card, verified"`
    """
    until = datetime.now(UTC) + parse_length(length)
    with open_target(data_dir, "rule snooze") as target:

        async def work(connection: Connection) -> StoredRule:
            found = await find_tenant(connection, tenant)
            stored = await find_rule(connection, found.id, rule)
            await snooze_rule(
                connection, found.id, stored.rule.id, customer, until=until, reason=reason, actor=target.actor
            )
            return stored

        stored = target.run(work)
    print_text(f"snoozed rule {stored.rule.name} for {customer} until {until:%Y-%m-%d %H:%M:%SZ}")


def unsnooze(
    tenant: TenantArgument,
    rule: RuleArgument,
    customer: CustomerArgument,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Apply a rule to a customer again, before its snooze ends.

    Example: `orylo rule unsnooze minha-loja "No prepaid cards" cus_0196b7a0`
    """
    with open_target(data_dir, "rule unsnooze") as target:

        async def work(connection: Connection) -> StoredRule:
            found = await find_tenant(connection, tenant)
            stored = await find_rule(connection, found.id, rule)
            await end_snooze(connection, found.id, stored.rule.id, customer, actor=target.actor)
            return stored

        stored = target.run(work)
    print_text(f"rule {stored.rule.name} applies to {customer} again")
